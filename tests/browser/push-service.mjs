// A push service of the test's own: Firefox holds a WebSocket to it, the daemon posts to its https endpoints.
// It is strict where real ones are (RFC 8030, 8188, 8292), so that what passes here is not refused out there.

import { execFileSync } from 'node:child_process';
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';

/** Emits `hello`, `register`, `unregister`, `ack`, `refused`, each with what was said. */
export class PushService extends EventEmitter {
  #channels = new Map(); // channelID → { token, key }
  #version = 0;
  #sent = [];
  #browser = null;
  #uaid = randomUUID();

  static async start(directory) {
    const service = new PushService();
    await service.#listen(makeCertificate(directory));
    return service;
  }

  async #listen({ caFile, key, cert }) {
    this.caFile = caFile;
    this.https = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
      this.#deliver(request, response).catch((error) => this.#refuse(response, 500, error.message));
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
    this.#browser = socket;
    socket.on('message', (text) => {
      const message = JSON.parse(text);
      const reply = this.#answer(message);
      if (reply) socket.send(JSON.stringify(reply));
      if (message.messageType) this.emit(message.messageType, message);
    });
  }

  #answer({ messageType, channelID, key }) {
    switch (messageType) {
      case 'hello':
        return { messageType, uaid: this.#uaid, status: 200, use_webpush: true, broadcasts: {} };
      case 'register': {
        const token = randomUUID();
        this.#channels.set(channelID, { token, key: unpadded(key) });
        const pushEndpoint = `https://${this.authority}/push/${token}`;
        return { messageType, channelID, status: 200, pushEndpoint };
      }
      case 'unregister':
        this.#channels.delete(channelID);
        return { messageType, channelID, status: 200 };
      case undefined:
        return {}; // keep-alive
      default:
        return null; // ack, nack, broadcast_subscribe
    }
  }

  /** Delivers once more what was delivered `back` messages ago (1: the last), as push services now and then do. */
  repeat(back) {
    const version = String(++this.#version);
    this.#browser.send(JSON.stringify({ ...this.#sent.at(-back), version }));
  }

  /** Forgets the browser, as a push service does that lost its data: every subscription there is replaced. */
  forgetTheBrowser() {
    this.#channels.clear();
    this.#uaid = randomUUID();
    this.#browser.terminate(); // a closing handshake would wait for Firefox
  }

  // The daemon's side.

  async #deliver(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const token = request.url.replace('/push/', '');
    const [channelID, channel] = [...this.#channels].find(([, known]) => known.token === token) ?? [];
    if (!channel) return this.#refuse(response, 410, 'this subscription is gone');
    const problem = faultOf(request, chunks.length > 0, `https://${this.authority}`, channel.key);
    if (problem) return this.#refuse(response, 400, problem);

    const version = String(++this.#version);
    const frame = { messageType: 'notification', channelID, version, ttl: Number(request.headers.ttl) };
    if (chunks.length) {
      frame.data = Buffer.concat(chunks).toString('base64url');
      frame.headers = { encoding: request.headers['content-encoding'] };
    }
    this.#browser.send(JSON.stringify(frame));
    this.#sent.push(frame);
    response.writeHead(201, { location: `https://${this.authority}/message/${version}` }).end();
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

/** Firefox pads the key that it registers with; the authorization header does not (RFC 8292 section 3.2). */
export const unpadded = (base64url) => base64url.replace(/=+$/, '');

/** What a real push service would not accept; undefined where it would. */
function faultOf({ method, headers }, hasBody, origin, subscribedKey) {
  if (method !== 'POST') return `${method} is not POST`;
  if (!/^\d+$/.test(headers.ttl)) return 'no TTL (RFC 8030 section 5.2)';
  if (!['very-low', 'low', 'normal', 'high'].includes(headers.urgency)) return 'no Urgency (RFC 8030 section 5.3)';
  if (hasBody && headers['content-encoding'] !== 'aes128gcm') return 'not aes128gcm (RFC 8188)';
  if (!hasBody && headers['content-encoding']) return 'nothing, encoded (RFC 8291 section 4)';
  const [, token, key] = headers.authorization?.match(/^vapid t=([^,\s]+),\s*k=(\S+)$/) ?? [];
  if (!token) return 'no vapid authorization (RFC 8292 section 3)';
  if (key !== subscribedKey) return 'signed with another key than subscribed with (RFC 8292 section 4.2)';
  return faultOfToken(token, key, origin);
}

function faultOfToken(token, key, origin) {
  const [header, claims, signature] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const jwk = {
    kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url'),
  };
  const publicKey = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  if (!verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))) {
    return 'the signature is wrong';
  }
  const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url'));
  const now = Date.now() / 1000;
  if (aud !== origin) return `aud is ${aud}, not ${origin}`;
  if (typeof exp !== 'number' || exp < now || exp > now + 86_400) return 'exp is not within the next 24 hours';
  return undefined;
}

/** An authority and a certificate for 127.0.0.1, made by it. */
function makeCertificate(directory) {
  const file = (name) => join(directory, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test authority',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', ...newKey, '-keyout', 'service.key', '-out', 'service.csr', '-subj', '/CN=Test push service');
  writeFileSync(file('extensions'), 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n');
  openssl('x509', '-req', '-in', 'service.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
    '-extfile', 'extensions', '-out', 'service.pem');
  return { caFile: file('ca.pem'), key: readFileSync(file('service.key')), cert: readFileSync(file('service.pem')) };
}
