// What a page hears: messages and changes of its own scope, and a listener that throws stops nobody else.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { Event } from './fakes/events.mjs';

function opened() {
  const browser = new Browser();
  const page = browser.openPage();
  const tell = (data) => page.container.dispatchEvent(new Event('message', { data }));
  return { browser, page, client: page.init(), tell };
}

const SCOPE = 'https://app.example/';

test('a listener that throws does not stop the others, and its error is reported', () => {
  const { browser, client, tell } = opened();
  const heard = [];
  const mine = new Error('mine');
  client.on('message', () => { throw mine; });
  client.on('message', ({ id }) => heard.push(id));
  tell({ fanfare: { id: 'ntf_1' }, scope: SCOPE });
  assert.deepEqual(heard, ['ntf_1']);
  assert.deepEqual(browser.reported, [mine]);
});

test('a change whose listener throws does not make the call fail', async () => {
  const { client } = opened();
  client.on('change', () => { throw new Error('mine'); });
  assert.equal((await client.subscribe('news')).subscribed, true);
});

test('who stops listening hears no more, and only he', () => {
  const { client, tell } = opened();
  const heard = [];
  const stop = client.on('message', () => heard.push('first'));
  client.on('message', () => heard.push('second'));
  stop();
  stop();
  tell({ fanfare: {}, scope: SCOPE });
  assert.deepEqual(heard, ['second']);
});

test('messages of the app’s own, of other workers and of other scopes are not ours', () => {
  const { browser, client, tell } = opened();
  const heard = [];
  client.on('message', () => heard.push('message'));
  const others = [null, undefined, 'text', 5, {}, { fanfare: {} }, { fanfare: {}, scope: `${SCOPE}other/` }];
  others.forEach(tell);
  assert.deepEqual(heard, []);
  assert.deepEqual(browser.reported, []);
});

test('whatever else is said on the channel between tabs is passed over', async () => {
  const { browser, client } = opened();
  const heard = [];
  client.on('change', () => heard.push('change'));
  const others = new browser.BroadcastChannel('fanfare');
  for (const data of [null, 'text', {}, { scope: `${SCOPE}other/` }]) others.postMessage(data);
  others.postMessage({ scope: SCOPE });
  await new Promise((resolve) => { setImmediate(() => setImmediate(resolve)); });
  assert.deepEqual(heard, ['change']);
});
