// What a push service holds for one subscription until its browser has acknowledged it.

export class Mailbox {
  #waiting = []; // { frame, topic, expires }, oldest first

  /** Of one subscription: the browser's name for it, the end of its endpoint, the key that it is bound to. */
  constructor(channelID, token, key) {
    Object.assign(this, { channelID, token, key });
  }

  /** A newer message takes the place of the one of its topic that still waits (RFC 8030 section 5.4). */
  put(frame, topic) {
    if (topic) this.#waiting = this.#waiting.filter((one) => one.topic !== topic);
    this.#waiting.push({ frame, topic, expires: Date.now() + frame.ttl * 1000 });
  }

  acknowledge(version) {
    this.#waiting = this.#waiting.filter(({ frame }) => frame.version !== version);
  }

  /** What is still worth delivering (RFC 8030 section 5.2). */
  get due() {
    return this.#waiting.filter(({ expires }) => expires > Date.now()).map(({ frame }) => frame);
  }
}
