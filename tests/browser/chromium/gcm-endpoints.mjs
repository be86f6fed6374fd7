// Chromium names every endpoint by a host of Google's, and no flag changes that. What a page tells the daemon of its
// subscription is changed on the way: the same token at the test's push service, as if that were Google's.

/** From now on, for this page; the endpoints as Chromium named them, as they come. */
export async function renameEndpoints(page, authority) {
  const named = [];
  page.browser.on('event', (method, { requestId, request }, sessionId) => {
    if (method !== 'Fetch.requestPaused' || sessionId !== page.sessionId) return;
    const body = JSON.parse(request.postData ?? '{}');
    const postData = body.endpoint && Buffer.from(JSON.stringify(renamed(body))).toString('base64');
    page.send('Fetch.continueRequest', { requestId, postData }).catch(() => {}); // the page was closed meanwhile
  });
  await page.send('Fetch.enable', { patterns: [{ urlPattern: '*/v1/*subscriptions*' }] });
  return named;

  function renamed(subscription) {
    named.push(subscription.endpoint);
    const token = subscription.endpoint.split('/').at(-1);
    return { ...subscription, endpoint: `https://${authority}/push/${token}` };
  }
}
