// The dialects of the server: what they are, and sending a request in one of them through the server itself, since a page may set neither a cookie nor an origin.
// Not here: which request says what (said.js).
import { HOUSE, get, tab, write } from './api.js';

/** The one that this page speaks. */
export const OWN = 'house';
let asked = null;

/** Asked once: they are the program's, and do not change while it runs. */
export async function loadDialects() {
  asked ??= get(`${HOUSE}/dialects`);
  try { return (await asked).dialects; } catch (fault) { asked = null; throw fault; }
}

/** What an address holds that it cannot: everything else is percent-encoded as a browser would do it. */
const plain = path => path.trim().replace(/[^\x21-\x7e]/gu, c => encodeURIComponent(c));

/** `{ status, headers, body | body_base64, ms }`. `as` is `caller`, `guest` or the number of a token. What cannot be sent is a Fault that names its field. */
export async function sendAs(as, { method, path, headers, body }) {
  // A write of this tab, so that Ctrl+Z takes it back.
  const all = Object.fromEntries([...headers, ['X-Carryall-Tab', tab]]);
  const { data } = await write('POST', `${HOUSE}/try`, { as, request: { method, path: plain(path), headers: all, ...(body ? { body } : {}) } });
  return data;
}
