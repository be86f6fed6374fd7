/** What the pages and workers of one origin share: IndexedDB, Web Locks and BroadcastChannel. */

const refuse = (name, message) => { throw new DOMException(message, name); };

/** One database with one store. Transactions run one after the other, and end when a turn brings no request. */
export class Database {
  /** `open`: as in a private window; `throws`: as with blocked cookies; `commit`: as with a full disk; `hangs`. */
  fails = null;
  rows = new Map();
  #last = Promise.resolve();

  open = (name, version) => {
    if (this.fails === 'throws') refuse('SecurityError', 'the operation is insecure');
    const opening = { error: null, result: null };
    if (this.fails === 'hangs') return opening;
    setImmediate(() => {
      if (this.fails === 'open') {
        opening.error = new DOMException('mutations are not allowed', 'InvalidStateError');
        opening.onerror?.();
        return;
      }
      opening.result = this.#connection();
      if (!this.isThere) opening.onupgradeneeded?.();
      this.isThere = true;
      opening.onsuccess?.();
    });
    if (name !== 'fanfare' || version !== 1) throw new Error(`opens ${name} ${version}`);
    return opening;
  };

  #connection() {
    let isClosed = false;
    return {
      createObjectStore: () => {},
      close: () => { isClosed = true; },
      transaction: (store, mode) => {
        if (isClosed) refuse('InvalidStateError', 'the connection is closed');
        if (store !== 'state') refuse('NotFoundError', 'no such store');
        return this.#transaction(mode);
      },
    };
  }

  #transaction(mode) {
    const transaction = { error: null };
    const requests = [];
    let isOver = false;
    let draft;
    const ask = (work, writes) => {
      if (isOver) refuse('TransactionInactiveError', 'the transaction is over');
      if (writes && mode !== 'readwrite') refuse('ReadOnlyError', 'the transaction is read-only');
      const request = { result: undefined, work };
      requests.push(request);
      return request;
    };
    transaction.objectStore = () => ({
      get: (key) => ask(() => structuredClone(draft.get(key))),
      put: (value, key) => {
        const kept = structuredClone(value);
        return ask(() => draft.set(key, kept), true);
      },
      delete: (key) => ask(() => void draft.delete(key), true),
    });
    this.#last = this.#last.then(async () => {
      await new Promise(setImmediate);
      draft = new Map(this.rows);
      for (let request = requests.shift(); request; request = requests.shift()) {
        request.result = request.work();
        request.onsuccess?.();
        await new Promise(setImmediate);
      }
      isOver = true;
      if (this.fails === 'commit' && mode === 'readwrite') {
        transaction.error = new DOMException('the disk is full', 'QuotaExceededError');
        transaction.onabort?.();
      } else {
        if (mode === 'readwrite') this.rows = draft;
        transaction.oncomplete?.();
      }
    });
    return transaction;
  }
}

/** Whoever asks for a lock gets it when all who asked before have let it go. */
export class Locks {
  #last = new Map();

  request = (name, work) => {
    const result = (this.#last.get(name) ?? Promise.resolve()).then(() => work());
    this.#last.set(name, result.catch(() => {}));
    return result;
  };
}

/** Its channels hear each other, and none hears itself. */
export function broadcastChannels() {
  const open = new Set();
  return class BroadcastChannel {
    onmessage = null;

    constructor(name) {
      this.name = name;
      open.add(this);
    }

    postMessage(data) {
      const copy = structuredClone(data);
      for (const other of open) {
        if (other !== this && other.name === this.name) setImmediate(() => other.onmessage?.({ data: copy }));
      }
    }
  };
}
