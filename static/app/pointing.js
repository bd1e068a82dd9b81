// The records that point to one: a few at first, more when they are wanted, asked again when something happens to them.
// Not here: which tables point where (links.js), changing them (edit.js).
import { get } from './api.js';
import { asLeft, happened } from './edit.js';
import { pointersTo } from './links.js';
import { NAMES_IN_CELL, loadNames, recordsAt } from './records.js';

const FIRST = 10, MORE = 100, SOON_MS = 60;
const filterFor = (via, id) => `${via.slug} ${via.type === 'references' ? '?=' : '='} '${id}'`;

/** How many records point to one, and by which field: `[{ pointer, total }]` of those that have any. */
export async function pointedFrom(app, tables, table, id, signal) {
  const found = await Promise.all(pointersTo(tables, table).map(async pointer => {
    const query = new URLSearchParams({ filter: filterFor(pointer.via, id), limit: 1, count: 'exact' });
    return { pointer, total: (await get(`${recordsAt(app, pointer.table.slug)}?${query}`, signal)).total };
  }));
  return found.filter(f => f.total > 0);
}

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
  #turn = 0;

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
    const { app, tables, pointer: { table, via }, id } = this.#what, call = this.#call, turn = ++this.#turn;
    const query = new URLSearchParams({ filter: filterFor(via, id), limit: this.#limit, count: 'exact', sort: 'id' });
    try {
      const found = await get(`${recordsAt(app, table.slug)}?${query}`, call.signal);
      const names = await loadNames(app, tables, table, found.records, NAMES_IN_CELL, call.signal);
      if (call.signal.aborted || turn !== this.#turn) return;
      for (const [key, name] of names) this.names.set(key, name);
      Object.assign(this, { records: found.records, total: found.total, fault: null });
    } catch (e) {
      if (call.signal.aborted || e.name === 'AbortError' || turn !== this.#turn) return;
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
