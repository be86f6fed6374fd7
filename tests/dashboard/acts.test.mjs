// Sending again what failed: to all of them, and to nobody twice, whatever the operator and the network do meanwhile.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { page, settled } from './document.mjs';

const { closeDialogs } = await import('../../src/web/dashboard/dialog.js');
const { createActs } = await import('../../src/web/dashboard/notification/acts.js');

let count = 0;

/** A notification's acts, under a daemon that answers these one after the other: `{ status, ... }`; 0 is no answer. */
function createScene(...answers) {
  const scene = { asked: [], announced: [], led: [], answers, path: `/v1/notifications/ntf_${++count}` };
  const context = {
    overview: { scopes: ['notify'] },
    announce: (text) => scene.announced.push(text),
    navigate: (hash) => scene.led.push(hash),
    call: async (method, path, json, headers) => {
      scene.asked.push({ path: path.slice(scene.path.length), key: headers['Idempotency-Key'] });
      const { status, slug, ...body } = await scene.answers.shift();
      return { ok: status === 202, status, slug, body };
    },
  };
  scene.open = () => {
    const acts = createActs(context, scene.path, { onChange() {} });
    page.body.append(acts.element);
    acts.show({ state: 'done', outcomes: { expired: 25_000, rejected: 0, too_large: 0 } });
    acts.element.querySelector('#resend').click();
  };
  scene.confirm = async () => {
    page.querySelector('#confirm').click();
    for (let turns = 0; turns < 20; turns += 1) await settled();
  };
  return scene;
}

const sent = (recipients, next = null) => ({ status: 202, id: `ntf_of_${recipients}`, channel: 'news', recipients, next });
const dialog = () => page.querySelector('dialog');

beforeEach(closeDialogs);

test('those of all parts get it, each part under a key of its own', async () => {
  const scene = createScene(sent(10_000, 77), sent(9000, 99), sent(5000));
  scene.open();
  await scene.confirm();
  assert.deepEqual(scene.asked.map(({ path }) => path), ['/resend', '/resend?cursor=77', '/resend?cursor=99']);
  assert.equal(new Set(scene.asked.map(({ key }) => key)).size, 3);
  assert.deepEqual(scene.announced, ['Sent again to 24,000.']);
  assert.deepEqual(scene.led, ['#/notifications?channel=news']);
  assert.equal(dialog(), null);
});

test('one part leads to the notification that it is', async () => {
  const scene = createScene(sent(24));
  scene.open();
  await scene.confirm();
  assert.deepEqual(scene.led, ['#/notifications/ntf_of_24']);
});

test('a last part of which all have left is no failure', async () => {
  const scene = createScene(sent(10_000, 77), { status: 409, slug: 'nothing-to-resend' });
  scene.open();
  await scene.confirm();
  assert.deepEqual(scene.announced, ['Sent again to 10,000.']);
});

test('where no answer came it is the same call again, also from another dialog', async () => {
  const scene = createScene({ status: 0 }, sent(24));
  scene.open();
  await scene.confirm();
  assert.match(dialog().textContent, /does not answer/);
  closeDialogs();
  scene.open();
  await scene.confirm();
  assert.equal(scene.asked[0].key, scene.asked[1].key);
  assert.deepEqual(scene.announced, ['Sent again to 24.']);
});

test('a part that failed is gone on with, and what was sent is not sent again', async () => {
  const scene = createScene(sent(10_000, 77), { status: 503, detail: 'the store is busy' }, sent(5000));
  scene.open();
  await scene.confirm();
  assert.match(dialog().textContent, /Sent again to 10,000 so far\./);
  assert.match(dialog().textContent, /The store is busy/);
  closeDialogs();
  scene.open();
  assert.match(dialog().textContent, /10,000 were sent to already/);
  await scene.confirm();
  assert.deepEqual(scene.asked.map(({ path }) => path), ['/resend', '/resend?cursor=77', '/resend?cursor=77']);
  assert.equal(scene.asked[1].key, scene.asked[2].key);
  assert.deepEqual(scene.announced, ['Sent again to 15,000.']);
});

test('what was sent may be sent again: that is another notification', async () => {
  const scene = createScene(sent(24), sent(24));
  for (let times = 0; times < 2; times += 1) {
    scene.open();
    await scene.confirm();
  }
  assert.notEqual(scene.asked[0].key, scene.asked[1].key);
});

test('while it is under way the dialog stays, and tells how it ended', async () => {
  let answer;
  const scene = createScene(new Promise((resolve) => (answer = resolve)));
  scene.open();
  await scene.confirm();
  const escape = Object.assign(new Event('keydown', { cancelable: true }), { key: 'Escape' });
  const cancel = new Event('cancel', { cancelable: true });
  for (const event of [escape, cancel]) dialog().dispatchEvent(event);
  dialog().querySelector('.dialog-buttons').firstElementChild.click();
  assert.deepEqual([escape.defaultPrevented, cancel.defaultPrevented, dialog().hasAttribute('open')], [true, true, true]);
  answer(sent(24));
  await settled();
  await settled();
  assert.equal(dialog(), null);
  assert.deepEqual(scene.announced, ['Sent again to 24.']);
});

test('a dialog goes with its page, and leads nowhere any more', async () => {
  let answer;
  const scene = createScene(new Promise((resolve) => (answer = resolve)));
  scene.open();
  await scene.confirm();
  closeDialogs();
  assert.equal(dialog(), null);
  answer(sent(24));
  await settled();
  await settled();
  assert.deepEqual(scene.led, []);
});
