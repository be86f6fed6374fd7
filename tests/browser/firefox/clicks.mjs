// A click leads where the notification says, in a window that is open already if there is one.

import assert from 'node:assert/strict';

/** The app's page is open as one tab, controlled by the worker, with another site's in front of it. */
async function behindAnotherTab(house, path) {
  const app = await house.app();
  await app.open(path);
  await app.subscribe('news');
  await app.open(path); // the worker has it now, and may navigate it
  await app.firefox.command('WebDriver:NewWindow', { type: 'tab', focus: true });
  await house.screen.shows('about:blank *', app.origin + path);
  return app;
}

const actions = (app) => [
  { action: 'reply', title: 'Reply', navigate: `${app.origin}/reply` },
  { action: 'mute', title: 'Mute', navigate: `${app.origin}/settings` },
];

export const tests = {
  async 'the window that is open at that URL comes to the front'(house) {
    const app = await behindAnotherTab(house, '/inbox');
    await house.deliver('news', { notification: { title: 'A letter', navigate: `${app.origin}/inbox` } });
    await app.hearsOf('A letter');
    await app.firefox.evaluate(`window.before = true;`);
    await house.screen.click('A letter');
    await house.screen.shows('about:blank', `${app.origin}/inbox *`);
    assert.equal(await app.firefox.evaluate('return window.before;'), true, 'it was loaded again');
    await house.screen.notifies();
  },

  async 'a window at another URL of the app goes there'(house) {
    const app = await behindAnotherTab(house, '/inbox');
    await house.deliver('news', { notification: { title: 'An offer', navigate: `${app.origin}/shop` } });
    await house.screen.click('An offer');
    await house.screen.shows('about:blank', `${app.origin}/shop *`);
  },

  async 'of several windows the one at that URL is taken'(house) {
    const app = await behindAnotherTab(house, '/inbox');
    await app.firefox.openTab(`${app.origin}/shop`);
    await house.deliver('news', { notification: { title: 'A letter', navigate: `${app.origin}/inbox` } });
    await house.screen.click('A letter');
    await house.screen.shows('about:blank', `${app.origin}/inbox *`, `${app.origin}/shop`);
  },

  async 'with no window of the app a new one opens'(house) {
    const app = await house.app();
    await app.open();
    await app.subscribe('news');
    await app.firefox.open('about:blank');
    await house.deliver('news', { notification: { title: 'A letter', navigate: `${app.origin}/inbox` } });
    await house.screen.click('A letter');
    await house.screen.shows('about:blank', `${app.origin}/inbox *`);
  },

  async 'a notification that leads to another site opens a window, and leaves the app’s alone'(house) {
    const app = await behindAnotherTab(house, '/inbox');
    await house.deliver('news', { notification: { title: 'Elsewhere', navigate: `${house.daemon.origin}/docs` } });
    await house.screen.click('Elsewhere');
    await house.screen.shows('about:blank', `${app.origin}/inbox`, `${house.daemon.origin}/docs *`);
  },

  async 'a push that is no notification leads to the app'(house) {
    const app = await behindAnotherTab(house, '/inbox');
    await house.deliver('news', { raw: 'plain words' });
    await house.screen.click('127.0.0.1');
    await house.screen.shows('about:blank', `${app.origin}/ *`);
  },

  async 'a button leads where it says, like a click'(house) {
    const app = await behindAnotherTab(house, '/inbox');
    await house.deliver('news', {
      notification: { title: 'A letter', navigate: `${app.origin}/inbox`, actions: actions(app) },
    });
    await house.screen.pressAction('A letter', 'mute');
    await house.screen.shows('about:blank', `${app.origin}/settings *`);
    await house.screen.notifies();

    await house.deliver('news', {
      notification: { title: 'Another', navigate: `${app.origin}/inbox`, actions: actions(app) },
    });
    await house.screen.pressAction('Another', 'reply');
    await house.screen.shows('about:blank', `${app.origin}/reply *`);
  },
};
