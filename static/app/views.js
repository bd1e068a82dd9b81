// Saved views of a table: a name for a filter, an order and an arrangement of columns. What they say lies in the address until somebody saves it.
// Not here: what a filter means (filter.js), how columns are arranged (layout.js).
import { get, write } from './api.js';
import { compile } from './filter.js';
import { shownColumns } from './layout.js';

const at = (app, table) => `/api/apps/${encodeURIComponent(app)}/schemas/${encodeURIComponent(table)}/views`;

/** The views that the person may see. */
export const loadViews = async (app, table, signal) => (await get(at(app, table), signal)).views;

/** The body of a view for what is shown now. Its filter is said with the server's clock, so that programs that ask by the view get today's today. */
function bodyOf(table, { tree, sort, layout }) {
  return { filter: compile(tree, table, { byClock: true }), sort: sort ? sort.split(',') : [], fields: shownColumns(table, layout).map(f => f.slug), options: { tree, layout } };
}

export const makeView = async (app, table, name, isShared, shown) => (await write('POST', at(app, table.slug), { name, kind: 'grid', shared: isShared, ...bodyOf(table, shown) })).data;
export const saveView = async (app, table, slug, shown) => (await write('PATCH', `${at(app, table.slug)}/${encodeURIComponent(slug)}`, bodyOf(table, shown))).data;
export const dropView = (app, table, slug) => write('DELETE', `${at(app, table.slug)}/${encodeURIComponent(slug)}`);
