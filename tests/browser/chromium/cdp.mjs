// The Chrome DevTools Protocol over one WebSocket: commands, their answers, and events by session.

import { EventEmitter, once } from 'node:events';
import WebSocket from 'ws';

import { within } from '../limits.mjs';

const COMMAND_SECONDS = 30;

/** Emits every event as `(method, params, sessionId)` under `event`. */
export class Cdp extends EventEmitter {
  #socket;
  #pending = new Map();
  #id = 0;

  static async connect(url) {
    const cdp = new Cdp();
    cdp.#socket = new WebSocket(url);
    cdp.#socket.on('message', (text) => cdp.#receive(JSON.parse(text)));
    cdp.#socket.on('close', () => cdp.#pending.forEach(({ reject }) => reject(new Error('Chromium hung up'))));
    await within(10, 'a connection to Chromium', once(cdp.#socket, 'open'));
    return cdp;
  }

  send(method, params = {}, sessionId) {
    const id = ++this.#id;
    const answer = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject, method }));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return within(COMMAND_SECONDS, method, answer);
  }

  #receive({ id, result, error, method, params, sessionId }) {
    if (id === undefined) return this.emit('event', method, params, sessionId);
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) pending.reject(new Error(`${pending.method}: ${error.message} ${error.data ?? ''}`));
    else pending.resolve(result);
  }

  close() {
    this.#socket.terminate();
  }
}
