// What people type or paste, as a value of a field, and a value as the text they would type. Words for what cannot be read stand next to it.
// Not here: what else the server checks (bounds, uniqueness), and references by name, which only the server knows (ui/editors/relation.js, app/paste.js).
import { momentText, parseDay, parseMoment } from '../lib/dates.js';
import { choiceOf } from './types.js';
import { t } from './i18n.js';

/** Types whose values nobody types. */
const FIXED = new Set(['computed', 'lines', 'sequence']), LINKS = new Set(['reference', 'references']);
/** Whether this person can type values of a field: not what their role may not write, nor links to a table that they do not see. */
export const isEditable = field => !FIXED.has(field.type) && field.writable !== false && (!LINKS.has(field.type) || !!field.target);

const parts = new Intl.NumberFormat().formatToParts(-1234567.5);
const mark = type => parts.find(p => p.type === type)?.value ?? '';
const GROUP = mark('group'), POINT = mark('decimal') || '.';

/** A number however it is grouped, or null. Spaces, apostrophes and signs of currencies are passed over. */
function numberOf(text) {
  let bare = text.replace(/[\s'’\u00a0\u202f]|\p{Sc}|%$/gu, '').replace(/^[A-Z]{3}|[A-Z]{3}$/g, '').replace('−', '-');
  const grouped = GROUP && new RegExp(`^[-+]?\\d{1,3}(\\${GROUP}\\d{3})+(\\${POINT}\\d+)?$`).test(bare);
  if (grouped) bare = bare.replaceAll(GROUP, '');
  if (POINT !== '.' || !/^[-+]?\d*\.?\d*(e[-+]?\d+)?$/i.test(bare)) {
    // A single comma or point that does not group is a decimal mark, whichever of the two this place uses.
    if ((bare.match(/[.,]/g) ?? []).length === 1) bare = bare.replace(',', '.');
    else if (POINT !== '.') bare = bare.replace(POINT, '.');
  }
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(bare)) return null;
  const number = Number(bare);
  // Whole numbers past 2^53 stay text, which the server takes as it stands.
  return Number.isInteger(number) && !Number.isSafeInteger(number) && /^[-+]?\d+$/.test(bare) ? bare : number;
}

const YES = ['yes', 'true', '1', 'x', '✓', 'y', 'on', 'ja', 'oui', 'si'], NO = ['no', 'false', '0', '', 'n', 'off', 'nein', 'non'];
const COLOURS = { black: '000000', white: 'ffffff', red: 'd32f2f', orange: 'ef6c00', yellow: 'fbc02d', green: '2e7d32', teal: '00796b', blue: '1565c0', purple: '6a1b9a', grey: '757575', gray: '757575', pink: 'd81b60', brown: '5d4037' };

const bad = (key, field, text, more = {}) => ({ problem: t(key, { name: field.name, text: text.slice(0, 60), ...more }) });
const fits = (key, isGood) => (field, text) => (isGood(text) ? { value: text } : bad(key, field, text));

function number(field, text) {
  const value = numberOf(text);
  if (value === null) return bad('edit.number', field, text);
  return field.type === 'integer' && typeof value === 'number' && !Number.isInteger(value) ? bad('edit.whole', field, text) : { value };
}

function boolean(field, text) {
  const word = text.toLowerCase();
  if (YES.includes(word)) return { value: true };
  return NO.includes(word) ? { value: false } : bad('edit.boolean', field, text);
}

/** The choice with this value or label, of whatever case. */
function choice(field, text) {
  const word = text.trim().toLowerCase(), all = field.options ?? [];
  return all.find(v => v === text) ?? all.find(v => v.toLowerCase() === word || choiceOf(field, v).label.toLowerCase() === word);
}

function choices(field, text) {
  const found = [];
  for (const part of text.split(/[,;\n]/).map(p => p.trim()).filter(Boolean)) {
    const value = choice(field, part);
    if (value === undefined) return bad('edit.choice', field, part);
    if (!found.includes(value)) found.push(value);
  }
  return { value: found };
}

function json(field, text) {
  try { return { value: JSON.parse(text) }; } catch (e) { return { problem: t('edit.json', { name: field.name, why: e.message }) }; }
}

function color(field, text) {
  const hex = (COLOURS[text.toLowerCase()] ?? text.replace(/^#/, '')).replace(/^([0-9a-f])([0-9a-f])([0-9a-f])$/i, '$1$1$2$2$3$3');
  return /^[0-9a-f]{6}$/i.test(hex) ? { value: `#${hex}` } : bad('edit.color', field, text);
}

/** What stands before an address that was typed without its scheme. */
const SCHEME = ['https', '//'].join(':');
function url(field, text) {
  const full = /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : SCHEME + text;
  return /^https?:[/][/][^\s/]+/i.test(full) && URL.canParse(full) ? { value: full } : bad('edit.url', field, text);
}

function reference(field, text) {
  const id = /^(?:rec_)?(\d+)$/.exec(text) ?? /^no\. (\d+)$/i.exec(text);
  return id ? { value: `rec_${id[1]}` } : bad('edit.reference', field, text);
}

function references(field, text) {
  const all = text.split(/[,;\n]/).map(p => p.trim()).filter(Boolean).map(p => reference(field, p)), wrong = all.find(a => a.problem);
  return wrong ?? { value: all.map(a => a.value) };
}

const day = (field, text) => {
  const value = parseDay(text);
  return value ? { value } : bad('edit.date', field, text);
};
const moment = (field, text) => {
  const value = parseMoment(text);
  return value ? { value } : bad('edit.datetime', field, text);
};
const select = (field, text) => {
  const value = choice(field, text);
  return value === undefined ? bad('edit.choice', field, text) : { value };
};

const READ = {
  email: fits('edit.email', v => /^[^@\s]+@[^@\s]+$/.test(v)), phone: fits('edit.phone', v => /^[\d\s+\-.()/]{1,32}$/.test(v)), url, color,
  integer: number, number, decimal: number, money: number, boolean, date: day, datetime: moment,
  select, radio: select, multiselect: choices, checklist: choices, reference, references,
  user: (field, text) => (/^\d+$/.test(text) ? { value: Number(text) } : bad('edit.user', field, text)),
  json, file: (field, text) => ({ value: { name: text } }),
};

/** `{ value }`, or `{ problem }` in words. Nothing typed is no value. */
export function parseValue(field, typed) {
  if (FIXED.has(field.type)) return { problem: t('edit.readonly', { name: field.name, word: field.type }) };
  const text = field.type === 'textarea' ? typed : typed.trim();
  if (text === '') return { value: ['multiselect', 'checklist', 'references'].includes(field.type) ? [] : null };
  return (READ[field.type] ?? ((f, v) => ({ value: v })))(field, text);
}

/** The text a person would type for this value: what an editor begins with, and what is copied. */
export function typedText(field, value) {
  if (value === null || value === undefined) return '';
  switch (field.type) {
    case 'integer': case 'number': case 'decimal': case 'money': return String(value).replace('.', POINT);
    case 'boolean': return t(value ? 'edit.yes' : 'edit.no');
    case 'datetime': return momentText(value);
    case 'select': case 'radio': return choiceOf(field, value).label;
    case 'multiselect': case 'checklist': return value.map(v => choiceOf(field, v).label).join(', ');
    case 'references': case 'lines': return value.join(', ');
    case 'json': return JSON.stringify(value);
    case 'file': return value.name ?? '';
    default: return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}
