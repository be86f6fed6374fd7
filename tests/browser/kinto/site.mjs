// The app under test: a page on an origin of its own, neither Kinto's nor Fanfare's, as apps have.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const file = (name) => readFileSync(join(import.meta.dirname, name));

export class Site {
  /** Serves the page, its worker, and what `config` says of where Kinto and Fanfare are. */
  static async start(config) {
    const site = new Site();
    const policy = [
      `default-src 'none'`, `script-src 'self' ${config.fanfare}`, `connect-src 'self' ${config.fanfare} ${config.kinto}`,
      `worker-src 'self'`,
    ].join('; ');
    const pages = {
      '/': ['text/html', file('page.html').toString().replace('{{fanfare}}', config.fanfare)],
      '/page.js': ['text/javascript', file('page.js')],
      '/config.json': ['application/json', JSON.stringify(config)],
      '/fanfare-sw.js': ['text/javascript', `importScripts('${config.fanfare}/sdk/fanfare-sw.js');`],
    };
    site.server = createServer((request, response) => {
      const [type, body] = pages[new URL(request.url, 'http://site').pathname] ?? ['text/plain', undefined];
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': type, 'content-security-policy': policy });
      response.end(body);
    }).listen(0, '127.0.0.1');
    await once(site.server, 'listening');
    site.origin = `http://127.0.0.1:${site.server.address().port}`;
    return site;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
