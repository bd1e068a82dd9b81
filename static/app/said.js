// What somebody did, as the request that does it in a dialect. All of a dialect comes as data from the server: addresses, bodies, how lists are asked.
// Not here: sending (dialects.js), printing for other programs (snippets.js).
//
// A deed is { kind, … }: list { sort, filter, q, tree }, read { id }, create { values }, update { id, values }, delete { id }, their sets create { all: [values] },
// update { all: [{ id, …values }] }, delete { ids }, or own { method, path, body }: a request that only the page's own dialect has.
import { partsOf, sentence } from './filter.js';
import { t } from './i18n.js';
import { schemaAt } from './records.js';

/** How many records a list shows that is sent from here. */
const SIZE = 20;
const NEEDS_APP = 'X-Carryall-App';
const JSON_TYPE = ['Content-Type', 'application/json'];
// The comparisons of a filter that other forms have, too.
const PAIRS = { is: '=', eq: '=', person: '=', yes: '=', on: '=', has: 'like', anyof: 'in' }, EQUAL = ['is', 'eq', 'person', 'yes', 'on', 'anyof', 'empty'];

const number = id => Number(String(id).replace(/^rec_/, ''));
const pretty = value => JSON.stringify(value, null, 2);
/** A record's id as the dialect calls it. */
const idSaid = (manner, id) => (manner?.records === 'number' ? number(id) : id);

/** One value of a field as it is sent. */
function valueSaid(manner, field, value) {
  if (value === null || value === undefined || !field) return value ?? null;
  if (Array.isArray(value)) return value.map(v => valueSaid(manner, field, v));
  if (field.target && manner.records === 'number') return number(value);
  const choice = manner.options === 'id' && field.choices?.find(c => c.value === value);
  return choice ? choice.id : value;
}

const fieldOf = (table, slug) => table.fields.find(f => f.slug === slug);
const valuesSaid = (manner, table, values) => Object.fromEntries(Object.entries(values).filter(([slug]) => slug !== 'id').map(([slug, v]) => [slug, valueSaid(manner, fieldOf(table, slug), v)]));

/** A JSON text with words such as $id in it, filled. */
function filled(template, words) {
  const text = template.replace(/\$([a-z]+)/g, (all, word) => (word in words ? JSON.stringify(words[word]) : all));
  try { return pretty(JSON.parse(text)); } catch { return text; }
}

function pathOf(path, { app, table, id, manner }) {
  return path.replace('{app}', encodeURIComponent(app.slug)).replace('{uuid}', app.uuid ?? '').replace('{schema}', encodeURIComponent(table.slug))
    .replace('{id}', id === undefined ? '' : encodeURIComponent(idSaid(manner, id)));
}

/** Method, address, headers and body of an operation, or of the form that it has for many. */
function requestOf(operation, about, words) {
  const body = operation.body ? filled(operation.body, words) : null;
  const isNameless = operation.path.includes('{schema}') && !/\{(app|uuid)\}/.test(operation.path);
  return { method: operation.method, path: pathOf(operation.path, about), headers: [...(body === null ? [] : [JSON_TYPE]), ...(isNameless ? [[NEEDS_APP, about.app.slug]] : [])], body };
}

const isNone = value => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);
/** A condition with its field and the values that it names; nothing for one that is not finished, or of a field that is gone. */
function conditionOf(part, table) {
  if (!Array.isArray(part)) return { isOther: true };
  const [slug, operator, value] = part, field = fieldOf(table, slug), isBare = operator === 'yes' || operator === 'empty';
  if (!field || (!isBare && isNone(value))) return null;
  // A day of a field with hours is a span.
  return { slug, operator, field, value, isOther: operator === 'on' && field.type !== 'date' };
}

/** An object of equalities, and the parts that are none. */
function equalities(tree, table, manner) {
  const left = [], all = {};
  for (const part of partsOf(tree)) {
    const found = conditionOf(part, table);
    if (!found) continue;
    const { slug, operator, field, value, isOther } = found;
    if (isOther || !EQUAL.includes(operator) || slug in all) { left.push(part); continue; }
    const one = operator === 'yes' ? true : operator === 'empty' ? (field.target || field.choices ? null : '') : valueSaid(manner, field, operator === 'eq' || operator === 'person' ? Number(value) : value);
    all[slug] = Array.isArray(one) && one.length === 1 ? one[0] : one;
  }
  return { all, left };
}

