// Every request that Firefox makes, of pages, workers and itself: who sent a cookie, who set one.

/** Runs in Firefox: writes down what goes by, and hands it out with `take`. */
const OBSERVER = `
  const header = (read, name) => { try { return read(name); } catch { return ''; } };
  const log = [];
  const observer = { observe(subject, topic) {
    const channel = subject.QueryInterface(Ci.nsIHttpChannel);
    const cookie = topic === 'http-on-modify-request'
      ? header((name) => channel.getRequestHeader(name), 'Cookie')
      : header((name) => channel.getResponseHeader(name), 'Set-Cookie');
    log.push({ kind: topic === 'http-on-modify-request' ? 'sent' : 'set', url: channel.URI.spec, cookie });
  } };
  Services.obs.addObserver(observer, 'http-on-modify-request');
  Services.obs.addObserver(observer, 'http-on-examine-response');
  window.fanfareTraffic = log;`;

export class Traffic {
  /** Begins to watch; `earlier` is what an earlier run of this Firefox had seen. */
  static async watch(firefox, earlier) {
    const traffic = new Traffic();
    Object.assign(traffic, { firefox, earlier });
    await firefox.evaluateInChrome(OBSERVER);
    return traffic;
  }

  /** All requests to this origin up to now, `{kind: 'sent' | 'set', url, cookie}`, the answer's as a second entry. */
  async with(origin) {
    const seen = await this.firefox.evaluateInChrome('return window.fanfareTraffic;');
    return seen.filter(({ url }) => url.startsWith(`${origin}/`));
  }
}
