// An app of the test's own, on another origin than the daemon: a page with the SDK, and a worker that imports ours.

import { once } from 'node:events';
import { createServer } from 'node:http';

const page = (daemon) => `<!doctype html><html lang="en"><title>An app</title>
<link rel="icon" href="data:,">
<script src="${daemon.origin}/sdk/fanfare.js"></script>
<script>
  window.messages = [];
  Fanfare.init({ server: '${daemon.origin}' }).on('message', (message) => messages.push(message));
</script>
<h1>An app</h1></html>`;

export class App {
  static async start(daemon) {
    const app = new App();
    app.server = createServer(({ url }, response) => {
      const worker = url === '/fanfare-sw.js';
      response.setHeader('content-type', worker ? 'text/javascript' : 'text/html; charset=utf-8');
      response.end(worker ? `importScripts('${daemon.origin}/sdk/fanfare-sw.js');` : page(daemon));
    });
    app.server.listen(0, '127.0.0.1');
    await once(app.server, 'listening');
    app.origin = `http://127.0.0.1:${app.server.address().port}`;
    return app;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
