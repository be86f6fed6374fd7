// The daemon under test, and calls to its API.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from './limits.mjs';
import { Process } from './processes.mjs';

const KEY = `fk_${'browsertest'.repeat(4)}`;

export class Daemon {
  /** Starts `binary` on a free port, allowed to reach the test's push service and trusting its authority; `flags`: more. */
  static async start(binary, directory, pushService, flags = []) {
    const daemon = new Daemon();
    Object.assign(daemon, { binary, dataDirectory: join(directory, 'data') });
    const address = `127.0.0.1:${await freePort()}`;
    daemon.origin = `http://${address}`;
    const args = [
      '--listen', address, '--data-dir', daemon.dataDirectory,
      '--egress-allow', pushService.authority, '--egress-ca-file', pushService.caFile, ...flags,
    ];
    daemon.key = KEY;
    daemon.args = args;
    await daemon.startAgain();
    return daemon;
  }

  /** On the same port, with what it has stored. */
  async startAgain() {
    this.process = new Process(this.binary, this.args, { PATH: process.env.PATH, FANFARE_BOOTSTRAP_KEY: KEY });
    const ready = until(20, 'the daemon to be ready', async () => (await fetch(`${this.origin}/readyz`)).ok);
    await this.process.whileAlive(ready);
  }

  async stop() {
    await this.process.stop();
    await this.process.exited;
  }

  /** Runs a command of its operator's beside it: what it prints. */
  async command(...args) {
    const { stdout } = await promisify(execFile)(this.binary, [...args, '--data-dir', this.dataDirectory]);
    return stdout;
  }

  /** Calls the API with the key; the answer's body, or an error that tells the server's. */
  async call(method, path, body, contentType = 'application/json') {
    const headers = { authorization: `Bearer ${KEY}`, ...(body !== undefined && { 'content-type': contentType }) };
    const text = contentType === 'application/json' ? body && JSON.stringify(body) : body;
    const response = await fetch(this.origin + path, { method, headers, body: text, signal: AbortSignal.timeout(10_000) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return answer && JSON.parse(answer);
  }

  /** Publishes a notification with that title, and more of its options. */
  publish(channel, title, more = {}) {
    return this.call('POST', `/v1/channels/${encodeURIComponent(channel)}/notifications`, { notification: { title }, ...more });
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
