// Taking rows in: reading a file, guessing which column is which field, turning rows into records, a rehearsal by the server, and the import itself.
// Not here: reading one value (columns.js), the wizard (screens/import.js).
import { get, sendRows, write } from './api.js';
import { lookAt, valueFor } from './columns.js';
import { makeField, makeOption } from './design.js';
import { slugFor } from './guess.js';
import { follow, endJob } from './jobs.js';
import { recordsAt, schemaAt } from './records.js';
import { displayField } from './types.js';

const KINDS = { csv: 'text/csv', tsv: 'text/csv', txt: 'text/csv', json: 'application/json', ndjson: 'application/x-ndjson', jsonl: 'application/x-ndjson', xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', xlsm: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' };
// The server tells the first problems only; the rest come to light when these rows are left out, round by round.
const ROUNDS_MAX = 60;
const CANNOT = ['computed', 'lines'];

function kindOf({ name, text }) {
  if (text !== undefined) return /^\s*\[/.test(text) ? KINDS.json : /^\s*\{/.test(text) ? KINDS.ndjson : KINDS.csv;
  const kind = KINDS[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase()];
  if (!kind) throw Object.assign(new Error('format'), { kind: 'format' });
  return kind;
}

/** What is in a file or text: `{ headings, rows, sheets, notes, columns }`. */
export async function readRows(given, sheet, signal) {
  const query = sheet ? `?sheet=${encodeURIComponent(sheet)}` : '';
  const found = await sendRows(`/api/workspaces/default/rows${query}`, given.file ?? given.text, kindOf(given), signal);
  return { ...found, columns: found.headings.map((heading, at) => lookAt(heading, at, found.rows)) };
}

const SAME = [['email', 'mail', 'emailaddress'], ['name', 'title', 'fullname'], ['phone', 'tel', 'telephone', 'mobile'], ['company', 'firm', 'organisation', 'organization', 'employer'],
  ['website', 'url', 'web', 'homepage'], ['notes', 'note', 'comment', 'comments', 'remarks'], ['date', 'day'], ['amount', 'sum', 'total', 'value'], ['since', 'joined', 'knownsince', 'start']];
const bare = text => text.normalize('NFKD').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Which field each column is: `{ to, form, match, missing }` by column. A field is taken once; the name counts, then another word for it, then an only type. */
export function guessMapping(columns, table, tables) {
  const free = new Set((table?.fields ?? []).filter(f => !CANNOT.includes(f.type)));
  const plan = columns.map(column => ({ to: null, form: null, match: null, missing: 'empty', type: column.type }));
  const take = (i, field) => { plan[i].to = field.slug; free.delete(field); };
  const pass = test => columns.forEach((column, i) => {
    const field = !plan[i].to && [...free].find(f => test(column, f));
    if (field) take(i, field);
  });
  columns.forEach((column, i) => { if (bare(column.heading) === 'id' && column.isIds && table) plan[i].to = 'id'; });
  pass((c, f) => bare(c.heading) === bare(f.slug) || bare(c.heading) === bare(f.name));
  pass((c, f) => SAME.some(words => words.includes(bare(c.heading)) && (words.includes(bare(f.slug)) || words.includes(bare(f.name)))));
  pass((c, f) => ['email', 'url', 'phone'].includes(f.type) && c.type === f.type && [...free].filter(x => x.type === f.type).length === 1);
  columns.forEach((column, i) => {
    const field = table?.fields.find(f => f.slug === plan[i].to);
    plan[i].form = column.orders[0] ?? column.marks[0] ?? null;
    if (field?.target) Object.assign(plan[i], { match: column.isIds ? 'id' : displayField(tables.find(x => x.slug === field.target) ?? { fields: [] })?.slug ?? 'id' });
    // Of a table that is not there yet everything becomes a field.
    if (!table && column.filled) plan[i].to = 'new';
  });
  return plan;
}

/** The fields that new columns become, each with a slug of its own. */
export function newFields(columns, plan, table) {
  const taken = (table?.fields ?? []).map(f => f.slug);
  return columns.flatMap((column, i) => {
    if (plan[i].to !== 'new') return [];
    const slug = slugFor(column.heading, [...taken, 'id', 'created_at', 'updated_at'], 'column'), { type } = plan[i];
    taken.push(slug);
    const options = ['select', 'radio'].includes(type) ? { options: [...new Set(column.choices)].map(label => ({ value: label, label })) } : {};
    return [{ at: i, field: { slug, name: column.heading || slug, type, ...(type === 'money' ? { scale: 2 } : {}), ...options } }];
  });
}

/** Names of the records that columns refer to, by column: `Map(name in small letters, id)`. */
async function namesOf(app, table, plan, signal) {
  const names = new Map();
  await Promise.all(plan.map(async ({ to, match }, i) => {
    const field = table?.fields.find(f => f.slug === to);
    if (!field?.target || match === 'id') return;
    const records = await wholeColumn(app, field.target, match, signal);
    names.set(i, new Map(records.filter(r => r[match] !== null).map(r => [String(r[match]).trim().toLowerCase(), r.id])));
  }));
  return names;
}

async function wholeColumn(app, table, field, signal) {
  const query = new URLSearchParams({ format: 'json', ids: '1', ...(field === 'id' ? {} : { fields: field }) });
  return get(`${schemaAt(app, table)}/export?${query}`, signal);
}

const choiceFor = (field, value) => field.choices?.find(c => c.value === value || (c.label ?? '').toLowerCase() === String(value).toLowerCase() || c.value.toLowerCase() === String(value).toLowerCase())?.value ?? null;

/** One cell as its field wants it: `{ value }`, `{ wrong }` or `{ missing }` when a record or an option of that name is not there. */
function cell(raw, field, way, names) {
  const read = valueFor(raw, field.type, way.form);
  if (read.wrong || read.value === null) return read;
  if (names) {
    const found = [read.value].flat().flatMap(v => String(v).split(field.type === 'references' ? /\s*[;,]\s*/ : /$^/)).map(v => names.get(v.trim().toLowerCase()) ?? null);
    if (found.includes(null)) return { missing: String(read.value), value: null };
    return { value: field.type === 'references' ? found : found[0] };
  }
  if (field.choices || field.options) {
    const found = [read.value].flat().map(v => choiceFor(field, v));
    if (found.includes(null)) return { missing: [read.value].flat()[found.indexOf(null)], value: null, option: true };
    return { value: Array.isArray(read.value) ? found : found[0] };
  }
  return read;
}

/** All rows as records, what is wrong with which cell, and which names are not there: `{ records, problems, missing }`. A record is null when its row is left out. */
export async function makeRecords(job, signal) {
  const { app, table, rows, columns, plan, match, existing } = job;
  const made = newFields(columns, plan, table), names = await namesOf(app, table, plan, signal), problems = [], missing = new Map();
  const fields = columns.map((_, i) => (plan[i].to === 'new' ? made.find(m => m.at === i).field : plan[i].to === 'id' ? { slug: 'id', name: 'id', type: 'text' } : table?.fields.find(f => f.slug === plan[i].to)));
  const known = match && existing === 'skip' ? new Set((await wholeColumn(app, table.slug, match, signal)).map(r => String(r[match] ?? '').toLowerCase())) : null;
  // Told here, because the server tells the first rows only, and without such a value it may be all of them.
  const needed = (table?.fields ?? []).filter(f => f.required && (f.default ?? null) === null && !CANNOT.includes(f.type) && f.type !== 'sequence');
  let skipped = 0;
  const records = rows.map((row, at) => {
    const record = {};
    for (let i = 0; i < columns.length; i++) {
      const field = fields[i];
      if (!field) continue;
      const got = cell(row[columns[i].at], plan[i].to === 'new' ? { ...field, options: undefined } : field, plan[i], names.get(i));
      if (got.missing !== undefined) {
        if (!missing.has(i)) missing.set(i, new Set());
        missing.get(i).add(got.missing);
        if (plan[i].missing === 'skip') problems.push({ at, field: field.slug, column: columns[i].heading, value: row[columns[i].at], kind: 'missing' });
        else if (plan[i].missing === 'create') record[field.slug] = { $missing: got.missing };
        else record[field.slug] = null;
        continue;
      }
      if (got.wrong) problems.push({ at, field: field.slug, column: columns[i].heading, value: row[columns[i].at], kind: got.wrong });
      else record[field.slug] = got.value;
    }
    if (!match) for (const field of needed) if ((record[field.slug] ?? null) === null && !problems.some(p => p.at === at && p.field === field.slug)) problems.push({ at, field: field.slug, column: field.name, value: null, kind: 'required' });
    if (known && known.has(String(record[match] ?? '').toLowerCase())) { skipped++; return null; }
    return record;
  });
  return { records, problems, missing, skipped, made };
}

/** One record a line. Numbers are texts here and stand without quotes there, so that no digit is lost. */
function body(records, numbers) {
  const literal = (slug, value) => (numbers.has(slug) && typeof value === 'string' ? value.replace(/^(-?)0+(?=\d)/, '$1') : JSON.stringify(value));
  return records.map(r => `{${Object.entries(r).map(([slug, value]) => `${JSON.stringify(slug)}:${literal(slug, value)}`).join(',')}}`).join('\n');
}

const importAt = (app, table, match, dry) => {
  const query = new URLSearchParams({ ...(match ? { key: match } : {}), ...(dry ? { dry_run: 'true' } : {}) });
  return `${schemaAt(app, table)}/import?${query}`;
};

/** Sends rows while their job is watched. Ended by the signal: the server is told, too. */
async function send(at, text, onProgress, signal) {
  const watch = new AbortController();
  let job = null;
  signal.addEventListener('abort', () => { if (job) endJob(job.id).catch(() => {}); watch.abort(); }, { once: true });
  follow('import', seen => { job = seen; onProgress?.(seen); }, watch.signal);
  try {
    return await sendRows(at, text, 'application/x-ndjson', signal);
  } finally { watch.abort(); }
}

/** The columns whose texts are numbers. */
const numbersOf = (table, made) => new Set([...(table?.fields ?? []), ...made.map(m => m.field)].filter(f => ['integer', 'number', 'decimal', 'money'].includes(f.type)).map(f => f.slug));

/** What the server would make of the records: `{ created, updated, problems }`; a problem is of a row, and of a field where it has one. */
export async function rehearse({ app, table, match }, { records, made }, bad, onProgress, signal) {
  const out = new Set(bad), problems = [], fresh = new Set(made.map(m => m.field.slug)), numbers = numbersOf(table, made);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const rows = records.flatMap((record, at) => (record && !out.has(at) ? [{ at, record: known(record, fresh) }] : []));
    if (!rows.length) return { created: 0, updated: 0, problems };
    try {
      const done = await send(importAt(app, table.slug, match, true), body(rows.map(r => r.record), numbers), onProgress, signal);
      return { created: done.created, updated: done.updated, problems };
    } catch (fault) {
      const found = (fault.details ?? []).filter(d => d.index !== undefined);
      if (!found.length) throw fault;
      for (const { index, field, message } of found) {
        const { at } = rows[index];
        problems.push({ at, field, column: field, value: field ? records[at][field] : null, text: message.replace(/^Row \d+(?: \([^)]*\))?:\s*/, '') });
        out.add(at);
      }
    }
  }
  return { created: 0, updated: 0, problems, isTooMany: true };
}

