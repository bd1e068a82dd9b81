// Records of other tables that point to one: which tables do, which of their fields make a small table, and the records themselves.
// Not here: how they look and are typed into (ui/lines.js), changing them (edit.js).
import { get } from './api.js';
import { asLeft, happened } from './edit.js';
import { toAddress } from './filter.js';
import { tableHref } from './meta.js';
import { isEditable } from './parse.js';
import { NAMES_IN_CELL, loadNames, recordsAt } from './records.js';
import { displayField } from './types.js';

const NUMBERS = ['money', 'decimal', 'integer', 'number', 'computed'], TOO_LONG = ['json', 'textarea', 'lines', 'file', 'sequence', 'checklist'];
const FIRST = 10, MORE = 100, SOON_MS = 60;

/** All fields by which records of other tables point to a table: `{ table, via, name, isOwned, isLines }`. Those that a `lines` field shows come first, under
    its name. What cannot be there without the other one is owned by it. */
export function pointersTo(tables, table) {
  const found = [];
  for (const other of tables) {
    for (const via of other.fields) {
      if (via.target !== table.slug || !['reference', 'references'].includes(via.type)) continue;
      const lines = table.fields.find(f => f.type === 'lines' && f.target === other.slug && f.via === via.slug);
      const twins = other.fields.filter(f => f.target === table.slug && f.type !== 'lines').length > 1;
      found.push({ key: `${other.slug}.${via.slug}`, table: other, via, name: lines?.name ?? other.name, by: lines || !twins ? null : via.name, isLines: !!lines, isOwned: via.required || via.on_delete === 'cascade' });
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
export const neededFor = (table, values) => table.fields.filter(f => f.required && isEditable(f) && f.writable !== false && isEmpty(values[f.slug]) && isEmpty(f.default));

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

/** The value of the field that points, when one more record is pointed to, or one less. */
export const pointing = (via, record, id, isOn) => {
  if (via.type === 'reference') return isOn ? id : null;
  const others = (record?.[via.slug] ?? []).filter(x => x !== id);
  return isOn ? [...others, id] : others;
};

/** The records that point to one, oldest first: some at first, more when they are wanted. They are asked again whenever something happens to their table. */
export class Pointing {
  records = null;
  total = 0;
  fault = null;
  names = new Map();
  #limit = FIRST;
  #what = null;
  #call = null;
  #timer = 0;

  constructor(changed) { this.changed = changed; }

  want(app, tables, pointer, id) {
    const isSame = this.#what && this.#what.app === app && this.#what.pointer.key === pointer.key && this.#what.id === id;
    this.#what = { app, tables, pointer, id };
    if (isSame) return;
    this.stop();
    this.#call = new AbortController();
    Object.assign(this, { records: null, total: 0, fault: null, names: new Map() });
    this.#limit = FIRST;
    happened.on(what => {
      if (what?.app !== this.#what.app || (what.table !== this.#what.pointer.table.slug && !what.isCoarse)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.load(), SOON_MS);
    }, this.#call.signal);
    this.load();
  }

  get hasMore() { return this.records !== null && this.total > this.records.length; }
  more() { this.#limit += MORE; return this.load(); }

  /** As the person left them. */
  get shown() { return (this.records ?? []).map(r => asLeft(this.#what.app, this.#what.pointer.table.slug, r)); }

  async load() {
    const { app, tables, pointer: { table, via }, id } = this.#what, call = this.#call;
    const query = new URLSearchParams({ filter: `${via.slug} ${via.type === 'references' ? '?=' : '='} '${id}'`, limit: this.#limit, count: 'exact', sort: 'id' });
    try {
      const found = await get(`${recordsAt(app, table.slug)}?${query}`, call.signal);
      const names = await loadNames(app, tables, table, found.records, NAMES_IN_CELL, call.signal);
      if (call.signal.aborted) return;
      for (const [key, name] of names) this.names.set(key, name);
      Object.assign(this, { records: found.records, total: found.total, fault: null });
    } catch (e) {
      if (call.signal.aborted || e.name === 'AbortError') return;
      this.fault = e;
    }
    this.changed();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#call?.abort();
    this.#call = null;
  }
}