/** Two lists of `field:…`, and the parts that cannot stand in them. */
function pairs(tree, table, manner) {
  const left = [], fields = [], values = [];
  for (const part of partsOf(tree)) {
    const found = conditionOf(part, table);
    if (!found) continue;
    const { slug, operator, field, value, isOther } = found;
    const texts = isOther ? [] : operator === 'yes' ? ['1'] : [value].flat().map(v => String(valueSaid(manner, field, v)));
    // What separates the conditions cannot stand in them.
    if (isOther || !PAIRS[operator] || fields.some(f => f.startsWith(`${slug}:`)) || texts.some(x => /[;%]/.test(x) || (texts.length > 1 && x.includes(',')))) { left.push(part); continue; }
    fields.push(`${slug}:${PAIRS[operator]}`);
    values.push(`${slug}:${texts.join(',')}`);
  }
  return { fields: fields.join(';'), values: values.join(';'), left };
}

/** A filter by the names that the dialect has for it, and the parts that it has no words for. Of alternatives none can be left out: that would find less. */
function filterSaid(manner, { filter, tree }, table) {
  const { form, name, values: valuesName, all: allName } = manner.filter;
  if (!filter) return { asks: {}, left: [] };
  if (form === 'expression') return { asks: { [name]: filter }, left: [] };
  if (!tree || !partsOf(tree).length) return { asks: {}, left: [filter] };
  const { all, fields, values, left } = form === 'equal' ? equalities(tree, table, manner) : pairs(tree, table, manner);
  if (tree.any && left.length) return { asks: {}, left: partsOf(tree) };
  if (form === 'equal') {
    const slugs = Object.keys(all);
    return { asks: slugs.length ? { [name]: tree.any && slugs.length > 1 ? slugs.map(slug => ({ [slug]: all[slug] })) : all } : {}, left };
  }
  return { asks: fields ? { [valuesName]: values, [name]: fields, ...(tree.all && fields.includes(';') ? { [allName]: 'and' } : {}) } : {}, left };
}

/** What a list is asked; `left` is what of the filter cannot be said, `noWords` that the words to look for cannot. */
function questions(manner, deed, table) {
  const { sort: order, words, size } = manner, { asks, left } = filterSaid(manner, deed, table);
  if (deed.sort) {
    const keys = deed.sort.split(',').map(key => (key[0] === '-' ? order.down.replace('{field}', key.slice(1)) : key));
    asks[order.name] = order.between === null ? keys : keys.join(order.between);
  }
  const isTaken = !words || words in asks;
  if (deed.q && !isTaken) asks[words] = deed.q;
  return { asks: { ...asks, [size]: SIZE }, left, noWords: !!deed.q && isTaken };
}

function listed(operation, deed, about, notes, nameOf) {
  const { manner, table } = about, { asks, left, noWords } = questions(manner, deed, table), request = requestOf(operation, about, {});
  for (const part of left) notes.push(t('api.left', { name: about.name, what: typeof part === 'string' ? part : sentence({ all: [part] }, table, nameOf) || t('api.group') }));
  if (noWords) notes.push(t('api.nowords', { name: about.name, q: deed.q }));
  if (request.body !== null) return { ...request, body: pretty({ ...JSON.parse(request.body), ...asks }) };
  const [path, written = ''] = request.path.split('?'), query = new URLSearchParams(written);
  // An order that nobody asked for is the template's, and in nobody's way.
  for (const [name, value] of Object.entries(asks)) query.set(name, value);
  return { ...request, path: `${path}?${query}` };
}

/** What stands for the words of a template. */
function wordsOf(deed, { manner, table, record }) {
  const own = record ? Object.fromEntries(table.fields.filter(f => !['computed', 'sequence', 'lines'].includes(f.type) && record[f.slug] !== null && record[f.slug] !== undefined).map(f => [f.slug, record[f.slug]])) : Object.fromEntries(table.fields.filter(f => f.required || f.slug === table.display_field).map(f => [f.slug, f.default ?? '']));
  const said = values => valuesSaid(manner, table, values), id = deed.id ?? record?.id, all = deed.all ?? [], [first] = Object.entries(own);
  return {
    record: said(deed.values ?? own), change: said(deed.values ?? (first ? Object.fromEntries([first]) : {})), id: id === undefined ? null : idSaid(manner, id),
    records: all.map(said), changed: all.map(row => ({ id: idSaid(manner, row.id), ...said(row) })), selections: all.map(row => ({ id: idSaid(manner, row.id) })), changes: all.map(said),
    ids: (deed.ids ?? []).map(one => idSaid(manner, one)),
  };
}

