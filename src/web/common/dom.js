/** Small helpers for the document. Data becomes text, never markup. */

export const $ = (id) => document.getElementById(id);

/** An element with these properties (attributes where it has no such property) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Shows a text in its place, or takes the place away. */
export function tell(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

/** Makes a button busy while `work` goes on; another press meanwhile does nothing. */
export async function whileBusy(button, busyLabel, work) {
  if (button.getAttribute('aria-disabled')) return;
  const label = button.textContent;
  button.style.minWidth = `${button.offsetWidth}px`; // what stands beside it stays where it is
  button.setAttribute('aria-disabled', 'true');
  button.textContent = busyLabel;
  try {
    await work();
  } finally {
    button.textContent = label;
    button.style.minWidth = '';
    button.removeAttribute('aria-disabled');
  }
}

export function onPress(button, busyLabel, work) {
  button.addEventListener('click', () => whileBusy(button, busyLabel, work));
}

export const capitalized = (text) => text.replace(/^./, (first) => first.toUpperCase());
