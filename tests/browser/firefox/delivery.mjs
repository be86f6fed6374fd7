// What is sent arrives: exactly, in order, of any size, and of every kind.

import assert from 'node:assert/strict';

const LARGEST = 3967; // bytes of a payload: what every push service takes, encrypted (RFC 8030 section 7.2)

/** So many bytes of text, most of it of two bytes a character, as a cut in the middle of one would show. */
const textOf = (bytes) => 'ü'.repeat(Math.floor(bytes / 2)) + 'x'.repeat(bytes % 2);

async function subscribed(house) {
  const app = await house.app();
  await app.open();
  await app.subscribe('news');
  return app;
}

export const tests = {
  async 'title, body and data arrive exactly, in the page and on screen'(house) {
    const app = await subscribed(house);
    const body = 'Zwölf Hörner – „bis Freitag“ ✓';
    const notification = { title: 'Blechbläser gesucht', body, data: { kind: 'news' } };
    const data = { article: 4711, tags: ['brass', 'horn'] };
    const sent = await house.deliver('news', { notification, data });

    const [message] = await app.hears(1);
    assert.equal(message.notification.title, notification.title);
    assert.equal(message.notification.body, notification.body);
    assert.deepEqual(message.data, data);
    assert.deepEqual([message.id, message.channel, message.seq], [sent.id, 'news', sent.seq]);
    const [shown] = await app.notifications();
    assert.deepEqual([shown.title, shown.body], [notification.title, notification.body]);
    assert.equal(shown.data.kind, 'news');
    assert.deepEqual(shown.data.data, data);
    await house.screen.notifies(notification.title);
  },

  async 'text sent as curl sends it arrives'(house) {
    const app = await subscribed(house);
    const sent = await house.publishText('news', 'Tea is ready & 5 % more');
    assert.equal(sent.recipients, 1);
    const [message] = await app.hears(1);
    assert.equal(message.notification.body, 'Tea is ready & 5 % more');
    assert.deepEqual(await house.outcomes(sent), { accepted: 1 });
  },

  async 'twenty arrive in order'(house) {
    const app = await subscribed(house);
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    // An hour apart, so that the push service can tell them from each other, which cannot read them.
    const ttl = (number) => 3600 * number;
    for (const number of numbers) {
      await house.publish('news', { notification: { title: `number ${number}` }, ttl: ttl(number) });
    }
    const messages = await app.hears(numbers.length);
    assert.deepEqual(messages.map(({ seq }) => seq), numbers);
    const titles = numbers.map((number) => `number ${number}`);
    assert.deepEqual(messages.map(({ notification }) => notification.title), titles);
    assert.deepEqual(house.heard.accepted.map((request) => Math.ceil(request.ttl / 3600)), numbers);
  },

  async 'the largest payload arrives byte for byte'(house) {
    const app = await subscribed(house);
    const text = textOf(LARGEST);
    assert.equal(Buffer.byteLength(text), LARGEST);
    await house.deliver('news', { raw: text });
    const [message] = await app.hears(1);
    assert.equal(message.raw, text);
    const [shown] = await app.notifications();
    assert.equal(shown.body, text);
  },

  async 'one byte more is refused, and reaches nobody'(house) {
    await subscribed(house);
    await assert.rejects(house.publish('news', { raw: textOf(LARGEST + 1) }), /413 .*3967/);
    assert.deepEqual(house.heard.accepted, []);
  },

  async 'a push without a payload is shown, and told to the page'(house) {
    const app = await subscribed(house);
    await house.deliver('news', {});
    assert.deepEqual(house.heard.accepted.map(({ bytes }) => bytes), [0]);
    const [message] = await app.hears(1);
    assert.equal(message.raw, '');
    const [shown] = await app.notifications();
    assert.deepEqual([shown.title, shown.body], ['127.0.0.1', 'New message']);
  },

  async 'a text that is no notification is shown all the same'(house) {
    const app = await subscribed(house);
    await house.deliver('news', { raw: 'plain words' });
    const [message] = await app.hears(1);
    assert.equal(message.raw, 'plain words');
    const [shown] = await app.notifications();
    assert.equal(shown.body, 'plain words');
  },

  async 'data alone is told to the page, and shown under the app’s title'(house) {
    const app = await subscribed(house);
    await house.call('PATCH', '/v1/apps/default', { title: 'The Gazette' });
    await house.deliver('news', { data: { changed: 'articles' } });
    const [message] = await app.hears(1);
    assert.deepEqual(message.data, { changed: 'articles' });
    const [shown] = await app.notifications();
    assert.equal(shown.title, 'The Gazette');
  },
};
