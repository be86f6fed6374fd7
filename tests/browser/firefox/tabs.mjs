// Several tabs, repeats, and notifications that replace each other.

import assert from 'node:assert/strict';

import { titles } from '../app.mjs';

export const tests = {
  async 'every open tab is told, also one that was opened before the browser was subscribed'(house) {
    const app = await house.app();
    await app.open('/first');
    const tabs = await app.firefox.openTab(`${app.origin}/second`);
    await app.subscribe('news');
    await house.deliver('news', { notification: { title: 'to both' } });
    assert.deepEqual(titles(await app.hears(1)), ['to both']);
    await tabs.first();
    assert.deepEqual(titles(await app.hears(1)), ['to both']);
    await house.screen.notifies('to both');
  },

  async 'two tabs that subscribe at once make one subscription, and both know it'(house) {
    const app = await house.app();
    app.grants = ['news'];
    const onSignal = `
      window.wanted = 'news';
      const signal = new BroadcastChannel('signal');
      window.signalled = new Promise((resolve) => { signal.onmessage = resolve; })
        .then(() => document.querySelector('#subscribe').click());`;
    await app.open('/first');
    await app.firefox.evaluate(onSignal);
    const tabs = await app.firefox.openTab(`${app.origin}/second`);
    await app.firefox.evaluate(onSignal);
    await app.firefox.evaluate(`new BroadcastChannel('signal').postMessage('now');`);
    const states = [];
    for (const tab of [tabs.first, tabs.second]) {
      await tab();
      states.push(await app.firefox.evaluate('await window.signalled; return window.outcome;'));
    }
    assert.deepEqual(states.map(({ subscribed }) => subscribed), [true, true]);
    assert.equal(states[0].id, states[1].id);
    assert.equal(house.heard.registered.length, 1);
    assert.equal((await house.subscriptions('news')).length, 1);
  },

  async 'a tab that did not do it hears that the browser was subscribed, and unsubscribed'(house) {
    const app = await house.app();
    await app.open('/first');
    const tabs = await app.firefox.openTab(`${app.origin}/second`);
    const changed = `window.changed = new Promise((resolve) => window.push.on('change', resolve));`;
    for (const [act, subscribed] of [[() => app.subscribe('news'), true], [() => app.unsubscribe(), false]]) {
      await tabs.first();
      await app.firefox.evaluate(changed);
      await tabs.second();
      await act();
      await tabs.first();
      await app.firefox.evaluate('await window.changed;');
      assert.equal((await app.state()).subscribed, subscribed);
    }
  },

  async 'a repeat is told once, and shown once'(house) {
    const app = await house.appIn('news');
    await house.deliver('news', { notification: { title: 'once' } });
    await app.hearsOf('once');
    house.service.repeat(1);
    await house.deliver('news', { notification: { title: 'after it' } });
    assert.deepEqual(titles(await app.hears(2)), ['once', 'after it']);
    await house.screen.notifies('once', 'after it');
    assert.equal(house.heard.acknowledged.length, 3);
  },

  async 'a repeat does not hide what is newer under its tag'(house) {
    const app = await house.appIn('news');
    await house.deliver('news', { notification: { title: '1:0', tag: 'score' } });
    await house.deliver('news', { notification: { title: '2:0', tag: 'score' } });
    await app.hears(2);
    house.service.repeat(2);
    await house.deliver('news', { notification: { title: 'after it' } });
    assert.deepEqual(titles(await app.hears(3)), ['1:0', '2:0', 'after it']);
    const shown = await app.notifications();
    assert.deepEqual(shown.map(({ title }) => title).sort(), ['2:0', 'after it']);
  },
};
