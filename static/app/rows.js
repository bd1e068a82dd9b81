// What a table view shows: records by their place in a list of any length, page by page as they come into sight, and one open record that may be elsewhere.
// Not here: the requests themselves (records.js), changes (edit.js), and the address that says what is asked (screens/table.js).
import { asLeft, happened, isMoving } from './edit.js';
import { NAMES_IN_CELL, NAMES_IN_PANEL, loadMany, loadNames, loadRecord, loadWindow, namesOf, refersToMany } from './records.js';

const PAGE = 100, PAGES_KEPT = 80, PAGES_AT_ONCE = 4;
// More than these go to their places at once: a filter takes no more ids.
const FRESH_MOST = 90;

/** Whether records of a table may look another way once something in `other` is: they refer to it, or compute from what points to them. */
const isFelt = (tables, table, other) => table.fields.some(f => f.target === other)
  || (table.fields.some(f => f.type === 'computed') && tables.some(x => x.slug === other && x.fields.some(f => f.target === table.slug)));

/** Runs only the newest of several loads; an older one is given up and never shows its answer. */
class Latest {
  #call = null;
  async run(work) {
    this.stop();
    const call = this.#call = new AbortController();
    try {
      const value = await work(call.signal);
      return call.signal.aborted ? null : { value };
    } catch (fault) {
      return call.signal.aborted || fault.name === 'AbortError' ? null : { fault };
    }
  }
  stop() { this.#call?.abort(); }
}

/** Records by their place. Those that were made since the list was asked stand first, where people look, until it is asked again. */
export class Rows {
  total = null;
  fault = null;
  fresh = [];
  // Grows whenever what a row shows may be another.
  version = 0;
  // Grows whenever records themselves are other ones.
  edits = 0;
  // Changed records that stay where they stand though they no longer belong there: their ids with the reason, 'match' or 'order'.
  strayed = new Map();
  #pages = new Map();
  #stale = new Set();
  #loading = new Set();
  #places = new Map();
  #call = null;
  #key = '';
  #range = [0, 0];
  // Rows that somebody waits for: they are kept, however many.
  #needed = [0, 0];
  #what = null;
  #isPart = false;
  // Whether what was made is to stand in its place from the next answer on.
  #isSettling = false;
  #settled = [];
  // Whether the next answer is to tell how many there are.
  #isUncounted = true;

  /** `isPart`: of a group, which looks itself after what is made; `names`: shared with other parts. */
  constructor(changed, { isPart = false, names = new Map() } = {}) {
    this.changed = changed;
    this.#isPart = isPart;
    this.names = names;
  }

