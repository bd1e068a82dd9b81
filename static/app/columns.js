// What a column of a file holds: of which type it could be, in which forms its days and numbers can be read, and one value read as a field wants it.
// Not here: the file (app/import.js), and what a field is by its name alone (guess.js).
import { formatDate } from './types.js';
import { guessType } from './guess.js';

const TRUE = /^(true|yes|y|ja|oui|sí|si|x|✓|1)$/i, FALSE = /^(false|no|n|nein|non|0|-)$/i, TRUTH = /^(true|false|yes|no|ja|nein|y|n)$/i;
const POINT = /^-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/, COMMA = /^-?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$/, PLAIN = /^-?\d+(\.\d+)?$/;
const MAIL = /^[^@\s]+@[^@\s]+$/, WEB = /^https?:\/\/\S+$/i, ID = /^rec_\d+$/, PHONE = /^'?[+(]?[\d\s()./-]{6,}$/;
const TIME = /[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?\s*(Z|[+-]\d\d:?\d\d)?$/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const CHOICES_MAX = 20, CHOICE_CHARS_MAX = 40, LONG_CHARS = 200, ROWS_FOR_CHOICES = 6;
const EARLY = 70;

const ORDERS = ['ymd', 'dmy', 'mdy'];
const isEmpty = v => v === null || v === undefined || v === '';

const money = text => text.replace(/[\s\u00a0\u202f']/g, '').replace(/^(-?)([€$£¥]|EUR|USD|GBP|CHF)/i, '$1').replace(/([€$£¥]|EUR|USD|GBP|CHF)$/i, '');

/** A number out of a text by the mark before its decimals, `.` or `,`; null when it is none. */
function readNumber(text, mark) {
  const bare = money(text);
  if (!(mark === ',' ? COMMA : POINT).test(bare)) return null;
  const value = mark === ',' ? bare.replaceAll('.', '').replace(',', '.') : bare.replaceAll(',', '');
  // As text, so that no digit is lost on the way; the server reads it exactly.
  return PLAIN.test(value) ? value : null;
}

function dayOf(y, m, d) {
  const year = y < 100 ? y + (y < EARLY ? 2000 : 1900) : y, at = new Date(Date.UTC(year, m - 1, d));
  at.setUTCFullYear(year);
  if (at.getUTCMonth() !== m - 1 || at.getUTCDate() !== d) return null;
  return `${String(year).padStart(4, '0')}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}`;
}

/** A day as `2026-04-03` out of a text, by the order of its parts; null when it is none. */
function readDay(text, order) {
  const parts = /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})\.?$/.exec(text.trim());
  if (parts) {
    const [a, b, c] = parts.slice(1).map(Number), isYearFirst = parts[1].length === 4;
    if (isYearFirst !== (order === 'ymd') || (order !== 'ymd' && parts[3].length !== 2 && parts[3].length !== 4)) return null;
    return order === 'ymd' ? dayOf(a, b, c) : order === 'dmy' ? dayOf(c, b, a) : dayOf(c, a, b);
  }
  const named = /^(\d{1,2})[ .-]+([a-z]{3,})[ .,-]+(\d{4})$/i.exec(text.trim()) ?? /^()([a-z]{3,})[ .]+(\d{1,2}),? +(\d{4})$/i.exec(text.trim());
  if (!named) return null;
  const month = MONTHS.indexOf(named[2].slice(0, 3).toLowerCase()) + 1, [day, year] = named[1] ? [named[1], named[3]] : [named[3], named[4]];
  return month ? dayOf(Number(year), month, Number(day)) : null;
}

/** A moment in UTC out of a text. A time without a zone is one of this browser's. */
function readMoment(text, order) {
  const time = TIME.exec(text.trim()), day = readDay(time ? text.trim().slice(0, time.index) : text, order);
  if (!day) return null;
  const [, h = '0', min = '0', s = '0', half, zone] = time ?? [];
  const hours = half ? Number(h) % 12 + (half.toLowerCase() === 'pm' ? 12 : 0) : Number(h);
  if (hours > 23 || Number(min) > 59 || Number(s) > 59) return null;
  const at = new Date(`${day}T${String(hours).padStart(2, '0')}:${min}:${s.padStart(2, '0')}${zone ?? ''}`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, 'Z');
}

function typeOfTexts(texts, distinct, marks, orders, moments) {
  const all = test => texts.every(test);
  if (all(v => TRUTH.test(v))) return 'boolean';
  if (marks.length && !texts.some(v => /^-?0\d/.test(v))) return texts.some(v => marks.every(m => /[.]\d/.test(readNumber(v, m)))) ? 'decimal' : 'integer';
  if (orders.length) return 'date';
  if (moments.length) return 'datetime';
  if (all(v => MAIL.test(v))) return 'email';
  if (all(v => WEB.test(v))) return 'url';
  if (texts.some(v => v.length > LONG_CHARS || v.includes('\n'))) return 'textarea';
  const few = distinct.size <= CHOICES_MAX && distinct.size * 3 <= texts.length && texts.length >= ROWS_FOR_CHOICES;
  return few && all(v => v.length <= CHOICE_CHARS_MAX) ? 'select' : 'text';
}

/** By its values first; by its name where the values would be good for either. */
function typeNamed(heading, type, values) {
  const { type: named } = guessType(heading);
  const figures = ['integer', 'decimal'].includes(type);
  if (figures && named === 'money') return 'money';
  if (type === 'text' && named === 'phone' && values.every(v => PHONE.test(v))) return 'phone';
  if (type === 'text' && named === 'textarea') return 'textarea';
  if (type === 'select' && ['email', 'phone', 'url', 'textarea'].includes(named)) return named === 'textarea' ? named : 'text';
  return type;
}

/** The ways by which the most texts can be read, if that is more than half of them: a few bad cells do not hide how the others are meant. */
function waysThatRead(texts, ways, read) {
  const counts = ways.map(way => texts.filter(v => read(v, way) !== null).length), best = Math.max(...counts);
  return best * 2 > texts.length ? ways.filter((_, i) => counts[i] === best) : [];
}

/** All that is known of a column: `{ heading, at, filled, example, type, choices, marks, orders, isIds }`. */
export function lookAt(heading, at, rows) {
  const values = rows.map(r => r[at]).filter(v => !isEmpty(v)), texts = values.filter(v => typeof v === 'string').map(v => v.trim());
  const base = { heading, at, filled: values.length, example: values[0] ?? null, marks: [], orders: [], choices: [], isIds: values.length > 0 && values.every(v => ID.test(v)) };
  if (!values.length) return { ...base, type: guessType(heading).type };
  if (texts.length < values.length) return { ...base, type: typeOfValues(heading, values) };
  const marks = waysThatRead(texts, ['.', ','], readNumber), orders = waysThatRead(texts, ORDERS, readDay), moments = orders.length ? orders : waysThatRead(texts, ORDERS, readMoment);
  const distinct = new Set(texts), whole = (ways, read) => (ways.length && texts.every(v => read(v, ways[0]) !== null) ? ways : []);
  const type = typeNamed(heading, typeOfTexts(texts, distinct, whole(marks, readNumber), whole(orders, readDay), whole(moments, readMoment)), texts);
  return { ...base, type, marks, orders: moments, choices: type === 'select' ? [...distinct] : [] };
}

function typeOfValues(heading, values) {
  const kinds = new Set(values.map(v => typeof v));
  if (kinds.size > 1) return 'text';
  if (kinds.has('boolean')) return 'boolean';
  if (kinds.has('object')) return 'json';
  const type = values.every(Number.isInteger) ? 'integer' : 'decimal';
  return typeNamed(heading, type, []);
}

/** Whether two ways of reading the column give different values, and an example of each: `[{ form, text, meaning }]`, empty when there is no doubt. */
export function doubts(column, type, rows) {
  const texts = rows.map(r => r[column.at]).filter(v => typeof v === 'string' && v.trim()).map(v => v.trim());
  const [forms, read, say] = ['date', 'datetime'].includes(type) ? [column.orders, (v, f) => (type === 'date' ? readDay : readMoment)(v, f), v => formatDate(v.slice(0, 10))]
    : ['decimal', 'number', 'money'].includes(type) ? [column.marks, readNumber, v => v] : [[], null, null];
  const text = forms.length > 1 && texts.find(v => new Set(forms.map(f => read(v, f))).size > 1);
  return text ? forms.map(form => ({ form, text, meaning: say(read(text, form)) })) : [];
}

const NUMBERS = ['integer', 'number', 'decimal', 'money'];

/** What the field is sent: `{ value }`, or `{ wrong }` when it cannot be read. `form` is the order of days or the mark of decimals. */
export function valueFor(raw, type, form) {
  if (isEmpty(raw) || (typeof raw === 'string' && !raw.trim())) return { value: null };
  if (typeof raw !== 'string') return { value: typeof raw === 'object' || ['json', 'boolean', ...NUMBERS].includes(type) ? raw : String(raw) };
  const text = raw.trim(), as = value => (value === null ? { wrong: type } : { value });
  if (NUMBERS.includes(type)) return as(readNumber(text, form ?? '.'));
  if (type === 'boolean') return as(TRUE.test(text) ? true : FALSE.test(text) ? false : null);
  if (type === 'date') return as(readDay(text, form ?? 'ymd'));
  if (type === 'datetime') return as(readMoment(text, form ?? 'ymd'));
  if (type === 'email') return MAIL.test(text) ? { value: text } : { wrong: type };
  if (type === 'multiselect' || type === 'checklist') return { value: text.split(/\s*[,;]\s*/).filter(Boolean) };
  if (type === 'json') { try { return { value: JSON.parse(text) }; } catch { return { wrong: type }; } }
  return { value: type === 'textarea' ? raw : text };
}
