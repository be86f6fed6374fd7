/**
 * Everything that can be sent, as a table: the form, the command and the places of problems follow it.
 * `at` is where a value goes in the request's body, as the server's problems point to it (RFC 6901).
 */

/** Values and what people read. */
const DIRECTIONS = { '': 'by default', auto: 'as the text is', ltr: 'left to right', rtl: 'right to left' };
const URGENCIES = { '': 'by default (normal)', 'very-low': 'very low', low: 'low', normal: 'normal', high: 'high' };

const notification = (name, label, more) => ({ at: `#/notification/${name}`, label, ...more });

/** What can be sent, of which one is chosen; its name is in the page's ids. */
export const KINDS = {
  notification: [
    notification('title', 'Title', { value: 'Tea is ready' }),
    notification('body', 'Text', { kind: 'lines', value: 'Two cups, by the window.' }),
  ],
  raw: [{ at: '#/raw', label: 'Raw text', kind: 'lines', hint: 'This very text is the payload, for your own worker.' }],
  bytes: [{ at: '#/raw_base64', label: 'Bytes in base64', hint: 'They are the payload. aGVsbG8= is “hello”.' }],
};

/** Opened by whoever wants them. Those of `payload` go with a notification alone. */
export const GROUPS = [
  {
    title: 'Links and pictures', payload: true,
    fields: [
      notification('navigate', 'A click opens', { kind: 'url', hint: 'https://… The app’s home by default.' }),
      notification('icon', 'Icon', { kind: 'url', hint: 'https://…' }),
      notification('image', 'Image', { kind: 'url', hint: 'https://… Large, below the text.' }),
      notification('badge', 'Badge', { kind: 'url', hint: 'https://… Small, one colour, for Android’s status bar.' }),
    ],
  },
  {
    title: 'How it behaves', payload: true,
    fields: [
      notification('tag', 'Tag', { hint: 'Replaces what is shown under the same tag.' }),
      notification('vibrate', 'Vibrate', { kind: 'integers', hint: 'Milliseconds on and off: 200, 100, 200' }),
      notification('timestamp', 'Its time', { kind: 'millis', hint: 'Shown beside it. Now, by default.' }),
      notification('lang', 'Language', { hint: 'Such as en or de-AT.' }),
      notification('dir', 'Direction', { kind: 'choice', options: DIRECTIONS }),
      notification('renotify', 'Alert again for the same tag', { kind: 'flag' }),
      notification('silent', 'No sound, no vibration', { kind: 'flag' }),
      notification('requireInteraction', 'Stays until somebody acts', { kind: 'flag' }),
    ],
  },
  { title: 'Buttons', payload: true, fields: [], actions: true },
  {
    title: 'Data and badge', payload: true,
    fields: [
      { at: '#/data', label: 'Data', kind: 'json', hint: 'A JSON object for the page and the worker: {"kettle": 1}' },
      { at: '#/app_badge', label: 'Number on the app’s icon', kind: 'integer' },
      { at: '#/mutable', label: 'Wake the worker in Safari too', kind: 'flag', standard: true,
        hint: 'Without it Safari shows it by itself, and nothing is listed here.' },
    ],
  },
  {
    title: 'Delivery', payload: false,
    fields: [
      { at: '#/ttl', label: 'Worth delivering for', kind: 'integer',
        hint: 'Seconds, to 2419200 (28 days). A day by default; 0 is now or never.' },
      { at: '#/urgency', label: 'Urgency', kind: 'choice', options: URGENCIES,
        hint: 'How soon it should wake a device.' },
      { at: '#/topic', label: 'Topic', hint: 'A newer one of the same topic replaces what still waits.' },
      { at: '#/send_at', label: 'Send at', kind: 'time', hint: 'At most 28 days ahead. Until then you can cancel it.' },
      { at: 'idempotency-key', label: 'Idempotency-Key', hint: 'The same call under the same key is sent once.' },
      { at: '#/exclude', label: 'Not to this browser', kind: 'exclude' },
    ],
  },
];

export const ACTION = [
  { name: 'action', label: 'Name', kind: 'needed', hint: 'For the worker.' },
  { name: 'title', label: 'Label', kind: 'needed', hint: 'What people read.' },
  { name: 'navigate', label: 'Opens', kind: 'url', hint: 'https://… Where the notification leads, by default.' },
  { name: 'icon', label: 'Icon', kind: 'url', hint: 'https://…' },
];
