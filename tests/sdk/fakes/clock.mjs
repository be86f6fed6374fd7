/** Time that passes when a test says so. */

/** What is under way goes on; twenty turns are more than any chain of the fakes takes. */
export async function idle() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

export class Clock {
  now = Date.UTC(2026, 0, 1);
  #timers = [];

  setTimeout = (work, ms = 0, ...args) => {
    this.#timers.push({ due: this.now + ms, work: () => work(...args) });
  };

  async advance(ms) {
    await idle();
    this.now += ms;
    const isDue = ({ due }) => due <= this.now;
    const due = this.#timers.filter(isDue);
    this.#timers = this.#timers.filter((timer) => !isDue(timer));
    due.forEach(({ work }) => work());
    await idle();
  }

  /** As `AbortSignal.timeout`, as far as a fetch cares. */
  timeout = (ms) => {
    const signal = { onabort: null };
    this.setTimeout(() => signal.onabort?.(new DOMException('it took too long', 'TimeoutError')), ms);
    return signal;
  };
}
