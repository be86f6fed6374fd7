// Google's half of Chromium's push service, as Chromium knows it: a device checks in, registers each subscription, and
// waits for pushes by MCS. The other half, what the daemon posts to, is the test's push service: to it this stand-in is
// a browser like any other, so that both browsers' pushes are judged by one set of rules.

import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import WebSocket from 'ws';

import { within } from '../limits.mjs';
import { Mcs } from './gcm-mcs.mjs';
import { encode } from './gcm-protobuf.mjs';

export class Gcm {
  /** The forms that Chromium sent to register, or to delete a registration. */
  registered = [];
  deleted = [];
  /** How many bytes each push had. */
  sizes = [];
  #device = { id: 4_000_000_000_000_001n, token: 8_000_000_000_000_009n };
  #registrations = new Map(); // channelID → the form that asked for it
  #answers = new EventEmitter();

  /** `directory` has the certificate that the push service made there. */
  static async start(directory, pushService) {
    const gcm = new Gcm();
    const [key, cert] = ['service.key', 'service.pem'].map((name) => readFileSync(join(directory, name)));
    gcm.mcs = await Mcs.start({ key, cert }, gcm.#device);
    gcm.server = createServer((request, response) => {
      gcm.#answer(request, response).catch((error) => response.writeHead(500).end(error.message));
    });
    gcm.server.listen(0, '127.0.0.1');
    gcm.socket = new WebSocket(pushService.socketUrl, 'push-notification');
    await within(10, 'the stand-in for GCM', Promise.all([once(gcm.server, 'listening'), once(gcm.socket, 'open')]));
    gcm.socket.on('message', (text) => gcm.#hear(JSON.parse(text)));
    await gcm.#ask({ messageType: 'hello' });
    gcm.flags = gcm.#flags(cert);
    return gcm;
  }

  /** What sends Chromium here. Of the certificate's authority it knows nothing: it trusts the key. */
  #flags(cert) {
    const origin = `http://127.0.0.1:${this.server.address().port}`;
    const publicKey = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
    return [
      `--gcm-checkin-url=${origin}/checkin`, `--gcm-registration-url=${origin}/register`,
      `--gcm-mcs-endpoint=${this.mcs.url}`,
      `--ignore-certificate-errors-spki-list=${createHash('sha256').update(publicKey).digest('base64')}`,
    ];
  }

  async #answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { id, token } = this.#device;
    // An AndroidCheckinResponse: stats_ok, android_id, security_token.
    if (request.url === '/checkin') return response.end(encode([[1, 1], [7, id], [8, token]]));
    if (request.headers.authorization !== `AidLogin ${id}:${token}`) return response.end('Error=AUTHENTICATION_FAILED');
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    response.end(`token=${form.delete ? await this.#remove(form) : await this.#register(form)}`);
  }

  /** The token by which Chromium makes the endpoint. A feature of Chromium's own that registers is no Web Push. */
  async #register(form) {
    if (!form['X-subtype']?.startsWith('wp:')) return randomUUID();
    const channelID = randomUUID();
    const { pushEndpoint } = await this.#ask({ messageType: 'register', channelID, key: form.sender });
    this.#registrations.set(channelID, form);
    this.registered.push(form);
    return pushEndpoint.split('/').at(-1);
  }

  async #remove(form) {
    for (const [channelID, known] of this.#registrations) {
      if (known['X-subtype'] === form['X-subtype']) await this.#forget(channelID);
    }
    this.deleted.push(form);
    return form.appid;
  }

  /** The push service forgets every subscription, of which Chromium hears nothing, as out there. */
  async forgetAll() {
    for (const channelID of this.#registrations.keys()) await this.#forget(channelID);
  }

  async #forget(channelID) {
    await this.#ask({ messageType: 'unregister', channelID });
    this.#registrations.delete(channelID);
  }

  #hear(message) {
    if (message.messageType === 'notification') this.#forward(message);
    else this.#answers.emit(`${message.messageType} ${message.channelID}`, message);
  }

  /** From the push service to Chromium. */
  #forward({ channelID, version, ttl, data, headers }) {
    const { app, 'X-subtype': subtype, sender } = this.#registrations.get(channelID);
    const body = data && Buffer.from(data, 'base64url');
    this.sizes.push(body?.length ?? 0);
    this.mcs.push(version, { app, subtype, sender, ttl, encoding: headers?.encoding, body });
    // From here on MCS keeps it until Chromium has acknowledged it.
    this.socket.send(JSON.stringify({ messageType: 'ack', updates: [{ channelID, version }] }));
  }

  async #ask(message) {
    const { messageType, channelID } = message;
    const answer = once(this.#answers, `${messageType} ${channelID}`);
    this.socket.send(JSON.stringify(message));
    return (await within(10, `an answer to ${messageType}`, answer))[0];
  }

  stop() {
    this.socket.terminate();
    this.server.closeAllConnections();
    this.server.close();
    this.mcs.stop();
  }
}
