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
  const response = await begun(path, headers, signal);
  if (!response.ok) throw Object.assign(new Error('refused'), { answer: await answer(response) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = '';
    for (;;) {
      const { done, value } = await withinSilence(reader);
      if (done) return;
      const frames = (text + value).split('\n\n');
      text = frames.pop();
      for (const frame of frames) {
        const event = field(frame, 'event');
        if (event) yield { event, data: JSON.parse(field(frame, 'data')) };
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // else the connection stays, of the six that a browser has for a host
  }
}

/** Not by a pattern: in those a line also ends at U+2028, which JSON may have in its texts. */
function field(frame, name) {
  const line = frame.split('\n').find((one) => one.startsWith(`${name}: `));
  return line?.slice(`${name}: `.length);
}

/** The response's head, for which it waits no longer than for an answer; what follows may go on for ever. */
async function begun(path, headers, signal) {
  const waiting = new AbortController();
  const give = () => waiting.abort();
  const limit = setTimeout(give, WAIT_MS);
  if (signal?.aborted) give();
  signal?.addEventListener('abort', give);
  try {
    return await fetch(path, { headers, signal: waiting.signal, credentials: 'omit', cache: 'no-store' });
  } finally {
    clearTimeout(limit);
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
