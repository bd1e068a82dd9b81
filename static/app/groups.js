// Records in groups by one field: how many each group has and what it adds up to come from one question, its records only when they come into sight.
// Stands in for the rows of rows.js, with places between them that are groups. Not here: one list (rows.js), how a group looks (ui/gridrow.js).
import { get } from './api.js';
import { happened } from './edit.js';
import { loadNames } from './records.js';
import { Rows } from './rows.js';

const GROUPS_MOST = 1_000;
const NUMBERS = ['money', 'decimal', 'number', 'integer'];
const text = value => `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
/** The condition that a record of a group fulfils. */
const conditionOf = (slug, value) => `${slug} = ${value === null || typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(value)}`;

export class Groups {
  groups = [];
  total = null;
  fault = null;
  names = new Map();
  version = 0;
  edits = 0;
  // What was made lately stands in its group.
  fresh = [];
  #what = null;
  #key = '';
  #call = null;
  #timer = 0;
  #range = [0, 0];

  constructor(changed) { this.changed = changed; }

  /** How many records there are, without the places of groups. */
  get count() { return this.total; }
  get length() { return this.groups.reduce((n, g) => n + 1 + (g.isFolded ? 0 : g.count), 0); }
  get isBusy() { return this.total === null; }

  /** `ask` as in rows.js, with `groups`: slugs of fields, and `folded`: the values of the groups that are closed. */
  want(app, tables, table, ask, force = false) {
    const { folded, ...rest } = ask, key = JSON.stringify([app, table.slug, rest]);
    if (key === this.#key && !force) {
      this.#what = { ...this.#what, tables, table };
      for (const g of this.groups) if (g.isFolded !== folded.includes(g.key)) { g.isFolded = !g.isFolded; this.version++; }
      return;
    }
    this.stop();
    this.#key = key;
    this.#call = new AbortController();
    this.#what = { app, tables, table, ask: rest, field: table.fields.find(f => f.slug === ask.groups[0]) };
    this.total = null;
    this.fault = null;
    this.groups = [];
    this.version++;
    happened.on(what => this.#happened(what), this.#call.signal);
    this.#ask(folded);
  }

  async #ask(folded) {
    const { app, tables, table, ask, field } = this.#what, call = this.#call, { slug } = field;
    const sum = table.fields.find(f => NUMBERS.includes(f.type) && f !== field), query = new URLSearchParams({ group: slug, sort: slug, limit: GROUPS_MOST, ...(sum && { sum: sum.slug }) });
    if (ask.filter) query.set('filter', ask.filter);
    try {
      const { rows, has_more: hasMore } = await get(`/api/apps/${encodeURIComponent(app)}/schemas/${encodeURIComponent(table.slug)}/aggregate?${query}`, call.signal);
      const names = await loadNames(app, tables, table, rows.map(row => ({ id: '', [slug]: row[slug] })), 1, call.signal);
      if (call.signal.aborted) return;
      if (hasMore) throw Object.assign(new Error(field.name), { kind: 'many' });
      for (const [key, name] of names) this.names.set(key, name);
      const before = new Map(this.groups.map(g => [g.key, g]));
      this.groups = rows.map(row => {
        const key = JSON.stringify(row[slug] ?? null), old = before.get(key);
        return { key, field, value: row[slug] ?? null, count: row.count, sum: sum ? { field: sum, value: row[`sum(${sum.slug})`] } : null, isFolded: old ? old.isFolded : folded.includes(key), rows: old?.rows ?? null };
      });
      for (const g of before.values()) if (!this.groups.some(now => now.rows === g.rows)) g.rows?.stop();
      this.total = rows.reduce((n, row) => n + row.count, 0);
      this.fault = null;
    } catch (e) {
      if (call.signal.aborted || e.name === 'AbortError') return;
      this.fault = e;
    }
    this.version++;
    this.see(...this.#range);
    this.changed();
  }

  /** The group of a place and the place in it, -1 for the group itself. */
  #locate(index) {
    let at = index;
    for (const group of this.groups) {
      if (at === 0) return { group, at: -1 };
      const n = group.isFolded ? 0 : group.count;
      if (at <= n) return { group, at: at - 1 };
      at -= n + 1;
    }
    return null;
  }

  groupAt(index) {
    const found = this.#locate(index);
    return found?.at === -1 ? found.group : null;
  }

  at(index) {
    const found = this.#locate(index);
    return found && found.at >= 0 ? found.group.rows?.at(found.at) ?? null : null;
  }

  indexOf(id) {
    let from = 0;
    for (const g of this.groups) {
      const at = g.isFolded ? -1 : g.rows?.indexOf(id) ?? -1;
      if (at >= 0) return from + 1 + at;
      from += 1 + (g.isFolded ? 0 : g.count);
    }
    return -1;
  }

  find(id) {
    for (const g of this.groups) { const found = g.rows?.find(id); if (found) return found; }
    return null;
  }

  see(first, last) {
    this.#range = [first, last];
    for (const [g, from, to] of this.#parts(first, last)) this.#rowsOf(g).see(from, to);
  }

  async need(first, last) { await Promise.all([...this.#parts(first, last + 1)].map(([g, from, to]) => this.#rowsOf(g).need(from, to - 1))); }

  /** The open groups that places from first up to last reach into, each with its own places. */
  *#parts(first, last) {
    let from = 0;
    for (const g of this.groups) {
      const n = g.isFolded ? 0 : g.count, begin = from + 1;
      if (n && begin < last && begin + n > first) yield [g, Math.max(0, first - begin), Math.min(n, last - begin)];
      from = begin + n;
    }
  }

  #rowsOf(g) {
    if (g.rows) return g.rows;
    const { app, tables, table, ask, field } = this.#what, condition = conditionOf(field.slug, g.value);
    g.rows = new Rows(() => { this.version++; this.changed(); }, { isPart: true, names: this.names });
    g.rows.want(app, tables, table, { sort: ask.sort, q: ask.q, filter: ask.filter ? `(${ask.filter}) && ${condition}` : condition });
    return g.rows;
  }

  // A record may have come into another group, gone from one, or changed a sum: all are counted again, a little later.
  #happened(what) {
    if (what?.app !== this.#what.app || (what.job?.kind !== 'undo' && what.table !== this.#what.table.slug)) return;
    this.edits++;
    clearTimeout(this.#timer);
    const { field } = this.#what, moves = what.kind !== 'changed' || field.slug in (what.job.values ?? {});
    if (!moves) return;
    this.#timer = setTimeout(() => {
      for (const g of this.groups) g.rows?.reload();
      this.#ask([]);
    });
  }

  reload() {
    for (const g of this.groups) g.rows?.reload();
    this.#ask([]);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#call?.abort();
    this.#call = null;
    this.#key = '';
    for (const g of this.groups) g.rows?.stop();
  }
}
