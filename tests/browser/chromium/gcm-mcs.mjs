// MCS, the connection on which Chromium waits for pushes: protobuf messages, each behind a tag and its length, in TLS.
// Chromium likes to connect twice in a row, so what was not acknowledged is sent again after the next login.

import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:tls';

import { decode, encode, readVarint, varint } from './gcm-protobuf.mjs';

const VERSION = 41;
/** Heartbeats come every 28 minutes, later than any test ends. */
const TAG = { loginRequest: 2, loginResponse: 3, iq: 7, data: 8 };

/** Emits `login`, and `acknowledged` with the id of a push. */
export class Mcs extends EventEmitter {
  #unacknowledged = new Map(); // id of a push → { stanza, streamId }
  #sockets = new Set();
  #session = null; // the connection that is logged in
  #streamId = 0;

  static async start({ key, cert }, device) {
    const mcs = new Mcs();
    mcs.device = device;
    mcs.server = createServer({ key, cert }, (socket) => mcs.#serve(socket));
    mcs.server.listen(0, '127.0.0.1');
    await once(mcs.server, 'listening');
    mcs.url = `https://127.0.0.1:${mcs.server.address().port}`;
    return mcs;
  }

  /** Hands over a push, now or when Chromium next logs in. */
  push(id, { app, subtype, sender, ttl, encoding, body }) {
    const data = { subtype, ...(encoding && { 'content-encoding': encoding }) };
    const stanza = encode([
      [3, sender], [5, app], ...Object.entries(data).map(([name, value]) => [7, encode([[1, name], [2, value]])]),
      [9, id], [17, ttl], [18, Math.floor(Date.now() / 1000)], ...(body ? [[21, body]] : []),
      [24, 1], // to be acknowledged at once, not after ten of them
    ]);
    this.#unacknowledged.set(id, { stanza });
    if (this.#session) this.#transmit(id);
  }

  #transmit(id) {
    const push = this.#unacknowledged.get(id);
    push.streamId = this.#send(this.#session, TAG.data, push.stanza);
  }

  /** Every message has a number, which neither side writes down. */
  #send(socket, tag, message) {
    socket.write(Buffer.concat([Buffer.from([tag]), varint(message.length), message]));
    return ++this.#streamId;
  }

  #serve(socket) {
    let received = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('error', () => {}); // Chromium hung up
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#session === socket) this.#session = null;
    });
    let version;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (version === undefined) [version, received] = [received[0], received.subarray(1)];
      for (let frame; (frame = firstFrame(received)); received = received.subarray(frame.end)) {
        this.#hear(socket, frame.tag, decode(frame.message));
      }
    });
  }

  #hear(socket, tag, fields) {
    if (tag === TAG.loginRequest) return this.#logIn(socket, fields);
    if (socket !== this.#session) return socket.destroy(); // it must log in first
    if (tag !== TAG.iq) return;
    const [lastStreamIdReceived] = fields.get(10) ?? [];
    this.#settle((_, { streamId }) => streamId <= lastStreamIdReceived);
  }

  #logIn(socket, fields) {
    const [user, token] = [3, 5].map((field) => String(fields.get(field)));
    if (user !== String(this.device.id) || token !== String(this.device.token)) return socket.destroy();
    const received = (fields.get(10) ?? []).map(String);
    this.#session = socket;
    this.#streamId = 0;
    socket.write(Buffer.from([VERSION]));
    this.#send(socket, TAG.loginResponse, encode([[1, 'login']]));
    this.#settle((id) => received.includes(id));
    for (const id of this.#unacknowledged.keys()) this.#transmit(id);
    this.emit('login');
  }

  #settle(isReceived) {
    for (const [id, push] of this.#unacknowledged) {
      if (!isReceived(id, push)) continue;
      this.#unacknowledged.delete(id);
      this.emit('acknowledged', id);
    }
  }

  stop() {
    this.#sockets.forEach((socket) => socket.destroy());
    this.server.close();
  }
}

/** `{ tag, message, end }`, once all of it is there. */
function firstFrame(bytes) {
  const length = readVarint(bytes, 1);
  if (!length || bytes.length < length.end + length.value) return undefined;
  const end = length.end + length.value;
  return { tag: bytes[0], message: bytes.subarray(length.end, end), end };
}
