// Records in groups by up to three fields: how many each group has and what it adds up to come from one question, its records only when they come into sight.
// Stands in for the rows of rows.js, with places between them that are groups. Not here: one list (rows.js), the tree of groups (grouptree.js), how a group looks (ui/gridrow.js).
import { get } from './api.js';
import { happened } from './edit.js';
import { treeFrom } from './grouptree.js';
import { loadNames, schemaAt } from './records.js';
import { Rows } from './rows.js';

const GROUPS_MOST = 1_000, SUMS_MOST = 8, QUIET_MS = 250;
const NUMBERS = ['money', 'decimal', 'number', 'integer'];
/** Stands for all groups in the list of those that are closed; the others in it are then the open ones. */
const ALL = '*';
const isClosed = (folded, key) => folded.includes(ALL) !== folded.includes(key);

const text = value => `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
/** The condition that a record of a group fulfils. */
const conditionOf = ({ field, value }) => `${field.slug} = ${value === null || typeof value === 'number' || typeof value === 'boolean' ? String(value) : text(value)}`;

export class Groups {
  total = null;
  fault = null;
  names = new Map();
  version = 0;
  edits = 0;
  // What was made lately stands in its group.
  fresh = [];
  // The innermost groups by their keys, and what stands where: { node, at } for every group in sight.
  #leaves = new Map();
  #top = [];
  #places = [];
  #length = 0;
  #what = null;
  #key = '';
  #call = null;
  #timer = 0;
  #strayed = new Map();
  #strayedAt = -1;
  #range = [0, 0];

  constructor(changed) { this.changed = changed; }

  /** How many records there are, without the places of groups. */
  get count() { return this.total; }
  get length() { return this.#length; }
  get isBusy() { return this.total === null; }
  /** Records that no longer belong where they stand, with the reason. */
  get strayed() {
    if (this.#strayedAt !== this.version) this.#strayed = new Map([...this.#leaves.values()].flatMap(g => [...g.rows?.strayed ?? []]));
    this.#strayedAt = this.version;
    return this.#strayed;
  }

  /** `ask` as in rows.js, with `groups`: slugs of fields, outermost first, and `folded`: the keys of the groups that are closed. */
  want(app, tables, table, ask, force = false) {
    const { folded, ...rest } = ask, key = JSON.stringify([app, table.slug, rest]);
    if (key === this.#key && !force) {
      this.#what = { ...this.#what, tables, table, folded };
      this.#arrange();
      return;
    }
    this.stop();
    this.#key = key;
    this.#call = new AbortController();
    this.#what = { app, tables, table, ask: rest, folded, fields: ask.groups.map(slug => table.fields.find(f => f.slug === slug)) };
    this.total = null;
    this.fault = null;
    this.#top = [];
    this.#leaves.clear();
    this.#arrange();
    this.version++;
    happened.on(what => this.#happened(what), this.#call.signal);
    this.#ask();
  }

  /** Asks how many there are. `isQuiet`: what stands where stays as it is, only the numbers are other ones. */
  async #ask(isQuiet = false) {
    const { app, tables, table, ask, fields } = this.#what, call = this.#call;
    const sums = table.fields.filter(f => NUMBERS.includes(f.type) && !fields.includes(f)).slice(0, SUMS_MOST), slugs = fields.map(f => f.slug);
    const down = new Set((ask.sort ?? '').split(',')), query = new URLSearchParams({ group: slugs.join(','), sort: slugs.map(s => (down.has(`-${s}`) ? `-${s}` : s)).join(','), limit: GROUPS_MOST });
    if (sums.length) query.set('sum', sums.map(f => f.slug).join(','));
    if (ask.filter) query.set('filter', ask.filter);
    try {
      const { rows, has_more: hasMore } = await get(`${schemaAt(app, table.slug)}/aggregate?${query}`, call.signal);
      if (hasMore) throw Object.assign(new Error(fields.map(f => f.name).join(', ')), { kind: 'many' });
      const values = rows.map(row => Object.fromEntries([['id', ''], ...slugs.map(s => [s, row[s]])]));
      const names = await loadNames(app, tables, table, values, 1, call.signal);
      if (call.signal.aborted) return;
      for (const [key, name] of names) this.names.set(key, name);
      const tree = treeFrom(rows, fields, sums, this.names, ask.sort);
      if (isQuiet) this.#renumber(tree); else this.#take(tree);
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

  *#walk(nodes) { for (const n of nodes) { yield n; if (n.children) yield* this.#walk(n.children); } }

  #take(tree) {
    const before = this.#leaves;
    this.#top = tree;
    this.#leaves = new Map();
    for (const n of this.#walk(tree)) {
      n.places = n.count;
      if (!n.children) { n.rows = before.get(n.key)?.rows ?? null; this.#leaves.set(n.key, n); }
    }
    for (const [key, g] of before) if (!this.#leaves.has(key)) g.rows?.stop();
    this.#arrange();
  }

  /** The same groups with other numbers; a new one waits for its place until all are sorted again. */
  #renumber(tree) {
    const now = new Map([...this.#walk(tree)].map(n => [n.key, n]));
    for (const n of this.#walk(this.#top)) Object.assign(n, { count: now.get(n.key)?.count ?? 0, sums: now.get(n.key)?.sums ?? new Map() });
  }

  #arrange() {
    const before = this.#length, { folded } = this.#what, places = [];
    let at = 0;
    const put = nodes => {
      for (const node of nodes) {
        const isFolded = isClosed(folded, node.key);
        if (isFolded !== node.isFolded) { node.isFolded = isFolded; this.version++; }
        places.push({ node, at: at++ });
        if (isFolded) continue;
        if (node.children) put(node.children); else at += node.places;
      }
    };
    put(this.#top);
    this.#places = places;
    this.#length = at;
    if (before !== at) this.version++;
  }

  /** The group of a place and the place in it, -1 for the group itself. */
  #locate(index) {
    let low = 0, high = this.#places.length - 1;
    if (index < 0 || index >= this.#length) return null;
    while (low < high) { const mid = (low + high + 1) >> 1; if (this.#places[mid].at <= index) low = mid; else high = mid - 1; }
    const { node, at } = this.#places[low];
    return { node, at: index - at - 1 };
  }

  groupAt(index) {
    const found = this.#locate(index);
    return found?.at === -1 ? found.node : null;
  }

  at(index) {
    const found = this.#locate(index);
    return found && found.at >= 0 ? found.node.rows?.at(found.at) ?? null : null;
  }

  indexOf(id) {
    for (const { node, at } of this.#places) {
      const found = node.isFolded ? -1 : node.rows?.indexOf(id) ?? -1;
      if (found >= 0) return at + 1 + found;
    }
    return -1;
  }

  find(id) {
    for (const g of this.#leaves.values()) { const found = g.rows?.find(id); if (found) return found; }
    return null;
  }

  see(first, last) {
    this.#range = [first, last];
    for (const [g, from, to] of this.#parts(first, last)) this.#rowsOf(g).see(from, to);
  }

  async need(first, last) { await Promise.all([...this.#parts(first, last + 1)].map(([g, from, to]) => this.#rowsOf(g).need(from, to - 1))); }

  /** The open groups that places from first up to last reach into, each with its own places. */
  *#parts(first, last) {
    for (const { node, at } of this.#places) {
      const n = node.isFolded || node.children ? 0 : node.places, begin = at + 1;
      if (begin >= last) return;
      if (n && begin + n > first) yield [node, Math.max(0, first - begin), Math.min(n, last - begin)];
    }
  }

  #rowsOf(g) {
    if (g.rows) return g.rows;
    const { app, tables, table, ask } = this.#what, conditions = ask.filter ? [`(${ask.filter})`] : [];
    for (let n = g; n; n = n.parent) conditions.push(conditionOf(n));
    g.rows = new Rows(() => { this.version++; this.changed(); }, { isPart: true, names: this.names });
    g.rows.want(app, tables, table, { sort: ask.sort, q: ask.q, filter: conditions.join(' && ') });
    return g.rows;
  }

  // A changed record stays in its group, and is marked when it belongs to another; the numbers are those of now. New and removed ones need their places.
  #happened(what) {
    if (!this.#what || what?.app !== this.#what.app || (what.job?.kind !== 'undo' && what.table !== this.#what.table.slug)) return;
    this.edits++;
    const isQuiet = what.kind === 'changed' || (what.kind === 'many' && !what.isCoarse && !what.made?.length);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (isQuiet ? this.#ask(true) : this.reload()), isQuiet ? QUIET_MS : 0);
  }

  /** Groups have everything at its place. */
  settle() { this.reload(); }

  reload() {
    if (!this.#what) return;
    for (const g of this.#leaves.values()) g.rows?.reload();
    this.#ask();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#call?.abort();
    this.#call = null;
    this.#key = '';
    for (const g of this.#leaves.values()) g.rows?.stop();
  }
}
