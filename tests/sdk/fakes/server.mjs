/** Fanfare's API, as far as a browser calls it. */

import { createECDH } from 'node:crypto';

const PROBLEMS = 'https://push.example/docs#';

function newKey() {
  const ecdh = createECDH('prime256v1');
  return ecdh.generateKeys('base64url');
}

const problem = (status, slug) => ({
  status,
  type: 'application/problem+json',
  body: { type: PROBLEMS + slug, title: slug, status, detail: `about ${slug}` },
});
const answer = (status, body) => ({ status, type: body && 'application/json', body });

export class Server {
  origin = 'https://push.example';
  /** Where a proxy has put it. */
  path = '';
  requests = [];
  receipts = [];
  /** Nobody answers; `hangs`: only the caller's patience ends it. */
  isOffline = false;
  hangs = false;
  /** A test's own answer, `{status, type, body}`, in place of the usual one. */
  override = () => undefined;
  keys = [newKey()];
  subscriptions = new Map();
  #count = 0;

  get key() {
    return this.keys.at(-1);
  }

  rotate() {
    this.keys.push(newKey());
  }

  /** As `fetch` of a page or worker. */
  fetch = async (url, { method = 'GET', headers = {}, body, keepalive = false, signal } = {}) => {
    if (this.isOffline || !url.startsWith(`${this.origin}${this.path}/v1/`)) throw new TypeError('Failed to fetch');
    const pathname = new URL(url).pathname.slice(this.path.length);
    if (this.hangs) await new Promise((_, reject) => { if (signal) signal.onabort = reject; });
    await new Promise(setImmediate);
    const json = body === undefined ? undefined : JSON.parse(body);
    const request = { method, path: decodeURIComponent(pathname), headers: { ...headers }, body: json, keepalive };
    this.requests.push(request);
    const { status, type = null, body: said } = this.override(request) ?? this.#answer(request);
    const text = typeof said === 'string' ? said : JSON.stringify(said ?? null);
    return {
      status,
      ok: status < 300,
      headers: { get: (name) => (name.toLowerCase() === 'content-type' ? type : null) },
      json: async () => JSON.parse(text),
    };
  };

  /** `METHOD path` of each request since the last look. */
  look() {
    return this.requests.splice(0).map(({ method, path }) => `${method} ${path}`);
  }

  #answer({ method, path, headers, body }) {
    if (path === '/v1/push-key') return answer(200, { id: 'key', key: this.key });
    const credential = headers.Authorization?.replace('Bearer ', '');
    const join = path.match(/^\/v1\/channels\/(.+)\/subscriptions$/);
    if (join && method === 'POST') return this.#join(join[1], credential, body);
    const leave = path.match(/^\/v1\/channels\/(.+)\/subscriptions\/(sub_\w+)$/);
    const [, id, rest] = path.match(/^\/v1\/subscriptions\/(sub_\w+)(\/\w+)?$/) ?? [null, leave?.[2]];
    if (credential !== `ss_${id}`) return problem(401, 'invalid-credential');
    const subscription = this.subscriptions.get(id);
    if (leave && method === 'DELETE') {
      subscription?.channels.delete(leave[1]);
      return answer(204);
    }
    if (rest === '/receipts') {
      this.receipts.push(body);
      return answer(204);
    }
    if (method === 'DELETE') {
      this.subscriptions.delete(id);
      return answer(204);
    }
    if (!subscription) return problem(404, 'not-found');
    if (rest === '/test') return answer(200, { outcome: 'accepted', status: 201 });
    return method === 'PUT' ? this.#replace(id, subscription, body) : answer(200, this.#view(id, subscription));
  }

  #join(channel, token, { push_key, endpoint, keys }) {
    if (token === undefined && channel !== 'news') return problem(401, 'credential-needed');
    if (token === 'refused') return problem(403, 'channel-forbidden');
    if (!this.keys.includes(push_key)) return problem(422, 'foreign-push-key');
    const there = [...this.subscriptions].find(([, one]) => one.endpoint === endpoint);
    if (there && there[1].keys.auth !== keys.auth) return problem(409, 'endpoint-in-use');
    const [id, subscription] = there ?? [`sub_${(this.#count += 1)}`, { channels: new Set(), state: 'active' }];
    Object.assign(subscription, { endpoint, keys, push_key });
    subscription.channels.add(channel);
    this.subscriptions.set(id, subscription);
    const known = { id, channels: [...subscription.channels], generation: 1 };
    return there ? answer(200, known) : answer(201, { ...known, secret: `ss_${id}` });
  }

  #replace(id, subscription, { push_key, endpoint, keys }) {
    if (!this.keys.includes(push_key)) return problem(422, 'foreign-push-key');
    Object.assign(subscription, { endpoint, keys, push_key, state: 'active' });
    return answer(200, this.#view(id, subscription));
  }

  #view(id, { channels, state, push_key }) {
    return { id, state, channels: [...channels], push_key, current_push_key: this.key };
  }
}