/** Without the fields that are not there yet, and without names that are to be made. */
function known(record, fresh) {
  return Object.fromEntries(Object.entries(record).filter(([slug]) => !fresh.has(slug)).map(([slug, value]) => [slug, value?.$missing === undefined ? value : null]));
}

/** Makes what is missing, then takes the records in, all or none: `{ created, updated }`. */
export async function run({ app, table, plan, match }, { records, made, missing }, bad, onProgress, signal) {
  for (const { field } of made) if (!table.fields.some(f => f.slug === field.slug)) await makeField(app, table.slug, field);
  const ids = new Map();
  for (const [i, values] of missing) if (plan[i].missing === 'create') ids.set(plan[i].to, await makeMissing(app, table, plan[i], [...values]));
  const out = new Set(bad), numbers = numbersOf(table, made);
  const good = records.filter((record, at) => record && !out.has(at)).map(record => resolved(record, ids));
  return send(importAt(app, table.slug, match, false), body(good, numbers), onProgress, signal);
}

const resolved = (record, ids) => Object.fromEntries(Object.entries(record).map(([slug, value]) => [slug, value?.$missing === undefined ? value : ids.get(slug)?.get(value.$missing) ?? null]));

async function makeMissing(app, table, { to, match }, values) {
  const field = table.fields.find(f => f.slug === to);
  if (!field.target) {
    for (const value of values) await makeOption(app, table.slug, to, { value, label: value });
    return new Map(values.map(v => [v, v]));
  }
  const { data } = await write('POST', recordsAt(app, field.target), values.map(v => ({ [match]: v })));
  return new Map(data.records.map((record, i) => [values[i], record.id]));
}

/** Rows of the file as CSV, for those that were left out. */
export function asCsv(headings, rows) {
  const quote = v => { const text = v === null || v === undefined ? '' : typeof v === 'object' ? JSON.stringify(v) : String(v); return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text; };
  return [headings, ...rows].map(r => headings.map((_, i) => quote(r[i])).join(',')).join('\r\n');
}
