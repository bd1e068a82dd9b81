// Field types: icon, word, column width, alignment, and how a value reads as plain text.
// Not here: markup for values (ui/value.js). A type this page has never heard of is shown by the shape of its values.

const TYPES = {
  text: { icon: 'text', word: 'Text', width: 180 },
  integer: { icon: 'hash', word: 'Whole number', width: 116, end: true },
  decimal: { icon: 'hash', word: 'Number', width: 132, end: true },
  boolean: { icon: 'tick', word: 'Yes or no', width: 104 },
  date: { icon: 'date', word: 'Date', width: 132 },
  datetime: { icon: 'clock', word: 'Date and time', width: 188 },
  email: { icon: 'mail', word: 'E-mail', width: 210 },
  select: { icon: 'tag', word: 'Choice', width: 136 },
  multiselect: { icon: 'tag', word: 'Choices', width: 180 },
  reference: { icon: 'link', word: 'Reference', width: 168 },
  references: { icon: 'link', word: 'References', width: 220 },
  json: { icon: 'braces', word: 'JSON', width: 240 },
};
const UNKNOWN = { icon: 'field', word: 'Other', width: 180 };
// Types whose values are arrays.
const SETS = ['multiselect', 'references'];
const TINTS = ['blue', 'yellow', 'green', 'red', 'purple', 'orange', 'teal', 'grey'];

export const typeOf = field => TYPES[field.type] ?? UNKNOWN;

/** The field that names a record: the chosen one, else the first text. */
export const displayField = table =>
  table.fields.find(f => f.slug === table.display_field) ?? table.fields.find(f => f.type === 'text') ?? null;

/** The display field first, as the column that stays in sight. */
export function columnsOf(table) {
  const first = displayField(table);
  return first ? [first, ...table.fields.filter(f => f !== first)] : table.fields;
}

/** A colour for a name: the same name has the same colour on every visit. */
export function tintFor(text) {
  let sum = 0;
  for (const c of text) sum = (sum * 31 + c.codePointAt(0)) % 9973;
  return TINTS[sum % TINTS.length];
}

/** Label and colour of a select value. Without a chosen colour its position decides, so it stays as long as the order does. */
export function choiceOf(field, value) {
  const at = field.choices?.findIndex(c => c.value === value) ?? -1;
  const choice = field.choices?.[at], place = at >= 0 ? at : field.options?.indexOf(value) ?? -1;
  const tint = TINTS.includes(choice?.color) ? choice.color : place >= 0 ? TINTS[place % TINTS.length] : 'grey';
  return { label: choice?.label ?? String(value), tint };
}

/** What kind of thing a value is; decided by the field type, else by the value. */
export function shapeOf(field, value) {
  if (value === null || value === undefined || value === '' || (SETS.includes(field.type) && !value.length)) return 'empty';
  if (Array.isArray(value) ? SETS.includes(field.type) || field.type === 'select' : field.type in TYPES) return field.type;
  return { number: 'decimal', boolean: 'boolean', object: 'json' }[typeof value] ?? 'text';
}

/** Digits after the point that a number needs; a column shows all its numbers with the most any of them needs. */
const digitsOf = value => /\.(\d+)$/.exec(String(value))?.[1].length ?? 0;

/** The same for a whole column. Money has two digits or none, never one. */
export function columnDigits(field, values) {
  const most = Math.max(0, ...values.map(digitsOf));
  return most && field.scale === 2 ? Math.max(most, 2) : most;
}

const numbers = new Map();
export function formatNumber(value, digits = digitsOf(value)) {
  if (typeof value !== 'number') return String(value);
  if (!numbers.has(digits)) numbers.set(digits, new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return numbers.get(digits).format(value);
}

export const count = value => formatNumber(value, 0);
export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

// A date has no time zone, so it must not move by one when it is shown in one.
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const stamps = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function formatWith(format, text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? String(text) : format.format(at);
}
export const formatDate = text => formatWith(dates, text);
export const formatStamp = text => formatWith(stamps, text);

const choiceText = (f, v) => [v].flat().map(x => choiceOf(f, x).label).join(', ');
const PLAIN = {
  empty: () => '',
  integer: (f, v) => formatNumber(v),
  decimal: (f, v) => formatNumber(v),
  boolean: (f, v) => (v ? 'Yes' : 'No'),
  date: (f, v) => formatDate(v),
  datetime: (f, v) => formatStamp(v),
  select: choiceText,
  multiselect: choiceText,
  json: (f, v) => JSON.stringify(v),
};
/** A value as one line of text, for names and titles. */
export const plainText = (field, value) => (PLAIN[shapeOf(field, value)] ?? ((f, v) => String(v)))(field, value);
