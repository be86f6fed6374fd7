// Every request that Firefox makes, for pages, workers and itself, and every answer: who sent a cookie, who set one.

/** Runs in Firefox, and writes down what goes by. */
const OBSERVER = `
  const header = (read, name) => { try { return read(name); } catch { return ''; } };
  const log = [];
  const observer = { observe(subject, topic) {
    const channel = subject.QueryInterface(Ci.nsIHttpChannel);
    const asked = topic === 'http-on-modify-request';
    const cookie = asked
      ? header((name) => channel.getRequestHeader(name), 'Cookie')
      : header((name) => channel.getResponseHeader(name), 'Set-Cookie');
    log.push({ kind: asked ? 'request' : 'answer', url: channel.URI.spec, cookie });
  } };
  for (const topic of ['modify-request', 'examine-response', 'examine-merged-response', 'examine-cached-response']) {
    Services.obs.addObserver(observer, 'http-on-' + topic);
  }
  window.fanfareTraffic = log;`;

export class Traffic {
  /** Begins to watch. */
  static async watch(firefox) {
    const traffic = new Traffic();
    traffic.firefox = firefox;
    await firefox.evaluateInChrome(OBSERVER);
    return traffic;
  }

  /** Requests to this origin, and its answers, up to now: `{kind: 'request' | 'answer', url, cookie}`. */
  async with(origin) {
    const seen = await this.firefox.evaluateInChrome('return window.fanfareTraffic;');
    return seen.filter(({ url }) => url.startsWith(`${origin}/`));
  }
}
