// Names of the linked records that a filter speaks of: one that came with the address is said in words, too.
// Not here: the sentence (filter.js).
import { partsOf } from './filter.js';
import { NAMES_IN_PANEL, loadNames, nameOf, rememberName } from './records.js';

/** The ids without a name, by field. */
function nameless(tree, table, names, found = {}) {
  for (const part of partsOf(tree)) {
    if (!Array.isArray(part)) { nameless(part, table, names, found); continue; }
    const field = table.fields.find(f => f.slug === part[0] && f.target), ids = [part[2]].flat().filter(id => typeof id === 'string' && field && !nameOf(names, field.target, id));
    if (ids.length) found[field.slug] = [...found[field.slug] ?? [], ...ids];
  }
  return found;
}

/** Notes them with the others that the list knows; gives whether there are new ones. `context`: { app, tables, names }. */
export async function nameFilter({ app, tables, names }, table, tree, signal) {
  const wanted = nameless(tree, table, names);
  if (!Object.keys(wanted).length) return false;
  const found = await loadNames(app, tables, table, [wanted], NAMES_IN_PANEL, signal);
  for (const [at, name] of found) rememberName(names, ...at.split('/'), name);
  return found.size > 0;
}
