// Records of a table: a page of them, one of them, and the names of the records they refer to.
// Not here: what a value looks like (types.js, ui/value.js).
import { get } from './api.js';
import { displayField, plainText } from './types.js';

// The most ids the server takes in one filter.
const IDS_AT_ONCE = 100;
/** How many records a cell and the record panel call by name. A table may have a thousand that point to one record. */
export const NAMES_IN_CELL = 3;
export const NAMES_IN_PANEL = 100;
export const recordsAt = (app, table) => `/api/apps/${encodeURIComponent(app)}/schemas/${encodeURIComponent(table)}/records`;

export function loadPage(app, table, { page, per, sort }, signal) {
  const query = new URLSearchParams({ page, per_page: per });
  if (sort) query.set('sort', sort);
  return get(`${recordsAt(app, table)}?${query}`, signal);
}

export const loadRecord = (app, table, id, signal) => get(`${recordsAt(app, table)}/${encodeURIComponent(id)}`, signal);

/** What a record is called: its display field, or its number when that is empty. */
export function recordName(table, record) {
  const field = displayField(table), text = field && plainText(field, record[field.slug]);
  return text || `No. ${recordNumber(record.id)}`;
}

/** `rec_7` is shown as 7. */
export const recordNumber = id => id.replace(/^rec_/, '');

const nameKey = (table, id) => `${table}/${id}`;
/** The loaded name of a referenced record, or undefined. */
export const nameOf = (names, table, id) => names.get(nameKey(table, id));

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
