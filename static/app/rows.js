// What a table view shows: one page of records with the names they refer to, and one open record that may be elsewhere.
// Not here: the requests themselves (records.js) and the address that asks for a page (screens/table.js).
import { NAMES_IN_CELL, NAMES_IN_PANEL, loadNames, loadPage, loadRecord, refersToMany } from './records.js';

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

/** One page. The rows of the same table stay while others load, so that paging does not blink. */
export class Rows {
  records = null;
  names = new Map();
  total = 0;
  pages = 1;
  busy = false;
  fault = null;
  #latest = new Latest();
  #key = '';
  #where = '';

  constructor(changed) { this.changed = changed; }

  /** `ask` is { page, per, sort }. Asking for what is already shown does nothing, unless `force` is given. */
  want(app, tables, table, ask, force = false) {
    const where = JSON.stringify([app, table.slug]), key = JSON.stringify([where, ask]);
    if (key === this.#key && !force) return;
    if (where !== this.#where) Object.assign(this, { records: null, total: table.records ?? 0, pages: Math.max(1, Math.ceil((table.records ?? 0) / ask.per)) });
    this.#key = key;
    this.#where = where;
    this.fault = null;
    this.busy = true;
    this.#load(app, tables, table, ask);
  }

  async #load(app, tables, table, ask) {
    const done = await this.#latest.run(async signal => {
      const page = await loadPage(app, table.slug, ask, signal);
      return { ...page, names: await loadNames(app, tables, table, page.records, NAMES_IN_CELL, signal) };
    });
    if (!done) return;
    this.busy = false;
    this.fault = done.fault ?? null;
    if (done.value) Object.assign(this, { records: done.value.records, names: done.value.names, total: done.value.total, pages: Math.max(1, done.value.total_pages) });
    this.changed();
  }

  stop() { this.#latest.stop(); this.#key = this.#where = ''; }
}

/** One record by its id: from the rows when they have it, else asked for. */
export class OneRecord {
  id = null;
  record = null;
  names = new Map();
  fault = null;
  #latest = new Latest();

  constructor(changed) { this.changed = changed; }

  want(app, tables, table, id, rows, force = false) {
    const near = rows.records?.find(r => r.id === id);
    if (near && !rows.busy) {
      if (near === this.record) return;
      this.#latest.stop();
      Object.assign(this, { id, record: near, names: rows.names, fault: null });
      // The rows know the first names only: what stands here already is shown while the others come.
      if (refersToMany(table, near)) this.#load(app, tables, table, async () => near);
      return;
    }
    if (id === this.id && !force) return;
    this.#latest.stop();
    Object.assign(this, { id, record: null, fault: null });
    if (id && !near) this.#load(app, tables, table, signal => loadRecord(app, table.slug, id, signal));
  }

  async #load(app, tables, table, find) {
    const done = await this.#latest.run(async signal => {
      const record = await find(signal);
      return { record, names: await loadNames(app, tables, table, [record], NAMES_IN_PANEL, signal) };
    });
    // A record that is shown already only lacks names.
    if (!done || (done.fault && this.record)) return;
    Object.assign(this, { fault: done.fault ?? null, ...done.value });
    this.changed();
  }

  stop() { this.#latest.stop(); this.id = null; }
}
