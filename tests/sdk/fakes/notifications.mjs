/** `showNotification` and `getNotifications`, with the refusals of the Notifications API and of WebIDL. */

const ATTRIBUTES = {
  actions: [], badge: '', body: '', data: null, dir: 'auto', icon: '', image: '', lang: '', renotify: false,
  requireInteraction: false, silent: null, tag: '', timestamp: 0, vibrate: [],
};
const TEXTS = ['badge', 'body', 'icon', 'image', 'lang', 'tag'];

const refuse = (message) => { throw new TypeError(message); };

export class Notifications {
  shown = [];
  /** Every call, also what was refused. */
  calls = [];
  /** Refuses so many calls, whatever they say. */
  refusals = 0;
  isListable = true;
  /** How often somebody asked what is on screen. */
  lists = 0;
  /** So many calls are never answered. */
  hangs = 0;

  /** `navigates`: whether this browser knows the option, as Safari does. */
  constructor({ browser, navigates = false }) {
    Object.assign(this, { browser, navigates });
  }

  show = async (title, options = {}) => {
    this.calls.push({ title, options: structuredClone(options) });
    if (this.hangs > 0) {
      this.hangs -= 1;
      await new Promise(() => {});
    }
    if (this.browser.permission !== 'granted') refuse('permission is not granted');
    if (this.refusals > 0) {
      this.refusals -= 1;
      refuse('refused');
    }
    const notification = { title: String(title), ...this.#read(options) };
    const replaced = this.shown.findIndex(({ tag }) => tag && tag === notification.tag);
    if (replaced >= 0) this.shown.splice(replaced, 1);
    this.shown.push(notification);
  };

  #read(options) {
    const read = structuredClone({ ...ATTRIBUTES, ...options });
    for (const name of Object.keys(read)) {
      const isKnown = name in ATTRIBUTES || (name === 'navigate' && this.navigates);
      if (!isKnown) delete read[name]; // as WebIDL passes over what a dictionary does not name
    }
    for (const name of TEXTS) read[name] = String(read[name]);
    if (!['auto', 'ltr', 'rtl'].includes(read.dir)) refuse(`${read.dir} is no NotificationDirection`);
    if (!Array.isArray(read.actions)) refuse('actions is no sequence');
    for (const action of read.actions) {
      if (action === null || typeof action !== 'object') refuse('an action is no dictionary');
      if (action.action === undefined || action.title === undefined) refuse('an action lacks a required member');
    }
    if (!Array.isArray(read.vibrate) && typeof read.vibrate !== 'number') refuse('vibrate is no pattern');
    if (read.silent && [].concat(options.vibrate ?? []).length > 0) refuse('silent, and vibrates');
    if (read.renotify && !read.tag) refuse('renotify without a tag');
    if ('navigate' in read) read.navigate = new URL(read.navigate, this.browser.origin).href;
    return read;
  }

  list = async ({ tag = '' } = {}) => {
    this.lists += 1;
    if (!this.isListable) throw new DOMException('not now', 'InvalidStateError');
    return this.shown.filter((one) => !tag || one.tag === tag).map((one) => this.handle(one));
  };

  /** What a page or a worker holds: copies, and the way to close it. */
  handle(one) {
    return { ...structuredClone(one), close: () => { this.shown = this.shown.filter((other) => other !== one); } };
  }

  get latest() {
    return this.shown.at(-1);
  }
}