  /** How many records there are. */
  get count() { return this.length; }
  get length() { return this.total === null ? 0 : this.total + this.fresh.length; }
  get isBusy() { return this.total === null || [...this.#pagesIn(this.#range)].some(p => !this.#pages.has(p)); }

  /** `ask` is { sort, filter, q }. Asking for what is already shown does nothing, unless `force` is given. */
  want(app, tables, table, ask, force = false) {
    const key = JSON.stringify([app, table.slug, ask]);
    if (key === this.#key && !force) { this.#what = { ...this.#what, tables, table }; return; }
    this.stop();
    this.#key = key;
    this.#call = new AbortController();
    this.#what = { app, tables, table, ask };
    this.total = null;
    this.fault = null;
    this.fresh = [];
    this.#isSettling = false;
    this.#isUncounted = true;
    this.strayed = new Map();
    this.#needed = [0, 0];
    this.version++;
    happened.on(what => this.#happened(what), this.#call.signal);
    this.#fill();
  }

  /** The rows in sight, from first up to last. */
  see(first, last) {
    this.#range = [first, last];
    if (this.total !== null) this.#fill();
  }

  /** The record at a place as the person left it, or null while it is on its way. */
  at(index) {
    const found = index < this.fresh.length ? this.fresh[index] : this.#pages.get(Math.floor((index - this.fresh.length) / PAGE))?.[(index - this.fresh.length) % PAGE];
    return found ? asLeft(this.#what.app, this.#what.table.slug, found) : null;
  }

  /** The place of a record that is loaded, or -1. */
  indexOf(id) {
    const fresh = this.fresh.findIndex(r => r.id === id);
    return fresh >= 0 ? fresh : this.#places.has(id) ? this.#places.get(id) + this.fresh.length : -1;
  }

  find(id) {
    const at = this.indexOf(id);
    return at < 0 ? null : this.at(at);
  }

  /** Waits until the rows from first to last are loaded. */
  async need(first, last) {
    this.#needed = [first, last + 1];
    const missing = [...this.#pagesIn([first, last + 1])].filter(p => !this.#pages.has(p) && !this.#loading.has(p));
    await Promise.all(missing.map(p => this.#load(p, false)));
  }

  /** Asks again for what is in sight. The old rows stay until the new ones are here, and what was made stays where it was made. */
  async reload() {
    // Nothing was asked yet.
    if (!this.#what) return;
    // What is on its way already may not know of it.
    this.edits++;
    this.strayed = new Map();
    for (const page of this.#pages.keys()) this.#stale.add(page);
    if (this.fresh.length && !this.#isSettling) await this.#lookAtFresh();
    this.#isUncounted = true;
    this.#fill();
  }

  /** Asks again, and everything goes to its place; resolves once it has, with false when it could not. */
  settle() {
    this.#isSettling = true;
    this.reload();
    return new Promise(done => { this.#settled.push(done); });
  }

  /** Shows a row at another place, before the server has it there. Made records, which stand first, have no places of their own. */
  shift(from, to) {
    const way = Math.sign(to - from), n = this.fresh.length, at = i => this.#pages.get(Math.floor(i / PAGE))?.[i % PAGE], record = at(from - n);
    this.#places.delete(record.id);
    for (let i = from; i !== to; i += way) this.#set(i - n, at(i - n + way));
    this.#set(to - n, record);
    this.edits++;
    this.version++;
    this.changed();
  }

  /** A page of which one record is not known is asked again. */
  #set(at, record) {
    const page = Math.floor(at / PAGE), list = this.#pages.get(page);
    if (!list) return;
    if (record) { list[at % PAGE] = record; this.#places.set(record.id, at); return; }
    for (const r of list) if (Math.floor(this.#places.get(r.id) / PAGE) === page) this.#places.delete(r.id);
    this.#pages.delete(page);
  }

  /** Whether records stand among their neighbours as the numbers in a field say. */
  #isInOrder(records, slug) {
    const way = this.#what.ask.sort[0] === '-' ? -1 : 1, key = r => [r[slug] ?? -Infinity, Number(r.id.slice(4))];
    const isBefore = (a, b) => { const [n, id] = key(a), [m, other] = key(b); return (n - m || id - other) * way < 0; };
    return records.every(({ id }) => {
      const at = this.indexOf(id);
      if (at < this.fresh.length) return true;
      const [before, here, after] = [at - 1, at, at + 1].map(i => (i < this.fresh.length ? null : this.at(i)));
      return (!before || isBefore(before, here)) && (!after || isBefore(here, after));
    });
  }

  #told(isSettled) { for (const done of this.#settled.splice(0)) done(isSettled); }

  async #lookAtFresh() {
    const { app, table } = this.#what, call = this.#call, ids = this.fresh.map(r => r.id);
    try {
      const found = await loadMany(app, table.slug, ids, call.signal);
      if (call.signal.aborted || this.#isSettling) return;
      this.fresh = this.fresh.flatMap(r => found.get(r.id) ?? (ids.includes(r.id) ? [] : r));
    } catch { /* They are as they were. */ }
  }

  stop() {
    this.#call?.abort();
    this.#call = null;
    this.#told(false);
    this.#key = '';
    this.#pages.clear();
    this.#stale.clear();
    this.#loading.clear();
    this.#places.clear();
  }

  #pagesIn([first, last]) {
    const pages = new Set([]), from = Math.max(0, first - this.fresh.length), to = Math.max(from + 1, Math.min(this.total ?? 1, last - this.fresh.length));
    for (let p = Math.floor(from / PAGE); p * PAGE < to; p++) pages.add(p);
    return pages;
  }

  #fill() {
    for (const page of this.#pagesIn(this.#range)) {
      if (this.#loading.size >= PAGES_AT_ONCE) return;
      if (this.#loading.has(page) || (this.#pages.has(page) && !this.#stale.has(page))) continue;
      this.#load(page, this.#isUncounted);
      this.#isUncounted = false;
    }
  }

  async #load(page, counts) {
    const { app, tables, table, ask } = this.#what, call = this.#call, { edits } = this;
    const settles = this.#isSettling, ids = this.fresh.map(r => r.id), without = settles ? [] : ids;
    this.#loading.add(page);
    try {
      const what = { ...ask, offset: page * PAGE, limit: PAGE, counts, without };
      // Names can be too much for one answer; without them references are shown by their numbers.
      const found = await loadWindow(app, table.slug, { ...what, names: NAMES_IN_CELL }, call.signal)
        .catch(e => { if (e.field !== 'names') throw e; return loadWindow(app, table.slug, what, call.signal); });
      if (call.signal.aborted) return;
      for (const [key, name] of namesOf(tables, found.names ?? {})) this.names.set(key, name);
      this.fault = null;
      this.#keep(page, found.records);
      // What was saved meanwhile may not be in the answer yet.
      if (edits !== this.edits) { this.#stale.add(page); this.#isUncounted ||= counts; }
      if (counts) {
        this.total = found.total;
        if (settles) { this.fresh = this.fresh.filter(r => !ids.includes(r.id)); this.#isSettling = false; this.#told(true); }
      }
    } catch (e) {
      if (call.signal.aborted || e.name === 'AbortError') return;
      this.#isUncounted ||= counts;
      // With so many ids in it the question may be too long.
      if (without.length && e.kind === 'invalid') this.#isSettling = this.#isUncounted = true;
      else { this.fault = e; this.#told(false); }
    }
    this.#loading.delete(page);
    this.version++;
    if (!this.fault) this.#fill();
    this.changed();
  }

  #keep(page, records) {
    for (const r of this.#pages.get(page) ?? []) this.#places.delete(r.id);
    this.#pages.delete(page);
    this.#pages.set(page, records);
    this.#stale.delete(page);
    records.forEach((r, i) => this.#places.set(r.id, page * PAGE + i));
    const wanted = new Set([...this.#pagesIn(this.#range), ...this.#pagesIn(this.#needed)]);
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= PAGES_KEPT) break;
      if (wanted.has(old)) continue;
      for (const r of this.#pages.get(old)) this.#places.delete(r.id);
      this.#pages.delete(old);
    }
  }

  #happened(what) {
    if (!this.#what || what?.app !== this.#what.app) return;
    const { table } = this.#what;
    // A record that others here refer to may have another name now, or lines of its own.
    if (what.job?.kind !== 'undo' && what.table !== table.slug) {
      if (!isFelt(this.#what.tables, table, what.table)) return;
      this.reload();
      return;
    }
    this.edits++;
    for (const record of what.records ?? []) if (what.kind !== 'made') this.#put(record);
    const made = this.#isPart ? [] : what.kind === 'made' ? what.records : what.made ?? [];
    if (made.length) this.fresh = [...made.filter(r => this.indexOf(r.id) < 0), ...this.fresh];
    if (what.kind === 'removed') {
      const gone = new Set(what.ids);
      this.fresh = this.fresh.filter(r => !gone.has(r.id));
    }
    if (this.fresh.length > FRESH_MOST) this.#isSettling = true;
    if (what.kind === 'removed' || what.isCoarse || this.#isSettling) this.reload();
    else if (what.kind === 'moved' && this.#what.ask.sort?.replace(/^-/, '') === what.job.field) {
      // The list was asked again while it was on its way.
      if (!isMoving(what.app, what.table) && !this.#isInOrder(what.records, what.job.field)) this.reload();
    } else {
      this.#names([...(what.records ?? []), ...made]);
      if (what.kind !== 'made') this.#judge(what.records ?? []);
    }
    this.version++;
    this.changed();
  }

  /** Rows do not jump while somebody edits: what no longer belongs where it stands is told, and sorted again when it is asked for. */
  async #judge(records) {
    const { app, table, ask } = this.#what, call = this.#call, ids = new Set(records.map(r => r.id)), places = new Set();
    if (!ask.sort && !ask.filter && !ask.q) return;
    for (const id of ids) { const at = this.#places.get(id); if (at !== undefined) for (const near of [at - 1, at, at + 1]) places.add(near); }
    const loaded = [...places].sort((a, b) => a - b).map(at => this.#pages.get(Math.floor(at / PAGE))?.[at % PAGE]).filter(Boolean);
    const standing = loaded.map(({ id }) => ({ id, isChanged: ids.has(id) || this.strayed.has(id) }));
    if (!standing.length) return;
    try {
      const { strayed } = await import('./strayed.js'), found = await strayed(app, table.slug, ask, standing, call.signal);
      if (call.signal.aborted) return;
      for (const { id, isChanged } of standing) if (isChanged) this.strayed.delete(id);
      for (const [id, why] of found) this.strayed.set(id, why);
      this.version++;
      this.changed();
    } catch { /* Nobody is told then; the next look at the list has them right. */ }
  }

  #put(record) {
    const fresh = this.fresh.findIndex(r => r.id === record.id), place = this.#places.get(record.id);
    if (fresh >= 0) this.fresh[fresh] = record;
    else if (place !== undefined) this.#pages.get(Math.floor(place / PAGE))[place % PAGE] = record;
  }

  async #names(records) {
    const { app, tables, table } = this.#what, call = this.#call;
    try {
      const names = await loadNames(app, tables, table, records, NAMES_IN_CELL, call.signal);
      if (call.signal.aborted || !names.size) return;
      for (const [key, name] of names) this.names.set(key, name);
      this.version++;
      this.changed();
    } catch { /* Without their names references are shown by their numbers. */ }
  }
}

/** One record by its id: from the rows when they have it, else asked for. What happens to it is shown, also when it is none of the rows. */
export class OneRecord {
  id = null;
  record = null;
  names = new Map();
  fault = null;
  #latest = new Latest();
  #watch = null;
  #what = null;
  #isNear = false;

  constructor(changed) { this.changed = changed; }

  /** `rows` may be null: a record that stands alone. */
  want(app, tables, table, id, rows, force = false) {
    // Records of two tables may have the same number.
    const isSame = id === this.id && this.#what?.app === app && this.#what.table.slug === table.slug;
    this.#what = { app, tables, table };
    const near = id && rows?.find(id), wasNear = this.#isNear;
    this.#isNear = !!near;
    if (id && !this.#watch) {
      this.#watch = new AbortController();
      happened.on(what => this.#happened(what), this.#watch.signal);
    }
    if (near) {
      if (near === this.record) return;
      this.#latest.stop();
      Object.assign(this, { id, record: near, names: rows.names, fault: null });
      // The rows know the first names only: what stands here already is shown while the others come.
      if (refersToMany(table, near)) this.#load(async () => near);
      return;
    }
    if (isSame && !force) {
      // It is no longer among the rows: perhaps no longer at all.
      if (id && wasNear) this.#ask();
      return;
    }
    this.#latest.stop();
    Object.assign(this, { id, record: null, fault: null });
    if (id) this.#ask();
  }

  #ask() {
    const { app, table } = this.#what, { id } = this;
    this.#load(signal => loadRecord(app, table.slug, id, signal));
  }

  async #load(find) {
    const { app, tables, table } = this.#what;
    const done = await this.#latest.run(async signal => {
      const record = await find(signal);
      return { record, names: await loadNames(app, tables, table, [record], NAMES_IN_PANEL, signal) };
    });
    if (!done) return;
    // A record that is shown already only lacks names, unless it is no longer there.
    if (done.fault && this.record && done.fault.kind !== 'gone') return;
    Object.assign(this, { fault: done.fault ?? null, ...done.fault ? { record: null } : done.value });
    this.changed();
  }

  #happened(what) {
    const { app, tables, table } = this.#what, isOwn = what?.table === table.slug;
    if (!this.id || what?.app !== app || (!isOwn && !isFelt(tables, table, what.table) && !what.isCoarse)) return;
    const now = isOwn && [...what.records ?? [], ...what.made ?? []].find(r => r.id === this.id);
    if (isOwn && !now && !what.isCoarse && !what.ids?.includes(this.id)) return;
    if (now) { this.record = now; this.fault = null; this.#load(async () => now); this.changed(); } else if (!this.#isNear || what.ids) this.#ask();
  }

  stop() {
    this.#latest.stop();
    this.#watch?.abort();
    this.#watch = null;
    this.id = null;
  }
}
