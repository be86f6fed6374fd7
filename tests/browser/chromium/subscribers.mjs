// Browsers that are none: endpoints of the test's push service, registered through the daemon's API.

import { createECDH, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import WebSocket from 'ws';

import { within } from '../limits.mjs';

export class Subscribers {
  static async connect(service, daemon) {
    const subscribers = new Subscribers();
    Object.assign(subscribers, { daemon, received: [] });
    subscribers.socket = new WebSocket(service.socketUrl, 'push-notification');
    await within(10, 'the push service to open', once(subscribers.socket, 'open'));
    await subscribers.#ask({ messageType: 'hello', use_webpush: true });
    subscribers.socket.on('message', (text) => {
      const message = JSON.parse(text);
      if (message.messageType !== 'notification') return;
      subscribers.received.push(message);
      const { channelID, version } = message;
      subscribers.socket.send(JSON.stringify({ messageType: 'ack', updates: [{ channelID, version }] }));
    });
    return subscribers;
  }

  /** A new endpoint; one with a `key` that is not the app's refuses what the app sends. */
  async endpoint(key) {
    key ??= (await this.daemon.call('GET', '/v1/push-key')).key;
    const channelID = randomUUID();
    const { pushEndpoint } = await this.#ask({ messageType: 'register', channelID, key });
    return { endpoint: pushEndpoint, channelID };
  }

  /** What a browser says of a subscription to that endpoint. */
  static subscriptionTo(endpoint) {
    const p256dh = createECDH('prime256v1').generateKeys().toString('base64url');
    return { endpoint, keys: { p256dh, auth: randomBytes(16).toString('base64url') } };
  }

  /** A browser in the channel; its `sub_…`. */
  async join(channel, key) {
    const { endpoint, channelID } = await this.endpoint(key);
    return { ...await this.register(channel, endpoint), channelID };
  }

  register(channel, endpoint) {
    const path = `/v1/channels/${encodeURIComponent(channel)}/subscriptions`;
    return this.daemon.call('POST', path, Subscribers.subscriptionTo(endpoint));
  }

  /** Makes the push service say 410 for it. */
  leave({ channelID }) {
    return this.#ask({ messageType: 'unregister', channelID });
  }

  #ask(message) {
    const { messageType, channelID } = message;
    const answer = new Promise((resolve) => {
      const hear = (text) => {
        const heard = JSON.parse(text);
        if (heard.messageType !== messageType || heard.channelID !== channelID) return;
        this.socket.off('message', hear);
        resolve(heard);
      };
      this.socket.on('message', hear);
    });
    this.socket.send(JSON.stringify(message));
    return within(10, `an answer to ${messageType}`, answer);
  }

  close() {
    this.socket?.terminate();
  }
}

/** A push service that takes connections and never says a word. */
export class SilentService {
  #sockets = new Set();

  static async start() {
    const service = new SilentService();
    service.server = createServer((socket) => {
      service.#sockets.add(socket);
      socket.on('error', () => {});
    });
    service.server.listen(0, '127.0.0.1');
    await once(service.server, 'listening');
    service.endpoint = `https://127.0.0.1:${service.server.address().port}/push/nobody`;
    return service;
  }

  stop() {
    this.#sockets.forEach((socket) => socket.destroy());
    this.server.close();
  }
}
