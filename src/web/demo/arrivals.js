/** What the page received, newest first, and how long it took where this page sent it. */

import { fanfare } from './client.js';
import { $ } from '../common/dom.js';

const LISTED = 50; // arrivals on the page; older ones leave it
const SENT = 200; // remembered, to be matched

const sentAt = new Map(); // id → when this page sent it
const arrivedAt = new Map(); // id → { at, item }: it may arrive before the answer to its sending
let count = 0;

export function listArrivals() {
  fanfare.on('message', show);
}

/** Tells that this page sent it. */
export function sent(id, at) {
  remember(sentAt, id, at);
  tellTime(id);
}

function show({ id, channel, seq, data, notification, raw }) {
  const item = $('arrival').content.cloneNode(true).firstElementChild;
  const now = new Date();
  item.querySelector('h3').textContent = notification.title;
  item.querySelector('time').textContent = now.toLocaleTimeString();
  item.querySelector('time').dateTime = now.toISOString();
  item.querySelector('.arrival-body').textContent = notification.body ?? '';
  const extra = data ?? raw;
  if (extra !== undefined && extra !== notification.body) {
    const block = item.querySelector('.arrival-data');
    block.textContent = typeof extra === 'string' ? extra : JSON.stringify(extra, null, 2);
    block.hidden = false;
  }
  item.querySelector('.arrival-from').textContent = channel ? `${channel}, number ${seq}` : 'to this browser alone';
  $('arrivals').prepend(item);
  while ($('arrivals').children.length > LISTED) $('arrivals').lastElementChild.remove();
  if (id) remember(arrivedAt, id, { at: now.getTime(), item });
  tellTime(id);
  count += 1;
  $('count').textContent = `${count} since this page was opened`;
  $('empty').hidden = true;
  $('arrivals-frame').tabIndex = 0; // it may have to be scrolled, also by keys
  $('hint').hidden = false;
}

function tellTime(id) {
  const [from, to] = [sentAt.get(id), arrivedAt.get(id)];
  if (from === undefined || !to) return;
  const place = to.item.querySelector('.arrival-time');
  place.textContent = `${((to.at - from) / 1000).toFixed(2)} s after it was sent here`;
  place.hidden = false;
}

function remember(map, id, value) {
  map.set(id, value);
  if (map.size > SENT) map.delete(map.keys().next().value);
}
