// The history of an app as the server tells it: acts newest first, what is gone, checkpoints. What is asked for stands in the address.
// Not here: what an entry means (told.js), taking back (undo.js, edit.js), the latest changes of the home screen (changes.js).
import { get, write } from './api.js';
import { hasWords, takenAway } from './told.js';

const PAGE = 50, LOOK = 500, LOOKS = 10;
const at = app => `/api/apps/${encodeURIComponent(app)}`;
export const ASKED = ['who', 'via', 'table', 'kind', 'from', 'to', 'q', 'since'];

/** The start of a day of this place, or of the next one, as a time of the server. */
function edgeOf(day, plus) {
  const [, y, m, d] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? '') ?? [];
  return y ? new Date(+y, m - 1, +d + plus).toISOString() : null;
}

const page = (app, path, asked, signal) => get(`${at(app)}/${path}?${new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== null && value !== undefined && value !== ''))}`, signal);

/** `asked` has the words of ASKED. { list, before, more }: `before` is what to ask on with. Words are looked for here, as far back as needs be for a page. */
export async function loadActs(app, asked, { before = null, least = PAGE }, signal) {
  const { q, who, via, table, kind } = asked, fixed = { order: 'newest', who, via, table, kind, after: asked.since ?? edgeOf(asked.from, 0) };
  const list = [];
  let next = before ?? edgeOf(asked.to, 1), more = true;
  for (let looks = 0; more && list.length < least && looks < LOOKS; looks++) {
    const found = await page(app, 'changes', { ...fixed, before: next, limit: q ? LOOK : Math.min(1000, least - list.length) }, signal);
    list.push(...found.changes.filter(c => !q || hasWords(c, q)));
    ({ more, before: next } = found);
  }
  return { list, before: next, more };
}

/** One act with its entries, as many as the server tells at once. */
export const loadAct = (app, seq, signal) => get(`${at(app)}/changes/${seq}`, signal);

/** Records that are gone, newest first, in the form of acts: { list, before, more }. */
export async function loadGone(app, { table, before = null }, signal) {
  const { changes, more, before: next } = await page(app, 'deleted', { table, before, limit: PAGE }, signal);
  return { list: changes, more, before: next };
}

/** Acts that took a table or a field away and are not taken back, among the latest of those. */
export async function loadGoneParts(app, signal) {
  const { changes } = await page(app, 'changes', { order: 'newest', kind: 'define', limit: LOOK }, signal);
  return changes.filter(c => c.can_undo && !c.undone_by && takenAway(c));
}

export const loadPoints = async (app, signal) => (await get(`${at(app)}/checkpoints`, signal)).checkpoints;
export const setPoint = async (app, name) => (await write('POST', `${at(app)}/checkpoints`, { name })).data;
export const dropPoint = (app, id) => write('DELETE', `${at(app)}/checkpoints/${id}`);
/** What going back to one would write: { created, updated, deleted, definitions }. */
export const rehearseReturn = async (app, id) => (await write('POST', `${at(app)}/checkpoints/${id}/return?dry_run=true`, { on_conflict: 'overwrite' })).data;

/** Everybody, by the names that the log has. */
export const loadPeople = async signal => (await get('/api/workspaces/default/users', signal)).users.map(u => u.email);
