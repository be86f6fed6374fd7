// A push service of the test's own: Firefox holds a WebSocket to it, the daemon posts to its https endpoints.
// It is strict where real ones are (push-service/strictness.mjs), so that what passes here is not refused out there,
// and it keeps what was not acknowledged: for a browser that is away, or whose connection broke. It hands out one message at
// a time, the next when the last is acknowledged: Firefox decrypts what it has side by side, and may then wake the worker
// in any order.

import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { WebSocketServer } from 'ws';

import { makeCertificate } from './push-service/certificate.mjs';
import { Mailbox } from './push-service/mailbox.mjs';
import { LARGEST_BODY, faultOf, unpadded } from './push-service/strictness.mjs';

export { unpadded };

/**
 * Emits what the browser says, `hello`, `register`, `unregister`, `ack`, `nack`, and `gone` when its connection ends;
 * of the daemon's requests, `accepted` with their headers, version and size, and `refused` with status and reason.
 */
export class PushService extends EventEmitter {
  #mailboxes = new Map(); // channelID → Mailbox
  #version = 0;
  #sent = [];
  #line = []; // frames for the browser, oldest first
  #underWay = null; // the one that it has not acknowledged
  #browser = null;
  #uaid = randomUUID();
  #losing = false;

  static async start(directory) {
    const service = new PushService();
    await service.#listen(makeCertificate(directory));
    return service;
  }

  async #listen({ caFile, key, cert }) {
    this.caFile = caFile;
    this.https = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
      this.#accept(request, response).catch((error) => this.#refuse(response, 500, error.message));
    });
    this.https.listen(0, '127.0.0.1');
    this.sockets = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'push-notification' });
    this.sockets.on('connection', (socket) => this.#serve(socket));
    await Promise.all([once(this.https, 'listening'), once(this.sockets, 'listening')]);
    this.authority = `127.0.0.1:${this.https.address().port}`;
    this.socketUrl = `ws://127.0.0.1:${this.sockets.address().port}/`;
  }

  // Firefox's side.

  #serve(socket) {
    socket.on('message', (text) => {
      const message = JSON.parse(text);
      if (message.messageType === 'ack' && this.#losing) return this.#breakOff();
      const reply = this.#answer(message, socket);
      if (reply) socket.send(JSON.stringify(reply));
      if (message.messageType === 'hello') this.#deliverWaiting();
      if (message.messageType) this.emit(message.messageType, message);
    });
    socket.on('close', () => {
      if (this.#browser === socket) this.#connectTo(null);
      this.emit('gone');
    });
  }

  #answer({ messageType, channelID, key, updates, version }, socket) {
    switch (messageType) {
      case 'hello':
        this.#connectTo(socket);
        return { messageType, uaid: this.#uaid, status: 200, use_webpush: true, broadcasts: {} };
      case 'register': {
        const token = randomUUID();
        this.#mailboxes.set(channelID, new Mailbox(channelID, token, unpadded(key)));
        const pushEndpoint = `https://${this.authority}/push/${token}`;
        return { messageType, channelID, status: 200, pushEndpoint };
      }
      case 'unregister':
        this.#mailboxes.delete(channelID);
        this.#forget(channelID);
        return { messageType, channelID, status: 200 };
      case 'ack':
        for (const update of updates) {
          this.#mailboxes.get(update.channelID)?.acknowledge(update.version);
          this.#settle(update.version);
        }
        return null;
      case 'nack': // the worker threw: it had the message
        this.#settle(version);
        return null;
      case undefined:
        return {}; // keep-alive
      default:
        return null; // broadcast_subscribe
    }
  }

  /** What came while the browser was away, or was never acknowledged, in the order in which it was accepted. */
  #deliverWaiting() {
    const frames = [...this.#mailboxes.values()].flatMap((mailbox) => mailbox.due);
    frames.sort((one, other) => Number(one.version) - Number(other.version));
    for (const frame of frames) this.#handOut(frame);
  }

  #connectTo(socket) {
    this.#browser = socket;
    this.#line = [];
    this.#underWay = null;
  }

  #handOut(frame) {
    this.#line.push(frame);
    this.#advance();
  }

  #settle(version) {
    if (this.#underWay?.version !== String(version)) return;
    this.#underWay = null;
    this.#advance();
  }

  /** What Firefox has no subscription for it does not acknowledge. */
  #forget(channelID) {
    this.#line = this.#line.filter((frame) => frame.channelID !== channelID);
    if (this.#underWay?.channelID === channelID) this.#settle(this.#underWay.version);
  }

  #advance() {
    if (this.#underWay !== null || !this.#line.length) return;
    this.#underWay = this.#line.shift();
    this.#browser.send(JSON.stringify(this.#underWay));
  }

  /** Delivers once more what was delivered `back` messages ago (1: the last), as push services now and then do. */
  repeat(back) {
    const version = String(++this.#version);
    this.#handOut({ ...this.#sent.at(-back), version });
  }

  /** Breaks the connection off when the next acknowledgement comes, as if that had been lost on the way. */
  loseNextAcknowledgement() {
    this.#losing = true;
  }

  #breakOff() {
    this.#losing = false;
    this.#browser.terminate(); // a closing handshake would wait for Firefox
  }

  /** Forgets the browser, as a push service does that lost its data: every subscription there is replaced. */
  forgetTheBrowser() {
    this.#mailboxes.clear();
    this.#uaid = randomUUID();
    this.#browser.terminate();
  }

  // The daemon's side.

  async #accept(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const token = request.url.replace('/push/', '');
    const mailbox = [...this.#mailboxes.values()].find((one) => one.token === token);
    if (!mailbox) return this.#refuse(response, 410, 'this subscription is gone');
    const problem = faultOf(request, body, `https://${this.authority}`, mailbox.key);
    if (problem) return this.#refuse(response, 400, problem);
    if (body.length > LARGEST_BODY) return this.#refuse(response, 413, `${body.length} bytes (RFC 8030 section 7.2)`);

    const frame = this.#frameOf(request.headers, body, mailbox.channelID);
    this.#sent.push(frame);
    mailbox.put(frame, request.headers.topic);
    if (this.#browser) this.#handOut(frame);
    const { ttl, urgency, topic } = request.headers;
    this.emit('accepted', { version: frame.version, ttl: Number(ttl), urgency, topic, bytes: body.length });
    response.writeHead(201, { location: `https://${this.authority}/message/${frame.version}` }).end();
  }

  #frameOf(headers, body, channelID) {
    const version = String(++this.#version);
    const frame = { messageType: 'notification', channelID, version, ttl: Number(headers.ttl) };
    if (!body.length) return frame;
    return { ...frame, data: body.toString('base64url'), headers: { encoding: headers['content-encoding'] } };
  }

  #refuse(response, status, reason) {
    this.emit('refused', { status, reason });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ reason }));
  }

  async stop() {
    this.sockets.clients.forEach((socket) => socket.terminate());
    this.sockets.close();
    this.https.close();
  }
}
