// Saved views of a table: a name for a filter, an order, groups and an arrangement of columns. What they say lies in the address until somebody saves it.
// Not here: what a filter means (filter.js), what an address says (asked.js), how columns are arranged (layout.js).
import { get, write } from './api.js';
import { compile } from './filter.js';
import { shownColumns } from './layout.js';
import { takeViews } from './meta.js';
import { schemaAt } from './records.js';

/** The body of a view for what is shown now. Its filter is said with the server's clock, so that programs that ask by the view get today's today. */
function bodyOf(table, { tree, sort, layout, groups, folded }) {
  return { filter: compile(tree, table, { byClock: true }), sort: sort ? sort.split(',') : [], fields: shownColumns(table, layout).map(f => f.slug), options: { tree, layout, groups, folded } };
}

/** The views of one table that the person may see. */
export class Views {
  list = [];
  #app;
  #table;

  constructor(app, table) { this.#app = app; this.#table = table; }

  get #at() { return `${schemaAt(this.#app, this.#table)}/views`; }

  async load(signal) { this.list = takeViews(this.#app, this.#table) ?? (await get(this.#at, signal)).views; }

  /** Gives the new view's slug. `shown` is { tree, sort, layout, groups, folded }. */
  async make(table, name, isShared, shown) {
    const { data } = await write('POST', this.#at, { name, kind: 'grid', shared: isShared, ...bodyOf(table, shown) });
    this.list = [...this.list, data];
    return data.slug;
  }

  async save(table, slug, shown) {
    const { data } = await write('PATCH', this.#of(slug), bodyOf(table, shown));
    this.list = this.list.map(v => (v.slug === slug ? data : v));
  }

  async drop(slug) {
    await write('DELETE', this.#of(slug));
    this.list = this.list.filter(v => v.slug !== slug);
  }

  #of(slug) { return `${this.#at}/${encodeURIComponent(slug)}`; }
}
