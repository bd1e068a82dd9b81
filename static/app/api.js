// Talking to the server: one function for every request, and every failure as a Fault with a kind and a sentence.
// Not here: what the answers mean (meta.js, records.js) and where a person goes when the session ends (main.js).
import { t } from './i18n.js';

/** kind: offline, auth, forbidden, gone, there, changed, invalid, busy or server. Screens look at the kind, never at a status code. */
class Fault extends Error {
  // details: one for each problem. conflicts: what stands in the way of an undo. record, tag: how the record is now, when somebody was faster.
  constructor(kind, text, { wait = null, field = null, details = null, conflicts = null, record = null, tag = null } = {}) {
    super(text);
    Object.assign(this, { kind, wait, field, details, conflicts, record, tag });
  }
}

let sessionEnded = () => {};
/** Called whenever the server no longer knows who is asking. */
export function whenSessionEnds(fn) { sessionEnded = fn; }

const KINDS = { 401: 'auth', 403: 'forbidden', 404: 'gone', 409: 'there', 412: 'changed', 429: 'busy', 503: 'busy' };

function faultOf(status, { message, field, details, conflicts } = {}, { wait, record, tag }) {
  const kind = KINDS[status] ?? (status >= 500 ? 'server' : 'invalid');
  if (kind === 'busy') return new Fault(kind, wait ? t('fault.busy.wait', { n: wait }) : t('fault.busy'), { wait });
  if (kind === 'server') return new Fault(kind, t('fault.server'));
  return new Fault(kind, message || t('fault.refused'), { field, details, conflicts, record, tag });
}

async function send(path, options) {
  try {
    return await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options, headers: { Accept: 'application/json', ...options.headers } });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Fault('offline', t('fault.offline'));
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
    if (answer.ok) throw new Fault('server', t('fault.unreadable'));
    return null;
  }
}

async function exchange(path, options) {
  const answer = await send(path, options), data = await read(answer), tag = answer.headers.get('ETag');
  if (answer.ok) return { data, tag };
  throw faultOf(answer.status, data?.error, { wait: Number(answer.headers.get('Retry-After')) || null, record: data?.record ?? null, tag });
}

const request = async (path, options) => (await exchange(path, options)).data;

async function watched(work) {
  try {
    return await work;
  } catch (e) {
    if (e.kind === 'auth') sessionEnded();
    throw e;
  }
}

/** Reads. A lost session is reported once here, so that no screen has to think of it. */
export const get = (path, signal) => watched(request(path, { signal }));

/** Reads in the background: a session that is over is found by what the person does next, and takes nothing out of their hands before. */
export const getQuietly = (path, signal) => request(path, { signal });

/** Reads one thing with the tag of its state: `{ data, tag }`. */
export const getTagged = path => watched(exchange(path, {}));

/** The workspace of the data file. */
export const HOUSE = '/api/workspaces/default';

// Each tab has a short name of its own, which its changes carry: what a tab did, the same tab takes back.
const TAB = 'ui:tab';
/** The name of this tab; without storage a new one at every start. */
export const tab = (() => {
  const made = Array.from(crypto.getRandomValues(new Uint8Array(6)), b => b.toString(16).padStart(2, '0')).join('');
  try {
    const known = sessionStorage.getItem(TAB);
    if (!known) sessionStorage.setItem(TAB, made);
    return known ?? made;
  } catch { return made; }
})();

/** Writes, for app/edit.js: `{ data, tag }` of what came of it. */
export const write = (method, path, body, headers = {}) => watched(exchange(path, {
  method,
  headers: { 'X-Carryall-Tab': tab, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
  body: body === undefined ? undefined : JSON.stringify(body),
}));

export const post = (path, body) => request(path, {
  method: 'POST',
  headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
  body: body === undefined ? undefined : JSON.stringify(body),
});

/** Sends a file or a text of rows as it is. It can be given up by its signal. */
export const sendRows = (path, rows, type, signal) => watched(request(path, {
  method: 'POST', signal, body: rows, headers: { 'X-Carryall-Tab': tab, 'Content-Type': type },
}));
