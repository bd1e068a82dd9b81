// What a list is asked and how it stands in groups: the address says it first, then the view. Pure, but for the words of the language.
// Not here: the address itself (lib/router.js), what a filter means (filter.js), loading (rows.js, groups.js).
import { compile, fromAddress, saidBy } from './filter.js';
import { canGroup, isSortable } from './types.js';

const STAMPS = ['id', 'created_at', 'updated_at'];
/** How many fields deep groups may stand in groups. */
const LEVELS_MOST = 3;

const texts = written => { try { return [JSON.parse(written ?? '[]')].flat().map(String); } catch { return []; } };
const listed = written => (written ?? '').split(',').filter(Boolean);

/** The tree of conditions. */
export const treeOf = (query, view) => (query.has('f') ? fromAddress(query.get('f')) : saidBy(view).tree ?? fromAddress(null));

/** The fields by which records stand in groups, outermost first. A search by words has no groups. */
export function groupsOf(query, view, table) {
  if (query.get('q')) return [];
  const slugs = query.has('g') ? listed(query.get('g')) : saidBy(view).groups, found = slugs.map(slug => table?.fields.find(f => f.slug === slug && canGroup(f)));
  return [...new Set(found.filter(Boolean))].slice(0, LEVELS_MOST);
}

/** The keys of the groups that are closed. */
export const foldedOf = (query, view) => (query.has('gf') || query.has('g') ? texts(query.get('gf')) : saidBy(view).folded);

/** The question, with everything this table cannot do left out: { sort, filter, q, groups?, folded? }. */
export function askOf(query, view, table) {
  const isKnown = key => { const slug = key.replace(/^-/, ''); return STAMPS.includes(slug) || table.fields.some(f => f.slug === slug && isSortable(f)); };
  const sort = listed(query.get('sort') ?? saidBy(view).sort).filter(isKnown).join(',');
  // A view without a tree was made by a program: its filter goes to the server as it is.
  const written = view && !query.has('f') && !view.options?.tree ? view.filter : null, groups = groupsOf(query, view, table).map(f => f.slug);
  return { sort: sort || null, filter: written ?? compile(treeOf(query, view), table), q: query.get('q') || null, ...(groups.length && { groups, folded: foldedOf(query, view) }) };
}

/** Whether the address says something that the view does not. */
export const saysMore = query => ['f', 'sort', 'g', 'gf'].some(name => query.has(name));
