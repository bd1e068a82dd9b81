// What the change log says, in a form to be shown: days, what became of each field, what was taken away. Plain functions over its entries.
// Not here: asking for them (app/history.js), markup (ui/act.js).
import { t } from './i18n.js';
import { nameOf, numbered } from './records.js';
import { plainText, wordOf } from './types.js';

const NAMES = 20, DAY_MS = 86_400_000;
// What says how a table is kept, and nothing that people see.
const INNER = ['id', 'version', 'next_id', 'aliases', 'fields', 'kind', 'inverses', 'masks', 'renamed'];
const OF_FIELD = ['slug', 'name', 'type'];

const days = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const times = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
export const timeOf = at => times.format(new Date(at));
const midnight = at => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

/** A day by its name: today, yesterday, or in full. */
export function dayName(at, now = new Date()) {
  const ago = Math.round((midnight(now) - midnight(at)) / DAY_MS);
  return ago === 0 || ago === 1 ? t(ago ? 'history.yesterday' : 'history.today') : days.format(at);
}

/** Acts and checkpoints, newest first, by the day of this place: [{ day, at, list: [{ act } | { point }] }]. A checkpoint stands above the change that was the last before it. */
export function byDay(acts, points = []) {
  const rows = acts.map(act => ({ act, seq: act.seq, at: new Date(act.at) })), last = acts.at(-1)?.seq ?? Infinity;
  for (const point of points) if (point.change >= last || !acts.length) rows.push({ point, seq: point.change + 0.5, at: new Date(point.at) });
  rows.sort((a, b) => b.seq - a.seq);
  const found = [];
  for (const row of rows) {
    const day = midnight(row.at);
    if (found.at(-1)?.day !== day) found.push({ day, at: row.at, list: [] });
    found.at(-1).list.push(row);
  }
  return found;
}

const isNone = value => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);
const raw = value => (typeof value === 'string' ? value : JSON.stringify(value));

/** A value as a text, or null for none; records by their names, as far as they are known. */
export function valueText(field, value, names = new Map()) {
  if (isNone(value)) return null;
  if (field?.target) {
    const all = [value].flat(), shown = all.slice(0, NAMES).map(id => nameOf(names, field.target, id) ?? numbered(id));
    return all.length > NAMES ? `${shown.join(', ')} ${t('value.more', { n: all.length - NAMES })}` : shown.join(', ');
  }
  return field ? plainText(field, value) : raw(value);
}

function ofRecord(data, table, names, isWhole) {
  const slugs = [...new Set([...Object.keys(data.before ?? {}), ...Object.keys(data.after ?? {})])];
  const steps = slugs.map(slug => {
    const field = table?.fields.find(f => f.slug === slug);
    return { name: field?.name ?? slug, before: valueText(field, data.before?.[slug], names), after: valueText(field, data.after?.[slug], names) };
  });
  return isWhole ? steps.filter(s => s.before !== null) : steps;
}

function ofParts(before, after, said = '') {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(key => !INNER.includes(key));
  return keys.filter(key => JSON.stringify(before[key] ?? null) !== JSON.stringify(after[key] ?? null))
    .map(key => ({ name: said ? `${said}: ${key}` : key, before: isNone(before[key]) ? null : raw(before[key]), after: isNone(after[key]) ? null : raw(after[key]) }));
}

const calledField = field => field.name ?? field.slug;

function ofDefinition({ before, after, renamed = [] }) {
  const was = before?.fields ?? [], is = after?.fields ?? [], now = new Map(is.map(f => [f.slug, f])), other = new Map(renamed);
  const found = before && after ? ofParts(before, after) : [];
  for (const field of was) {
    const next = now.get(other.get(field.slug) ?? field.slug);
    if (!next) found.push({ name: calledField(field), before: wordOf(field.type), after: null });
    else found.push(...OF_FIELD.filter(key => field[key] !== next[key]).map(key => ({ name: calledField(field), before: raw(field[key]), after: raw(next[key]) })), ...ofParts({ ...field, slug: null, name: null, type: null }, { ...next, slug: null, name: null, type: null }, calledField(field)));
    now.delete(next?.slug);
  }
  for (const field of now.values()) found.push({ name: calledField(field), before: null, after: wordOf(field.type) });
  return found;
}

/** What became of what, in one entry: [{ name, before, after }], each a text or null for nothing. */
export function stepsOf(entry, table, names) {
  const data = entry.data ?? {};
  if (entry.kind === 'import') return [['history.made', data.created], ['history.updated', data.updated]].filter(([, n]) => n).map(([key, n]) => ({ name: t(key), before: null, after: t('foot.records', { n }) }));
  if (entry.kind === 'define') return data.before?.fields || data.after?.fields ? ofDefinition(data) : ofParts(data.before ?? {}, data.after ?? {});
  return data.before || data.after ? ofRecord(data, table, names, entry.kind === 'delete') : [];
}

/** What an act took away that was not there for records alone: { table } or { table, fields }; null if it did not. */
export function takenAway({ kind, data }) {
  if (kind !== 'define' || !data?.before?.fields) return null;
  const table = data.before.name ?? data.before.slug;
  if (!data.after) return { table };
  const there = new Set((data.after.fields ?? []).map(f => f.slug)), other = new Map(data.renamed ?? []);
  const fields = data.before.fields.filter(f => !there.has(other.get(f.slug) ?? f.slug)).map(calledField);
  return fields.length ? { table, fields } : null;
}

/** Whether an act has all of the words in what is said of it. */
export function hasWords(act, words) {
  const said = [act.sentence, act.label, act.by, act.token].filter(Boolean).join(' ').toLowerCase();
  return words.toLowerCase().split(/\s+/).filter(Boolean).every(word => said.includes(word));
}
