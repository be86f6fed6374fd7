// What a fan-out with failures needs: a push service where every endpoint has a fate, browsers that are none, and somebody
// who publishes again and again.

import { once } from 'node:events';
import { createSecureServer } from 'node:http2';

import { makeCertificate } from '../push-service/certificate.mjs';
import { Subscribers } from './subscribers.mjs';

/** How the endpoint of that number answers: of 25 one is gone, two refuse, one fails the first time, the rest accept. */
const FATES = { 1: 'gone', 2: 'refusing', 3: 'too small', 4: 'failing' };
export const fateOf = (number) => FATES[number % 25] ?? 'accepting';

const LATENCY_MS = [4, 9, 17, 33]; // by number: what is fast and what is slow stay the same

export class FatefulService {
  #held = new Map(); // number → responses that wait
  #tries = new Map(); // number → requests so far
  #server;
  /** How many requests there were, and whether those that it refuses are accepted for now. */
  requests = 0;
  forgiving = false;

  static async start(directory) {
    const service = new FatefulService();
    const { caFile, key, cert } = makeCertificate(directory);
    service.caFile = caFile;
    service.#server = createSecureServer({ key, cert }, (request, response) => service.#take(request, response));
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    service.authority = `127.0.0.1:${service.#server.address().port}`;
    service.origin = `https://${service.authority}`;
    return service;
  }

  /** What is sent to that number waits for its answer until it is released. */
  hold(number) {
    this.#held.set(number, []);
  }

  /** How many requests for that number wait, or waited until their client gave up. */
  heldFor(number) {
    return this.#held.get(number).length;
  }

  release(number) {
    const waiting = this.#held.get(number);
    this.#held.delete(number);
    for (const response of waiting) accept(response);
  }

  triesOf(number) {
    return this.#tries.get(number) ?? 0;
  }

  #take(request, response) {
    request.resume();
    this.requests += 1;
    const number = Number(request.url.split('/').at(-1));
    const tries = this.triesOf(number) + 1;
    this.#tries.set(number, tries);
    const held = this.#held.get(number);
    if (held) return held.push(response);
    setTimeout(() => answer(response, this.forgiving ? 'accepting' : fateOf(number), tries), LATENCY_MS[number % LATENCY_MS.length]);
  }

  stop() {
    this.#server?.close();
  }
}

function answer(response, fate, tries) {
  if (response.stream.destroyed) return;
  switch (fate) {
    case 'gone': return refuse(response, 410, 'this subscription is gone');
    case 'refusing': return refuse(response, 400, 'BadTopic');
    case 'too small': return refuse(response, 413, 'PayloadTooLarge');
    case 'failing': return tries % 2 ? refuse(response, 500, 'try again') : accept(response);
    default: return accept(response);
  }
}

function accept(response) {
  if (!response.stream.destroyed) response.writeHead(201, { location: 'https://127.0.0.1/message', ttl: '60' }).end();
}

function refuse(response, status, reason) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ reason }));
}

/** Registers a browser with that endpoint in these channels; its `sub_…`. */
export async function subscribe({ daemon, service }, number, channels) {
  const subscription = Subscribers.subscriptionTo(`${service.origin}/push/${number}`);
  return (await daemon.call('POST', '/v1/subscriptions', { channels, subscription })).id;
}

/** Publishes to a channel once a second, until it is stopped. */
export class Publisher {
  #timer;
  #underWay = Promise.resolve();
  sent = [];

  static start(daemon, channel) {
    const publisher = new Publisher();
    const publish = () => {
      publisher.#underWay = daemon.publish(channel, `Number ${publisher.sent.length}`)
        .then(({ id }) => publisher.sent.push(id));
    };
    publisher.#timer = setInterval(publish, 1000);
    publish();
    return publisher;
  }

  async stop() {
    clearInterval(this.#timer);
    await this.#underWay;
  }
}
