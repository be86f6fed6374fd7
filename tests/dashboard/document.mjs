// A document small enough to be read: what the dashboard's parts need of elements, and no more. Importing it puts it in place.

const attributeOf = { ariaLabel: 'aria-label', ariaHidden: 'aria-hidden', className: 'class', id: 'id', href: 'href' };

class Element extends EventTarget {
  constructor(tag) {
    super();
    Object.assign(this, { tag, parentElement: null, childNodes: [], attributes: new Map(), hidden: false, value: '', title: '' });
    Object.assign(this, { tabIndex: -1, scrollTop: 0, scrollHeight: 0, clientHeight: 0, offsetWidth: 0 });
    this.style = { setProperty() {} };
    this.dataset = new Proxy({}, {
      get: (_, name) => this.getAttribute(dataName(name)) ?? undefined,
      set: (_, name, value) => (this.setAttribute(dataName(name), value), true),
    });
    this.classList = { add: (name) => (this.className = `${this.className} ${name}`.trim()) };
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent ?? child).join('');
  }

  set textContent(text) {
    this.replaceChildren(...(text === '' ? [] : [String(text)]));
  }

  get innerText() {
    return this.textContent;
  }

  get children() {
    return this.childNodes.filter((child) => child instanceof Element);
  }

  get options() {
    return this.children;
  }

  get childElementCount() {
    return this.children.length;
  }

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get lastElementChild() {
    return this.children.at(-1) ?? null;
  }

  get nextElementSibling() {
    const siblings = this.parentElement?.children ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get isConnected() {
    return this === document.body || Boolean(this.parentElement?.isConnected);
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  toggleAttribute(name, on) {
    if (on) this.setAttribute(name, '');
    else this.removeAttribute(name);
  }

  insertBefore(node, next) {
    if (node instanceof Element) {
      node.remove();
      node.parentElement = this;
    }
    const at = next ? this.childNodes.indexOf(next) : this.childNodes.length;
    this.childNodes.splice(at, 0, node);
  }

  append(...nodes) {
    for (const node of nodes) this.insertBefore(node, null);
  }

  prepend(...nodes) {
    for (const node of nodes.reverse()) this.insertBefore(node, this.childNodes[0]);
  }

  before(node) {
    this.parentElement.insertBefore(node, this);
  }

  replaceChildren(...nodes) {
    for (const child of this.children) child.remove();
    this.childNodes = [];
    this.append(...nodes);
  }

  /** As in a browser, what has the focus loses it when it goes. */
  remove() {
    if (this.contains(document.activeElement)) document.activeElement = document.body;
    const siblings = this.parentElement?.childNodes;
    siblings?.splice(siblings.indexOf(this), 1);
    this.parentElement = null;
  }

  contains(node) {
    for (let up = node; up; up = up.parentElement) if (up === this) return true;
    return false;
  }

  /** `tag`, `.class`, `#id`, `[name]`, `[name="value"]`, joined, and several after commas. */
  matches(selector) {
    return selector.split(',').some((one) => one.trim().match(/[.#]?[\w-]+|\[[^\]]+\]/g).every((part) => {
      if (part.startsWith('.')) return this.className.split(' ').includes(part.slice(1));
      if (part.startsWith('#')) return this.id === part.slice(1);
      if (!part.startsWith('[')) return this.tag === part;
      const [, name, value] = part.match(/^\[([\w-]+)(?:="?([^"\]]*)"?)?\]$/);
      return value === undefined ? this.hasAttribute(name) : this.getAttribute(name) === value;
    }));
  }

  querySelectorAll(selector) {
    return this.children.flatMap((child) => [...(child.matches(selector) ? [child] : []), ...child.querySelectorAll(selector)]);
  }

  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }

  closest(selector) {
    return this.matches(selector) ? this : this.parentElement?.closest(selector) ?? null;
  }

  focus() {
    if (this.isConnected) document.activeElement = this;
  }

  select() {}

  click() {
    this.dispatchEvent(new Event('click'));
  }

  showModal() {
    this.setAttribute('open', '');
  }

  close() {
    if (!this.hasAttribute('open')) return;
    this.removeAttribute('open');
    this.dispatchEvent(new Event('close'));
  }
}

for (const [property, attribute] of Object.entries(attributeOf)) {
  Object.defineProperty(Element.prototype, property, {
    get() {
      return this.getAttribute(attribute) ?? '';
    },
    set(value) {
      this.setAttribute(attribute, value);
    },
  });
}

const dataName = (name) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

class Document extends EventTarget {
  hidden = false;
  body = new Element('body');
  activeElement = this.body;
  createElement = (tag) => new Element(tag);
  getElementById = (id) => this.body.querySelector(`#${id}`);
  querySelector = (selector) => this.body.querySelector(selector);
  querySelectorAll = (selector) => this.body.querySelectorAll(selector);
}

export const page = new Document();
globalThis.document = page;

/** An element with that name stands in the page: parts look for theirs. */
export function place(tag, id) {
  const element = page.createElement(tag);
  element.id = id;
  page.body.append(element);
  return element;
}

place('p', 'announcer');

/** A tab's storage. */
const stored = new Map();
globalThis.sessionStorage = {
  getItem: (name) => stored.get(name) ?? null,
  setItem: (name, value) => stored.set(name, value),
  removeItem: (name) => stored.delete(name),
};

/** Until what was begun has gone on as far as it can without time. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
