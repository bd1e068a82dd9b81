// The records before and after one in a list that an address describes: filter, order, words, a view. Not here: the list itself (rows.js).
import { compile, fromAddress, saidBy } from './filter.js';
import { loadIds } from './records.js';
import { loadViews } from './views.js';

// Far down a long list nobody steps through it record by record.
const MOST = 1_000;

/** What a list is asked by the query of an address, which may name a view. */
async function askedBy(app, table, query, signal) {
  const slug = query.get('v'), view = slug ? (await loadViews(app, table.slug, signal)).find(v => v.slug === slug) ?? null : null, says = saidBy(view);
  const written = view && !query.has('f') && !view.options?.tree ? view.filter : null, tree = query.has('f') ? fromAddress(query.get('f')) : says.tree ?? fromAddress(null);
  return { sort: query.get('sort') ?? says.sort ?? null, filter: written ?? compile(tree, table), q: query.get('q') || null };
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
