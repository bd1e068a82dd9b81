// Talking to the server: one function for every request, and every failure as a Fault with a kind and a sentence.
// Not here: what the answers mean (meta.js, records.js) and where a person goes when the session ends (main.js).

/** kind: offline, auth, forbidden, gone, there, invalid, busy or server. Screens look at the kind, never at a status code. */
class Fault extends Error {
  constructor(kind, text, { wait = null, field = null } = {}) {
    super(text);
    this.kind = kind;
    this.wait = wait;
    this.field = field;
  }
}

let sessionEnded = () => {};
/** Called whenever the server no longer knows who is asking. */
export function whenSessionEnds(fn) { sessionEnded = fn; }

const OFFLINE = 'The server did not answer. Check that Carryall is running and that this device can reach it.';
const KINDS = { 401: 'auth', 403: 'forbidden', 404: 'gone', 409: 'there', 429: 'busy', 503: 'busy' };

function faultOf(status, { message, field } = {}, wait) {
  const kind = KINDS[status] ?? (status >= 500 ? 'server' : 'invalid');
  if (kind === 'busy') return new Fault(kind, wait ? `The server is busy. Try again in ${wait} seconds.` : 'The server is busy. Try again in a moment.', { wait });
  if (kind === 'server') return new Fault(kind, 'The server could not answer this request. Nothing was changed.');
  return new Fault(kind, message || 'The server refused this request.', { field });
}

async function send(path, options) {
  try {
    return await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options, headers: { Accept: 'application/json', ...options.headers } });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Fault('offline', OFFLINE);
  }
}

/** Whole numbers past 2^53 stay the text that was sent: a double would show another number. */
function exact(key, value, context) {
  const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded && context?.source ? context.source : value;
}

async function read(answer) {
  if (answer.status === 204) return null;
  try {
    return JSON.parse(await answer.text(), exact);
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    if (answer.ok) throw new Fault('server', 'The server sent an answer this page cannot read.');
    return null;
  }
}

async function request(path, options) {
  const answer = await send(path, options);
  const data = await read(answer);
  if (answer.ok) return data;
  const wait = Number(answer.headers.get('Retry-After')) || null;
  throw faultOf(answer.status, data?.error, wait);
}

/** Reads. A lost session is reported once here, so that no screen has to think of it. */
export async function get(path, signal) {
  try {
    return await request(path, { signal });
  } catch (e) {
    if (e.kind === 'auth') sessionEnded();
    throw e;
  }
}

export const post = (path, body) => request(path, {
  method: 'POST',
  headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
  body: body === undefined ? undefined : JSON.stringify(body),
});
