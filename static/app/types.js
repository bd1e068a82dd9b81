// Field types: icon, word, column width, alignment, and how a value reads as plain text.
// Not here: markup for values (ui/value.js). A type this page has never heard of is shown by the shape of its values.
import { t } from './i18n.js';

const TYPES = {
  text: { icon: 'text', width: 180 },
  textarea: { icon: 'text', width: 240, shape: 'text' },
  email: { icon: 'mail', width: 210 },
  phone: { icon: 'phone', width: 156 },
  url: { icon: 'globe', width: 210 },
  color: { icon: 'drop', width: 116 },
  timezone: { icon: 'clock', width: 168, shape: 'text' },
  integer: { icon: 'hash', width: 116, end: true },
  number: { icon: 'hash', width: 132, end: true },
  decimal: { icon: 'hash', width: 132, end: true },
  money: { icon: 'coin', width: 132, end: true },
  boolean: { icon: 'tick', width: 104 },
  date: { icon: 'date', width: 132 },
  datetime: { icon: 'clock', width: 188 },
  select: { icon: 'tag', width: 136 },
  radio: { icon: 'tag', width: 136, shape: 'select' },
  multiselect: { icon: 'tag', width: 180, several: true },
  checklist: { icon: 'list', width: 264, shape: 'multiselect', several: true },
  reference: { icon: 'link', width: 168 },
  references: { icon: 'link', width: 220, several: true },
  lines: { icon: 'rows', width: 240, shape: 'references', several: true },
  user: { icon: 'person', width: 104 },
  json: { icon: 'braces', width: 240 },
  file: { icon: 'file', width: 180 },
  sequence: { icon: 'hash', width: 104, shape: 'integer', end: true },
  computed: { icon: 'sum', width: 136 },
};
const UNKNOWN = { icon: 'field', width: 180 };
export const TINTS = ['blue', 'yellow', 'green', 'red', 'purple', 'orange', 'teal', 'grey'];

/** All types that the server has, in the order in which people choose one. */
export const typeChoices = Object.entries(TYPES).map(([type, { icon }]) => ({ type, icon }));

export const typeOf = field => TYPES[field.type] ?? UNKNOWN;
/** The word that a type goes by. */
export const wordOf = type => t(`type.${type in TYPES ? type : 'other'}`);
/** The same where one is chosen: two widgets of one kind are told apart. */
export const choiceWord = type => (type === 'radio' || type === 'select' ? t(`type.${type}.choose`) : wordOf(type));

/** Types whose values make groups. */
export const canGroup = field => ['select', 'radio', 'boolean', 'reference', 'user', 'date', 'integer', 'text'].includes(field.type);

/** Records have an order by every field but those that hold several values. */
export const isSortable = field => !typeOf(field).several;

/** Whether a column stands at the end of its cells: by its type, or what is computed by the values in sight. */
export const isAtEnd = (field, values) => (field.type === 'computed' ? values.some(v => typeof v === 'number') : !!typeOf(field).end);

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

const HEX = /^#[0-9a-f]{6}$/i, WEB = /^https?:\/\/./i;
// The server does not say of which kind a computed value is; its text forms of days and moments are unmistakable.
const DAY = /^\d{4}-\d\d-\d\d$/, MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** A value that is not what its type promises is shown by what it is. */
const FITS = {
  color: v => HEX.test(v),
  url: v => WEB.test(v),
  file: v => typeof v.name === 'string',
  user: v => typeof v === 'number',
};
const shapeOfText = v => (DAY.test(v) ? 'date' : MOMENT.test(v) ? 'datetime' : 'text');
const shapeOfAny = v => ({ number: 'decimal', boolean: 'boolean', object: 'json' }[typeof v] ?? 'text');

/** What kind of thing a value is; decided by the field type, else by the value. */
export function shapeOf(field, value) {
  const { shape = field.type, several } = typeOf(field);
  if (value === null || value === undefined || value === '' || (several && !value.length)) return 'empty';
  if (field.type === 'computed') return typeof value === 'string' ? shapeOfText(value) : shapeOfAny(value);
  const isKnown = field.type in TYPES && (!Array.isArray(value) || several || shape === 'select' || shape === 'json');
  return isKnown && (FITS[shape]?.(value) ?? true) ? shape : shapeOfAny(value);
}

/** Digits after the point that a number needs, also one that is written with an exponent. */
function digitsOf(value) {
  const [, part = '', exponent = 0] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, part.length - exponent);
}

/** A column shows all its numbers with the most digits any of them needs. Money has two digits or none, never one; doubles are as long as they are. */
export function columnDigits(field, values) {
  if (field.type === 'number') return undefined;
  const most = Math.max(0, ...values.map(digitsOf));
  return most && field.scale === 2 ? Math.max(most, 2) : most;
}

// Beyond, digits would be made up, or there would be more of them than anybody reads.
const DIGITS_MAX = 20, PLAIN_MAX = 1e21;
const numbers = new Map();

/** With the currency of a field that has one. Whole numbers past 2^53 are texts, and shown as such. */
export function formatNumber(value, digits = digitsOf(value), currency = null) {
  if (typeof value !== 'number') return currency ? `${currency} ${value}` : String(value);
  if (digits > DIGITS_MAX || Math.abs(value) >= PLAIN_MAX) return String(value);
  const key = `${currency} ${digits}`, way = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  if (!numbers.has(key)) numbers.set(key, new Intl.NumberFormat(undefined, currency ? { ...way, style: 'currency', currency } : way));
  return numbers.get(key).format(value);
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
/** Bytes in the unit in which people know a file's size. */
export function formatSize(bytes) {
  const step = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const way = { style: 'unit', unit: SIZES[step], unitDisplay: step ? 'short' : 'long', maximumFractionDigits: 1 };
  return new Intl.NumberFormat(undefined, way).format(bytes / 1000 ** step);
}

export const count = value => formatNumber(value, 0);

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
  number: (f, v) => formatNumber(v),
  decimal: (f, v) => formatNumber(v),
  money: (f, v) => formatNumber(v, columnDigits(f, [v]), f.currency),
  boolean: (f, v) => t(v ? 'edit.yes' : 'edit.no'),
  date: (f, v) => formatDate(v),
  datetime: (f, v) => formatStamp(v),
  select: choiceText,
  multiselect: choiceText,
  json: (f, v) => JSON.stringify(v),
  file: (f, v) => v.name,
  user: (f, v) => t('user.numbered', { n: String(v) }),
};
/** A value as one line of text, for names and titles. */
export const plainText = (field, value) => (PLAIN[shapeOf(field, value)] ?? ((f, v) => String(v)))(field, value);
