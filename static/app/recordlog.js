// What happened to one record: its changes from the log, how it was, who changed a field last, and what one may do with it.
// Not here: taking back (undo.js), the history of a whole app.
import { get } from './api.js';
import { isSame } from './edit.js';
import { loadNames, nameOf, numbered, recordsAt } from './records.js';
import { canWrite, person, rights } from './session.js';
import { formatStamp, plainText } from './types.js';
import { learn, t } from './i18n.js';
import { ago } from '../lib/dates.js';
import { RECORD } from '../i18n/en-record.js';

learn(RECORD);

const PAGE = 30, LAST = 20, NAMES = 20;
const at = (app, table, id) => `${recordsAt(app, table)}/${encodeURIComponent(id)}`;

/** A value in words, with the names of records that it refers to, as far as they are known. */
export function said(field, value, names) {
  if (field.target && value !== null && value !== undefined) return [value].flat().map(id => nameOf(names, field.target, id) ?? numbered(id)).join(', ');
  return plainText(field, value);
}

/** What one change did to each field: `{ slug, before, after }`, with undefined for what was not there. */
export function differences({ kind, data }) {
  const before = data?.before ?? {}, after = data?.after ?? {};
  if (kind !== 'update') return [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(f => !isSame(before[f], after[f])).map(slug => ({ slug, before: before[slug], after: after[slug] }));
}

/** A piece of the history, newest first: `{ changes, before }`, and in `names` what the records in it are called. `before` asks for what is older. */
export async function loadHistory(app, tables, table, id, { before = null, names = new Map() }, signal) {
  const query = new URLSearchParams({ limit: PAGE, ...(before && { before }) });
  const { changes, before: next } = await get(`${at(app, table.slug, id)}/history?${query}`, signal);
  const states = changes.flatMap(c => [c.data?.before, c.data?.after]).filter(Boolean);
  for (const [key, name] of await loadNames(app, tables, table, states, NAMES, signal)) names.set(key, name);
  return { changes, before: next, names };
}

/** The record as it was after a change of the log. */
export const loadPast = (app, table, id, seq, signal) => get(`${at(app, table, id)}?at=${encodeURIComponent(seq)}`, signal);

/** "two minutes ago" for what is from today, else the day and the time. */
export const since = stamp => ago(stamp) ?? formatStamp(stamp);

/** Who did something, in words: oneself is oneself elsewhere. */
export const nameOfWho = by => (by === person.get()?.email ? t('who.you') : by);

/** Who changed a field last, and when, as the beginning of a sentence. */
export async function whoChanged(app, table, id, field) {
  try {
    const { changes } = await get(`${at(app, table.slug, id)}/history?limit=${LAST}`);
    const found = changes.find(c => c.data?.after && field.slug in c.data.after);
    if (found) return t('who.when', { who: nameOfWho(found.by), when: since(found.at) });
  } catch { /* Without the log nobody knows who it was. */ }
  return t('who.somebody');
}

const BUILT_IN = ['owner', 'editor', 'viewer'];
const explained = async (app, table, id, action, signal) => {
  const query = new URLSearchParams({ app, schema: table, action, record: id });
  try { return (await get(`/api/workspaces/default/explain?${query}`, signal)).record?.allowed ?? true; } catch (e) { if (e.name === 'AbortError') throw e; return true; }
};
/** What one may do with the records of a table: { update, delete, create }. */
export const mayIn = (app, table) => {
  const says = action => table.can?.[action] ?? canWrite(app);
  return { update: says('update'), delete: says('delete'), create: says('create') };
};
/** The same for one record: a role of one's own may have rules that pick records, so the server is asked. */
export async function mayWith(app, table, id, signal) {
  const may = mayIn(app, table), can = rights.get(), role = can?.apps[app];
  if (!can || can.manage || BUILT_IN.includes(role)) return may;
  const [update, remove] = await Promise.all(['update', 'delete'].map(action => may[action] && explained(app, table.slug, id, action, signal)));
  return { ...may, update, delete: remove };
}
