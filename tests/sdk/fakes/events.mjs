/** The DOM's events: listeners in order, and one that throws is reported and stops no other. */

export function eventTarget(reported) {
  return class EventTarget {
    #listeners = [];

    addEventListener(type, listener, { once = false } = {}) {
      const isThere = this.#listeners.some((one) => one.type === type && one.listener === listener);
      if (!isThere) this.#listeners.push({ type, listener, once });
    }

    removeEventListener(type, listener) {
      this.#listeners = this.#listeners.filter((one) => one.type !== type || one.listener !== listener);
    }

    dispatchEvent(event) {
      for (const { type, listener, once } of [...this.#listeners]) {
        if (type !== event.type || event.isStopped) continue;
        if (once) this.removeEventListener(type, listener);
        try {
          listener(event);
        } catch (error) {
          reported.push(error);
        }
      }
    }
  };
}

export class Event {
  isStopped = false;

  constructor(type, more = {}) {
    Object.assign(this, { type, ...more });
  }

  stopImmediatePropagation() {
    this.isStopped = true;
  }
}

export class CustomEvent extends Event {
  constructor(type, { detail = null } = {}) {
    super(type, { detail });
  }
}

/** Lives until what it waits for is settled; whoever asks it to wait later than that is refused. */
export class ExtendableEvent extends Event {
  #awaited = [];
  #isActive = true;

  waitUntil(promise) {
    if (!this.#isActive) throw new DOMException('the event is over', 'InvalidStateError');
    this.#awaited.push(promise);
  }

  /** How often the worker asked to be waited for, and what it failed with. */
  async finished() {
    this.#isActive = false;
    const settled = await Promise.allSettled(this.#awaited);
    return { waits: settled.length, failures: settled.flatMap(({ reason }) => (reason ? [reason] : [])) };
  }
}
