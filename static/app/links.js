// Which tables point to a table, which of their fields make a small table, and what a new record of them needs. Plain values.
// Not here: the records themselves (pointing.js), how they look and are typed into (ui/lines.js).
import { toAddress } from './filter.js';
import { tableHref } from './meta.js';
import { isEditable } from './parse.js';
import { displayField } from './types.js';

const NUMBERS = ['money', 'decimal', 'integer', 'number', 'computed'], TOO_LONG = ['json', 'textarea', 'lines', 'file', 'sequence', 'checklist'];

const inWords = slug => { const text = slug.replaceAll('_', ' '); return text[0].toUpperCase() + text.slice(1); };

/** All fields by which records of other tables point to a table: `{ table, via, name, isOwned, isLines }`. Those that a `lines` field shows come first, under
    its name. What cannot be there without the other one is owned by it. */
export function pointersTo(tables, table) {
  const found = [];
  for (const other of tables) {
    // What one may not list is not asked for.
    if (other.can?.list === false) continue;
    for (const via of other.fields) {
      if (via.target !== table.slug || !['reference', 'references'].includes(via.type)) continue;
      const lines = table.fields.find(f => f.type === 'lines' && f.target === other.slug && f.via === via.slug);
      const twins = other.fields.filter(f => f.target === table.slug && f.type !== 'lines').length > 1;
      found.push({ key: `${other.slug}.${via.slug}`, table: other, via, name: lines?.name ?? (via.inverse ? inWords(via.inverse) : other.name), by: lines || via.inverse || !twins ? null : via.name, isLines: !!lines, isOwned: via.required || via.on_delete === 'cascade' });
    }
  }
  const place = p => (p.isLines ? table.fields.findIndex(f => f.type === 'lines' && f.target === p.table.slug && f.via === p.via.slug) : table.fields.length);
  return found.sort((a, b) => place(a) - place(b));
}

/** The fields of a small table, at most `most`: the name, what must be there, then what most people look for; in the order of the table. */
export function columnsFor({ table, via, isOwned }, most) {
  const name = displayField(table), wanted = new Set();
  const take = fits => { for (const f of table.fields) if (wanted.size < most && f !== via && fits(f)) wanted.add(f); };
  take(f => f === name);
  take(f => f.required && isEditable(f));
  if (isOwned) take(f => NUMBERS.includes(f.type));
  take(f => !TOO_LONG.includes(f.type) && f.target !== via.target && isEditable(f));
  return table.fields.filter(f => wanted.has(f));
}

const isEmpty = v => v === null || v === undefined || v === '' || (Array.isArray(v) && !v.length);
/** What a new record needs besides these values. */
export const neededFor = (table, values) => table.fields.filter(f => f.required && isEditable(f) && isEmpty(values[f.slug]) && isEmpty(f.default));

/** The field that takes the name of a new record: the one that names records, or where that is computed the text that one begins with. */
export function nameFieldOf(table) {
  const name = displayField(table), isTyped = f => ['text', 'email', 'textarea'].includes(f.type) && f.writable !== false;
  return name && isTyped(name) ? name : table.fields.find(f => f.required && isTyped(f)) ?? table.fields.find(isTyped) ?? null;
}

/** The address of all of them in their own table. */
export const allHref = (app, { table, via }, id) => {
  const tree = { all: [[via.slug, via.type === 'references' ? 'hasany' : 'anyof', [id]]] };
  return `${tableHref(app, table.slug)}?${new URLSearchParams({ f: toAddress(tree) })}`;
};

const SHORT = ['text', 'email', 'phone', 'select', 'radio', 'date', 'integer', 'decimal', 'money'], TELLING = 2;
/** Which fields tell records of the same name apart. */
export const telling = table => {
  const name = displayField(table);
  return table.fields.filter(f => f !== name && SHORT.includes(f.type)).slice(0, TELLING);
};

/** The value of the field that points, when one more record is pointed to, or one less. */
export const pointing = (via, record, id, isOn) => {
  if (via.type === 'reference') return isOn ? id : null;
  const others = (record?.[via.slug] ?? []).filter(x => x !== id);
  return isOn ? [...others, id] : others;
};
