// Filters as people build them: a tree of conditions, what it says as a sentence, in the address, and as an expression of the house language.
// Not here: how it is built (ui/filterbox.js). Dynamic days mean this place's days, so they become plain days when the question is asked.
//
// A tree is { all: [part] } or { any: [part] }; a part is [field, operator, value] or a tree again.
import { plainText } from './types.js';
import { t } from './i18n.js';

const text = value => `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const number = value => (Number.isFinite(Number(value)) ? String(Number(value)) : '0');
const any = (values, one) => [values ?? []].flat().map(one).join(' || ');
const none = (values, one) => [values ?? []].flat().map(one).join(' && ');
const isList = field => ['multiselect', 'checklist', 'references', 'lines'].includes(field.type);
const empty = f => (isList(f) || f.target || f.type === 'user' ? `${f.slug} = null` : `(${f.slug} = null || ${f.slug} = '')`);

const day = at => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
const MONDAY = 6;
/** First day and the day after the last of a span; today is given for tests. */
const SPANS = {
  today: n => [[0, 0, 0], [0, 0, 1]], yesterday: n => [[0, 0, -1], [0, 0, 0]], tomorrow: n => [[0, 0, 1], [0, 0, 2]],
  week: n => [[0, 0, -((n.getDay() + MONDAY) % 7)], [0, 0, 7 - ((n.getDay() + MONDAY) % 7)]],
  last7: n => [[0, 0, -6], [0, 0, 1]], next7: n => [[0, 0, 0], [0, 0, 7]], last30: n => [[0, 0, -29], [0, 0, 1]],
  month: n => [[0, 0, 1 - n.getDate()], [0, 1, 1 - n.getDate()]], lastmonth: n => [[0, -1, 1 - n.getDate()], [0, 0, 1 - n.getDate()]],
  year: n => [[0, -n.getMonth(), 1 - n.getDate()], [1, -n.getMonth(), 1 - n.getDate()]],
};
export const SPAN_NAMES = Object.keys(SPANS);

function spanned(span, now = new Date()) {
  return (SPANS[span] ?? SPANS.today)(now).map(([y, m, d]) => new Date(now.getFullYear() + y, now.getMonth() + m, now.getDate() + d));
}
/** A day of a field: as a day, or as the moment it begins here. */
/** The same spans by the server's clock, for views that programs ask by. */
const BY_CLOCK = {
  today: [0, 1], yesterday: [-1, 0], tomorrow: [1, 2], last7: [-6, 1], next7: [0, 7], last30: [-29, 1],
  week: ['0 - (@weekday + 6) % 7', '7 - (@weekday + 6) % 7'], month: ['@month_start', "date_add(@month_start, 1, 'month')"],
  lastmonth: ["date_add(@month_start, 0 - 1, 'month')", '@month_start'], year: ['@year_start', "date_add(@year_start, 1, 'year')"],
};
function byClock(f, span) {
  const [from, to] = (BY_CLOCK[span] ?? BY_CLOCK.today).map(end => (typeof end === 'string' && /^(@|date)/.test(end) ? end : `date_add(@today, ${end < 0 ? `0 - ${-end}` : end}, 'day')`));
  return `(${f.slug} >= ${from} && ${f.slug} < ${to})`;
}
const edge = (f, at) => text(f.type === 'date' ? day(at) : at.toISOString());
const dayAt = value => { const [y, m, d] = String(value).split('-').map(Number); return new Date(y, m - 1, d); };
const next = at => new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
const within = (f, [from, to]) => `(${f.slug} >= ${edge(f, from)} && ${f.slug} < ${edge(f, to)})`;

/** How each operator is said to the server. */
const SAID = {
  has: (f, v) => `${f.slug} ~ ${text(String(v).replace(/[%_\\]/g, '\\$&'))}`,
  hasnot: (f, v) => `!(${f.slug} ~ ${text(String(v).replace(/[%_\\]/g, '\\$&'))})`,
  starts: (f, v) => `starts_with(${f.slug}, ${text(v)})`,
  is: (f, v) => `${f.slug} = ${text(v)}`, isnot: (f, v) => `${f.slug} != ${text(v)}`,
  eq: (f, v) => `${f.slug} = ${number(v)}`, ne: (f, v) => `${f.slug} != ${number(v)}`, gt: (f, v) => `${f.slug} > ${number(v)}`, gte: (f, v) => `${f.slug} >= ${number(v)}`, lt: (f, v) => `${f.slug} < ${number(v)}`, lte: (f, v) => `${f.slug} <= ${number(v)}`,
  yes: f => `${f.slug} = true`, no: f => `${f.slug} != true`,
  on: (f, v) => within(f, [dayAt(v), next(dayAt(v))]), before: (f, v) => `${f.slug} < ${edge(f, dayAt(v))}`, after: (f, v) => `${f.slug} >= ${edge(f, next(dayAt(v)))}`,
  within: (f, v) => within(f, spanned(v)),
  anyof: (f, v) => `(${any(v, x => `${f.slug} = ${text(x)}`)})`, noneof: (f, v) => `(${none(v, x => `${f.slug} != ${text(x)}`)})`,
  hasany: (f, v) => `(${any(v, x => `${f.slug} ?= ${text(x)}`)})`, hasnone: (f, v) => `!(${any(v, x => `${f.slug} ?= ${text(x)}`)})`,
  me: f => `${f.slug} = @me`, notme: f => `${f.slug} != @me`, person: (f, v) => `${f.slug} = ${number(v)}`,
  empty, filled: f => `!${empty(f).startsWith('(') ? empty(f) : `(${empty(f)})`}`,
};

const TEXT = ['has', 'hasnot', 'is', 'isnot', 'starts', 'empty', 'filled'], NUMBER = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'empty', 'filled'], DAY = ['within', 'on', 'before', 'after', 'empty', 'filled'];
const ONE = ['anyof', 'noneof', 'empty', 'filled'], LIST = ['hasany', 'hasnone', 'empty', 'filled'];
const BY_TYPE = {
  integer: NUMBER, number: NUMBER, decimal: NUMBER, money: NUMBER, sequence: NUMBER, boolean: ['yes', 'no'], date: DAY, datetime: DAY, select: ONE, radio: ONE, reference: ONE,
  multiselect: LIST, checklist: LIST, references: LIST, lines: LIST, user: ['me', 'notme', 'person', 'empty', 'filled'], json: ['empty', 'filled'], file: ['empty', 'filled'],
};
/** The operators a field has; the first is what a new condition begins with. */
export const operatorsOf = field => BY_TYPE[field.type] ?? TEXT;
const WITHOUT = new Set(['yes', 'no', 'me', 'notme', 'empty', 'filled']);
export const needsValue = operator => !WITHOUT.has(operator);
const isMissing = (operator, value) => needsValue(operator) && (value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length));

const isGroup = part => !Array.isArray(part);
export const partsOf = group => group.all ?? group.any;
export const kindOf = group => (group.all ? 'all' : 'any');
const EMPTY = { all: [] };
const fieldOf = (table, slug) => table.fields.find(f => f.slug === slug);

/** The expression, or null when nothing is asked; with `byClock` spans are said by the server's clock. Conditions that are not finished are passed over. */
export function compile(tree, table, how = {}) {
  const said = partsOf(tree).map(part => {
    if (isGroup(part)) return compile(part, table, how);
    const [slug, operator, value] = part, field = fieldOf(table, slug);
    if (!field || !SAID[operator] || isMissing(operator, value)) return null;
    return how.byClock && operator === 'within' ? byClock(field, value) : SAID[operator](field, value);
  }).filter(Boolean);
  if (!said.length) return null;
  return said.length === 1 ? said[0] : `(${said.join(tree.all ? ' && ' : ' || ')})`;
}

/** How many finished conditions there are. */
export const countOf = (tree, table) => partsOf(tree).reduce((n, part) => n + (isGroup(part) ? countOf(part, table) : fieldOf(table, part[0]) && !isMissing(part[1], part[2]) ? 1 : 0), 0);

function valueText(field, operator, value, nameOf) {
  if (operator === 'within') return t(`filter.span.${value}`);
  const one = v => (field.target ? nameOf(field, v) : operator === 'person' ? nameOf(field, v) : plainText(operator === 'on' || operator === 'before' || operator === 'after' ? { ...field, type: 'date' } : isList(field) ? { ...field, type: 'select' } : field, ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'].includes(operator) ? Number(v) : v));
  return [value].flat().map(one).join(t('filter.or'));
}

/** A list of values reads without "any of". */
const READ = { anyof: 'is', noneof: 'isnot' };

/** "Amount is over 1,000 and Stage is Won or Lost". `nameOf` calls records by their names. */
export function sentence(tree, table, nameOf) {
  const said = partsOf(tree).map(part => {
    if (isGroup(part)) { const inner = sentence(part, table, nameOf); return inner && partsOf(part).length > 1 ? `(${inner})` : inner; }
    const [slug, operator, value] = part, field = fieldOf(table, slug);
    if (!field || isMissing(operator, value)) return null;
    return `${field.name} ${t(`filter.op.${READ[operator] ?? operator}`)}${needsValue(operator) ? ` ${valueText(field, operator, value, nameOf)}` : ''}`;
  }).filter(Boolean);
  return said.join(t(tree.all ? 'filter.and' : 'filter.or'));
}

const DEPTH_MOST = 4;
function isTree(value, depth = 0) {
  const parts = value && (value.all ?? value.any);
  return depth < DEPTH_MOST && Array.isArray(parts) && parts.every(p => (Array.isArray(p) ? typeof p[0] === 'string' && typeof p[1] === 'string' : isTree(p, depth + 1)));
}
/** The tree an address says; anything else is no filter. */
export function fromAddress(written) {
  try {
    const tree = JSON.parse(written || 'null');
    return isTree(tree) ? tree : EMPTY;
  } catch { return EMPTY; }
}
export const toAddress = tree => (partsOf(tree).length ? JSON.stringify(tree) : null);

/** What a view says of the list: { tree, sort, layout, groups, folded }. One that a program made has no tree; its filter is the server's to read. */
export function saidBy(view) {
  const { tree = null, layout = null, groups, folded } = view?.options ?? {}, texts = list => (Array.isArray(list) ? list.map(String) : []);
  return { tree: tree && fromAddress(JSON.stringify(tree)), sort: view?.sort?.join(',') || null, layout, groups: texts(groups), folded: texts(folded) };
}

/** A first condition for a field. */
export const conditionFor = field => {
  const [operator] = operatorsOf(field);
  return [field.slug, operator, operator === 'within' ? 'month' : null];
};
