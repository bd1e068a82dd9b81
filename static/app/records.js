// Records of a table: a page of them, one of them, and the names of the records they refer to.
// Not here: what a value looks like (types.js, ui/value.js).
import { get } from './api.js';
import { t } from './i18n.js';
import { displayField, plainText } from './types.js';

// The most ids the server takes in one filter.
const IDS_AT_ONCE = 100, LOADS_AT_ONCE = 4;
/** How many records a cell and the record panel call by name. A table may have a thousand that point to one record. */
export const NAMES_IN_CELL = 3;
export const NAMES_IN_PANEL = 100;
/** The address of a table, and of its records. */
export const schemaAt = (app, table) => `/api/apps/${encodeURIComponent(app)}/schemas/${encodeURIComponent(table)}`;
export const recordsAt = (app, table) => `${schemaAt(app, table)}/records`;

/** What a list is asked, as a query: `{ sort, filter, q }`. */
export function listQuery({ sort, filter, q }) {
  const query = new URLSearchParams();
  if (sort) query.set('sort', sort);
  if (filter) query.set('filter', filter);
  if (q) query.set('q', q);
  return query;
}

/** Some records by their place in the list, as if those of the ids in `without` were not there; counted only when that is wanted. With `names`
 *  come those of what they refer to, of so many in each value: `namesOf`. */
export function loadWindow(app, table, { offset, limit, counts, names, without = [], ...ask }, signal) {
  const others = without.length ? `!(id in (${without.map(id => `'${id}'`).join(', ')}))` : '';
  const query = listQuery({ ...ask, filter: [ask.filter, others].filter(Boolean).map(f => `(${f})`).join(' && ') });
  for (const [name, value] of Object.entries({ limit, offset, count: counts ? 'exact' : 'none', ...(names && { names }) })) query.set(name, value);
  return get(`${recordsAt(app, table)}?${query}`, signal);
}

const IDS_A_WINDOW = 1_000;
/** The ids of all records of a list, at most `most`. */
export async function loadIds(app, table, ask, most, signal) {
  const ids = [];
  for (let cursor = ''; cursor !== null && ids.length < most;) {
    const query = listQuery(ask);
    for (const [name, value] of Object.entries({ fields: 'id', limit: IDS_A_WINDOW, cursor, count: 'none' })) query.set(name, value);
    const found = await get(`${recordsAt(app, table)}?${query}`, signal);
    ids.push(...found.records.map(r => r.id));
    cursor = found.next_cursor;
  }
  return ids.slice(0, most);
}

/** The records of these ids: Map(id, record). Those that are gone are not in it. */
export async function loadMany(app, table, ids, signal) {
  const found = new Map(), parts = [];
  for (let i = 0; i < ids.length; i += IDS_AT_ONCE) parts.push(ids.slice(i, i + IDS_AT_ONCE));
  const work = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const query = new URLSearchParams([['page', 1], ['per_page', IDS_AT_ONCE], ...part.map(id => ['filter[id]', id])]);
      for (const record of (await get(`${recordsAt(app, table)}?${query}`, signal)).records) found.set(record.id, record);
    }
  };
  await Promise.all(Array.from({ length: LOADS_AT_ONCE }, work));
  return found;
}

export const loadRecord = (app, table, id, signal) => get(`${recordsAt(app, table)}/${encodeURIComponent(id)}`, signal);

/** What a record is called: its display field, or its number when that is empty. */
export function recordName(table, record) {
  const field = displayField(table), text = field && plainText(field, record[field.slug]);
  return text || numbered(record.id);
}

/** `rec_7` is shown as 7. */
export const recordNumber = id => id.replace(/^rec_/, '');
/** What a record without a name is called. */
export const numbered = id => t('record.numbered', { n: recordNumber(String(id)) });

const nameKey = (table, id) => `${table}/${id}`;
/** Notes what a record is called, when it came another way than with the names. */
export const rememberName = (names, table, id, name) => names.set(nameKey(table, id), name);
/** The loaded name of a referenced record, or undefined. */
export const nameOf = (names, table, id) => names.get(nameKey(table, id));

/** The names that came with a list. */
export function namesOf(tables, called) {
  const names = new Map();
  for (const [slug, of] of Object.entries(called)) {
    const target = tables.find(x => x.slug === slug), field = target && displayField(target);
    for (const [id, value] of Object.entries(of)) if (field) names.set(nameKey(slug, id), recordName(target, { id, [field.slug]: value }));
  }
  return names;
}

function idsByTarget(table, records, most) {
  const wanted = new Map();
  for (const field of table.fields.filter(f => f.target)) {
    const ids = wanted.get(field.target) ?? new Set();
    for (const record of records) for (const id of [record[field.slug]].flat().slice(0, most)) if (typeof id === 'string') ids.add(id);
    if (ids.size) wanted.set(field.target, ids);
  }
  return wanted;
}

/** Whether a value of this record refers to more records than a cell calls by name. */
export const refersToMany = (table, record) => table.fields.some(f => f.target && [record[f.slug]].flat().length > NAMES_IN_CELL);

/** Names for the first references in every value of these records: one request for each referenced table, not one for each cell. */
export async function loadNames(app, tables, table, records, most, signal) {
  const names = new Map();
  const jobs = [...idsByTarget(table, records, most)].flatMap(([slug, set]) => {
    const target = tables.find(t => t.slug === slug), ids = [...set], parts = [];
    for (let i = 0; target && i < ids.length; i += IDS_AT_ONCE) parts.push({ target, ids: ids.slice(i, i + IDS_AT_ONCE) });
    return parts;
  });
  await Promise.all(jobs.map(async ({ target, ids }) => {
    const query = new URLSearchParams([['page', 1], ['per_page', IDS_AT_ONCE], ...ids.map(id => ['filter[id]', id])]);
    try {
      const { records: found } = await get(`${recordsAt(app, target.slug)}?${query}`, signal);
      for (const record of found) names.set(nameKey(target.slug, record.id), recordName(target, record));
    } catch (e) {
      // Names are a comfort: a table that may not be read leaves its references as ids instead of failing the page.
      if (e.kind !== 'forbidden' && e.kind !== 'gone') throw e;
    }
  }));
  return names;
}
