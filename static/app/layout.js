// How a person arranged the columns of a table: order, width, hidden, how many are frozen, density. Kept in this browser, by table.
// Not here: order and filters of the records, which the address says.
import { columnsOf, displayField, typeOf } from './types.js';

const NAME_WIDTH = 210;
/** Rows of the grid that are not records: the header, and the one to type new records into. */
export const HEAD = -2;
export const ENTRY = -1;
export const WIDTH_LEAST = 56;
export const WIDTH_MOST = 800;
const keyOf = (app, table) => `ui:columns:${app}/${table}`;
const EMPTY = { order: [], widths: {}, hidden: [], frozen: 1 };

/** The arrangement as it was kept; what is no longer there plays no part. */
export function loadLayout(app, table) {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(app, table.slug)) ?? '{}');
    return { ...EMPTY, ...kept };
  } catch { return EMPTY; }
}

export function keepLayout(app, table, layout) {
  try { localStorage.setItem(keyOf(app, table.slug), JSON.stringify(layout)); } catch { /* Nothing is kept; this visit has it. */ }
}

/** All fields in their order; those that are new stand last. */
export function ordered(table, { order }) {
  const all = columnsOf(table), known = order.map(slug => all.find(f => f.slug === slug)).filter(Boolean);
  return [...known, ...all.filter(f => !known.includes(f))];
}

export const shownColumns = (table, layout) => ordered(table, layout).filter(f => !layout.hidden.includes(f.slug));

export const widthOf = (table, field, { widths }) => widths[field.slug] ?? (field === displayField(table) ? NAME_WIDTH : typeOf(field).width);

/** The same with a field one place further: -1 or 1, over hidden ones. */
export function moved(table, layout, slug, way) {
  const all = ordered(table, layout), shown = shownColumns(table, layout), at = shown.findIndex(f => f.slug === slug);
  return movedTo(all, layout, slug, shown[at + way]?.slug, way > 0);
}

/** The same with a field before another, or behind it. */
export function movedTo(all, layout, slug, target, isBehind) {
  if (!target || target === slug) return layout;
  const order = all.map(f => f.slug).filter(s => s !== slug);
  order.splice(order.indexOf(target) + (isBehind ? 1 : 0), 0, slug);
  return { ...layout, order };
}
