/** What is kept until the tab is closed. Browsers that store nothing for this site throw: then it is for this page alone. */

const PREFIX = 'fanfare-dashboard-';

export const read = (name) => safely((storage) => storage.getItem(PREFIX + name));
export const keep = (name, value) => safely((storage) => storage.setItem(PREFIX + name, value));
export const drop = (name) => safely((storage) => storage.removeItem(PREFIX + name));

function safely(act) {
  try {
    return act(sessionStorage) ?? null;
  } catch {
    return null;
  }
}
