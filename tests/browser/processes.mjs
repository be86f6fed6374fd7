// Child processes that end with the test: started in a group of their own, stopped by that group's id.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { within } from './limits.mjs';

const KEPT_LINES = 40;
const running = new Set();

export class Process {
  /** Starts `command`; its last lines of output are kept, to be told when something fails. */
  constructor(command, args, env) {
    this.name = command;
    this.lines = [];
    this.child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.child, 'exit');
    this.exited.catch(() => {}); // it could not be started: told by whoever waits for it
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => this.#keep(text));
    }
    running.add(this);
  }

  #keep(text) {
    this.lines = [...this.lines, ...text.split('\n').filter(Boolean)].slice(-KEPT_LINES);
  }

  /** Settles as `promise` does, or fails at once when the process ends before. */
  async whileAlive(promise) {
    const ended = this.exited.then(([status, signal]) => { throw new Error(`${this.name} ended: ${signal ?? status}`); });
    return Promise.race([promise, ended]);
  }

  get alive() {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop() {
    running.delete(this);
    if (!this.alive) return;
    this.#signal('SIGTERM');
    await within(10, `${this.name} to end`, this.exited).catch(() => this.#signal('SIGKILL'));
  }

  #signal(name) {
    try {
      process.kill(-this.child.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error; // it ended meanwhile
    }
  }
}

/** Stops what is left, in the reverse order of its start. */
export async function stopAll() {
  for (const left of [...running].reverse()) await left.stop();
}
