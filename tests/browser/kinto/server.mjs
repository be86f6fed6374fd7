// A real Kinto with the plugin, in memory, served by its own command; and calls to it as one of its accounts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../limits.mjs';
import { Process } from '../processes.mjs';

const PASSWORD = 'a long enough password';

/** Everything of Kinto that the test needs; the port is the kernel's choice and is read from the log. */
const ini = (fanfare) => `
[server:main]
use = egg:waitress#main
listen = 127.0.0.1:0

[app:main]
use = egg:kinto
kinto.includes = kinto.plugins.accounts kinto_fanfare
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = not-a-secret
kinto.http_scheme = http
kinto.account_create_principals = system.Everyone
multiauth.policies = account
multiauth.policy.account.use = kinto.plugins.accounts.AccountsPolicy
kinto.fanfare.server = ${fanfare.server}
kinto.fanfare.key_file = ${fanfare.keyFile}
kinto.fanfare.notification.title = News in {collection_id}
kinto.fanfare.notification.body = {count} changed
kinto.fanfare.retry_min_seconds = 0.1

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = plain

[logger_root]
level = INFO
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain

[formatter_plain]
format = %(levelname)s %(name)s %(message)s
`;

export class Kinto {
  /** Starts the Kinto of a virtual environment, which tells the daemon at `server` with the key in `keyFile`. */
  static async start(venv, directory, fanfare) {
    const kinto = new Kinto();
    const file = join(directory, 'kinto.ini');
    writeFileSync(file, ini(fanfare));
    kinto.process = new Process(join(venv, 'bin/kinto'), ['start', '--ini', file], { PATH: process.env.PATH });
    const started = until(60, 'Kinto to say where it listens', () => kinto.process.lines
      .map((line) => line.match(/Serving on (http:\/\/127\.0\.0\.1:\d+)/)?.[1]).find(Boolean));
    kinto.origin = await kinto.process.whileAlive(started);
    return kinto;
  }

  /** What a page sends to be this account. */
  static authorization(account) {
    return `Basic ${Buffer.from(`${account}:${PASSWORD}`).toString('base64')}`;
  }

  /** Calls `/v1{path}` as an account, or as nobody; the status, the headers and the body. */
  async ask(account, method, path, body) {
    const headers = {
      ...(account && { authorization: Kinto.authorization(account) }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const options = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) };
    const response = await fetch(`${this.origin}/v1${path}`, options);
    return { status: response.status, body: await response.json() };
  }

  /** The same, where only success will do; the body. */
  async call(account, method, path, body) {
    const answer = await this.ask(account, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async createAccount(account) {
    await this.call(null, 'PUT', `/accounts/${account}`, { data: { password: PASSWORD } });
  }
}
