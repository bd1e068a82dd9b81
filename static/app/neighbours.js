// The records before and after one in a list that an address describes: filter, order, words, a view. Not here: the list itself (rows.js).
import { askOf } from './asked.js';
import { loadIds } from './records.js';
import { Views } from './views.js';

// Far down a long list nobody steps through it record by record.
const MOST = 1_000;

/** What a list is asked by the query of an address, which may name a view. */
async function askedBy(app, table, query, signal) {
  const slug = query.get('v'), views = new Views(app, table.slug);
  if (slug) await views.load(signal);
  const { sort, filter, q } = askOf(query, views.list.find(v => v.slug === slug) ?? null, table);
  return { sort, filter, q };
}

export class Neighbours {
  #ids = [];
  #key = '';

  /** Asks for the list, unless it is known. */
  async load(app, table, query, signal) {
    const key = JSON.stringify([app, table.slug, ...['v', 'f', 'sort', 'q'].map(name => query.get(name))]);
    if (key === this.#key) return;
    this.#ids = await loadIds(app, table.slug, await askedBy(app, table, query, signal), MOST, signal);
    this.#key = key;
  }

  /** `{ at, total, previous, next }`, or null when the record is not in the list. `isMore`: the list goes on. */
  of(id) {
    const at = this.#ids.indexOf(id), total = this.#ids.length;
    return at < 0 ? null : { at, total, isMore: total === MOST, previous: this.#ids[at - 1] ?? null, next: this.#ids[at + 1] ?? null };
  }
}
