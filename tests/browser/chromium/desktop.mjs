// The desktop that Chromium shows notifications on: a session bus of the test's own, with a notification server
// (org.freedesktop.Notifications) that can press what is shown. Chromium takes such a click for a real one.

import { join } from 'node:path';
import dbus from 'dbus-next';

import { until } from '../limits.mjs';
import { Process } from '../processes.mjs';

const NAME = 'org.freedesktop.Notifications';

class Server extends dbus.interface.Interface {
  news = []; // what was shown and nobody has asked for yet: { id, title, body, actions: [[key, label], …] }
  #last = 0;

  GetCapabilities() {
    return ['actions', 'body', 'persistence'];
  }

  GetServerInformation() {
    return ['Desktop of the tests', 'Fanfare', '1', '1.2'];
  }

  Notify(_app, replaced, _icon, title, body, keysAndLabels) {
    const id = replaced || ++this.#last;
    const actions = keysAndLabels.flatMap((key, at) => (at % 2 ? [] : [[key, keysAndLabels[at + 1]]]));
    this.news.push({ id, title, body, actions });
    return id;
  }

  CloseNotification() {}

  ActionInvoked(id, key) {
    return [id, key];
  }

  NotificationClosed(id, reason) {
    return [id, reason];
  }
}

Server.configureMembers({
  methods: {
    GetCapabilities: { inSignature: '', outSignature: 'as' },
    GetServerInformation: { inSignature: '', outSignature: 'ssss' },
    Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
    CloseNotification: { inSignature: 'u', outSignature: '' },
  },
  signals: { ActionInvoked: { signature: 'us' }, NotificationClosed: { signature: 'uu' } },
});

export class Desktop {
  static async start(directory) {
    const desktop = new Desktop();
    desktop.address = `unix:path=${join(directory, 'bus')}`;
    const args = ['--session', '--nofork', '--nopidfile', '--print-address', `--address=${desktop.address}`];
    desktop.process = new Process('dbus-daemon', args, { PATH: process.env.PATH });
    const isUp = () => desktop.process.lines.some((line) => line.startsWith('unix:'));
    await desktop.process.whileAlive(until(10, 'the session bus', isUp));
    desktop.bus = dbus.sessionBus({ busAddress: desktop.address });
    desktop.server = new Server(NAME);
    desktop.bus.export('/org/freedesktop/Notifications', desktop.server);
    await desktop.bus.requestName(NAME, 0);
    return desktop;
  }

  /**
   * Waits until something with this text comes on screen. Wait for that before asking Chromium what it shows: it forgets
   * a notification for good that somebody asks for while it is on its way to the desktop.
   */
  async shows(body) {
    const { news } = this.server;
    const isIt = (one) => one.body.split('\n').includes(body);
    const at = await until(20, `“${body}” on the desktop`, () => news.findIndex(isIt) + 1);
    return news.splice(at - 1, 1)[0];
  }

  /** Presses the notification, or the button of that label on it. */
  press({ id, actions }, label) {
    const [key] = label ? actions.find(([, text]) => text === label) : ['default'];
    this.server.ActionInvoked(id, key);
  }

  stop() {
    this.bus?.disconnect();
  }
}