const KINDS = ['list', 'read', 'create', 'update', 'delete'];

/** One of the operations as it stands in the descriptor, about the table and the record that are at hand. */
export function operationSaid(dialect, operation, about) {
  const of = { ...about, manner: dialect.manner ?? { records: 'text', options: 'value' }, id: about.record?.id };
  if (/\{id\}|\$(id|change)\b/.test(operation.path + (operation.body ?? '')) && !about.record) return { request: null, notes: [t('api.norecord')], source: operation.source };
  const request = requestOf(operation, of, wordsOf({}, of));
  // The one who is signed in; passwords are nobody's to fill in.
  if (request.body) request.body = request.body.replace('{{email}}', about.email ?? '').replace('{{password}}', '');
  return { request, notes: [], source: operation.source };
}

/**
 * A deed in a dialect: { request: { method, path, headers, body } or null, notes, source }. `about` is { app, table, record, isOwn, nameOf }: `isOwn` says
 * that the page itself speaks this dialect.
 */
export function said(dialect, deed, about) {
  const { manner, operations } = dialect, notes = [];
  if (deed.kind === 'own') {
    if (!about.isOwn) return { request: null, notes: [t('api.onlyown', { name: dialect.name })], source: null };
    const { method, path, body } = deed;
    return { request: { method, path, headers: body ? [JSON_TYPE] : [], body: body ? pretty(body) : null }, notes, source: null };
  }
  const operation = KINDS.includes(deed.kind) && manner ? operations.find(o => o.id === deed.kind) : null;
  if (!operation) return { request: null, notes: [t('api.cannot', { name: dialect.name }), ...dialect.lacks], source: operations[0]?.source ?? null };
  const of = { ...about, name: dialect.name, manner, id: deed.id ?? about.record?.id }, { source } = operation;
  if (deed.kind === 'list') return { request: listed(operation, deed, of, notes, about.nameOf), notes, source };
  const several = deed.all ?? deed.ids;
  if (!several) return { request: requestOf(operation, of, wordsOf(deed, of)), notes, source };
  if (operation.many) return { request: requestOf(operation.many, of, wordsOf(deed, of)), notes, source };
  // One by one: the first of them stands for all.
  const [one] = several, single = deed.kind === 'delete' ? { kind: 'delete', id: one } : deed.kind === 'update' ? { kind: 'update', id: one.id, values: one } : { kind: 'create', values: one };
  notes.push(t('api.onebyone', { name: dialect.name, n: several.length }));
  return { request: requestOf(operation, { ...of, id: single.id }, wordsOf(single, of)), notes, source };
}

/** The deeds that a job of app/edit.js was. */
export function deedsOf(job, given) {
  switch (job.kind) {
    case 'create': return [{ kind: 'create', values: job.values, about: given?.id, label: job.label }];
    case 'update': return [{ kind: 'update', id: job.id, values: job.values, label: job.label }];
    case 'remove': return [job.ids.length === 1 ? { kind: 'delete', id: job.ids[0], label: job.label } : { kind: 'delete', ids: job.ids, label: job.label }];
    case 'move': return [{ kind: 'own', method: 'POST', path: `${schemaAt(job.app, job.table)}/resequence`, body: { record: job.id, after: job.after, field: job.field }, label: job.label }];
    case 'undo': return [{ kind: 'own', method: 'POST', path: `/api/apps/${encodeURIComponent(job.app)}/changes/${job.change}/${job.isRedo ? 'redo' : 'undo'}`, body: { on_conflict: job.onConflict }, label: job.label, isUndo: true }];
    case 'paste': {
      const { changed, made, label } = job, deeds = [];
      if (made.length) deeds.push(made.length === 1 ? { kind: 'create', values: made[0], about: given?.made?.[0]?.id, label } : { kind: 'create', all: made, label });
      if (changed.length) deeds.push(changed.length === 1 ? { kind: 'update', id: changed[0].id, values: changed[0], label } : { kind: 'update', all: changed, label });
      return deeds;
    }
    default: return [];
  }
}
