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

/** Writes a text where it is another: what is the same is not read out again, and stays selected. */
export function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Puts these elements of a parent into this order. None is moved that need not be, and what has the focus keeps it. */
export function putInOrder(parent, elements) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let next = parent.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
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
