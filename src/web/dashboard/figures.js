/** Figures as people read them: one unit each, short, and a dash where there is none. Times are the reader's own. */

import { make } from '../common/dom.js';

const NONE = '–';
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const HUNDREDTHS = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

const orNone = (show) => (value) => (value === null || value === undefined || Number.isNaN(value) ? NONE : show(value));

/** 12,345 */
export const number = orNone((value) => WHOLE.format(value));

/** 0, 0.4, 12.5, 1,234: tenths only where they say something. */
export const rate = orNone((value) => {
  if (value === 0) return '0';
  if (value < 0.05) return '< 0.1';
  return (value < 100 ? TENTHS : WHOLE).format(value);
});

/** 0.123 → 12 %. */
export const share = orNone((value) => {
  if (value > 0 && value < 0.005) return '< 1 %';
  return `${WHOLE.format(value * 100)} %`;
});

/** 640 µs, 12 ms, 1.5 s, 4 min 12 s, 3 h 05 min, 2 d 4 h. */
export const duration = orNone((seconds) => {
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return `${WHOLE.format(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${WHOLE.format(seconds * 1e3)} ms`;
  if (seconds < 9.95) return `${TENTHS.format(seconds)} s`;
  return long(Math.round(seconds));
});

/** A bound, as it was set: 2.5 ms, 10 ms, 1 s. */
export const exact = orNone((seconds) => {
  if (seconds < 0.001) return `${HUNDREDTHS.format(seconds * 1e6)} µs`;
  return seconds < 1 ? `${HUNDREDTHS.format(seconds * 1e3)} ms` : `${HUNDREDTHS.format(seconds)} s`;
});

/** Of whole seconds, as of ages: 45 s, 4 min 12 s. */
export const age = orNone((seconds) => long(Math.floor(seconds)));

function long(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (hours === 0) return `${minutes} min ${pad(seconds % 60)} s`;
  if (days === 0) return `${hours} h ${pad(minutes % 60)} min`;
  return `${WHOLE.format(days)} d ${hours % 24} h`;
}

const pad = (value) => String(value).padStart(2, '0');

/** 512 B, 1.5 KiB, 230 MiB. */
export const bytes = orNone((value) => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  const scaled = value / 1024 ** step;
  return `${(step && scaled < 100 ? TENTHS : WHOLE).format(scaled)} ${units[step]}`;
});

/** A duration's ISO text as the reader's clock: 14:03:11, with the day where it is another. */
export const clock = orNone((text) => {
  const at = new Date(text);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':');
  return at.toDateString() === new Date().toDateString() ? time : `${DAY.format(at)} ${time}`;
});

/** The same with milliseconds: 14:03:11.204 */
export const fineClock = orNone((text) => `${clock(text)}.${String(new Date(text).getMilliseconds()).padStart(3, '0')}`);

/** All of it, for a title. */
export const moment = orNone((text) => DATE.format(new Date(text)));

/** A `<time>` that says all of it when asked. */
export const timeOf = (text, show = clock) =>
  (text ? make('time', { dateTime: text, title: moment(text) }, show(text)) : make('span', {}, NONE));
