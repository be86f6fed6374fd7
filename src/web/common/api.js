/** Calls to the daemon. The credential rides in the header Authorization, and nowhere else. */

const WAIT_MS = 30_000; // for an answer
const SILENCE_MS = 45_000; // the server writes into a stream every 15 s: one that says nothing for so long is cut off

/** `{ok, status, body, slug}`; status 0: no answer. */
export async function call(method, path, credential, json, more = {}) {
  const headers = { ...authorization(credential), ...more };
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const signal = AbortSignal.timeout(WAIT_MS);
    const response = await fetch(path, { method, headers, body: json, signal, credentials: 'omit', cache: 'no-store' });
    return await answer(response);
  } catch {
    return { ok: false, status: 0, body: {}, slug: 'unreachable' };
  }
}

/** Server-sent events, by `fetch` because EventSource cannot send a credential: yields `{event, data}`. */
export async function* events(path, credential, signal) {
  const headers = { ...authorization(credential), Accept: 'text/event-stream' };
  const response = await fetch(path, { headers, signal, credentials: 'omit', cache: 'no-store' });
  if (!response.ok) throw Object.assign(new Error('refused'), { answer: await answer(response) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await withinSilence(reader);
    if (done) return;
    const frames = (text + value).split('\n\n');
    text = frames.pop();
    for (const frame of frames) {
      const event = frame.match(/^event: (.*)$/m)?.[1];
      if (event) yield { event, data: JSON.parse(frame.match(/^data: (.*)$/m)[1]) };
    }
  }
}

/** The next piece; the end, where none comes. */
async function withinSilence(reader) {
  const silence = setTimeout(() => reader.cancel().catch(() => {}), SILENCE_MS);
  try {
    return await reader.read();
  } finally {
    clearTimeout(silence);
  }
}

const authorization = (credential) => (credential ? { Authorization: `Bearer ${credential}` } : {});

async function answer(response) {
  // Anything else is a 204, or a proxy's page.
  const isJson = response.headers.get('Content-Type')?.includes('json');
  const body = isJson ? await response.json() : {};
  const slug = body.type?.match(/[^/#]+$/)?.[0]; // RFC 9457: a URI; its end is our name of the problem
  return { ok: response.ok, status: response.status, body, slug };
}
