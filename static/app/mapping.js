// The mapping of columns to fields that was used last, kept in this browser for each table and each set of headings.
// Not here: guessing one (import.js), changing one (ui/mapping.js).

const KEPT_MOST = 12, CANNOT = ['computed', 'lines'];
const keyOf = (app, table) => `ui:mapping:${app}/${table}`;
const headingsOf = columns => JSON.stringify(columns.map(c => c.heading));

function kept(app, table) {
  try {
    const list = JSON.parse(localStorage.getItem(keyOf(app, table)) ?? '[]');
    return Array.isArray(list) ? list : [];
  } catch { return []; }
}

/** Keeps it; what was a new field then, in `made`, is a field of the table now. */
export function rememberMapping(app, table, columns, { plan, match, existing, made }) {
  const slugs = new Map(made.map(m => [m.at, m.field.slug])), headings = headingsOf(columns);
  const known = slug => table.fields.some(f => f.slug === slug);
  const settled = plan.map((p, i) => ({ ...p, to: p.to === 'new' ? (known(slugs.get(i)) ? slugs.get(i) : null) : p.to }));
  const list = [{ headings, plan: settled, match, existing, at: new Date().toISOString().slice(0, 10) }, ...kept(app, table.slug).filter(k => k.headings !== headings)].slice(0, KEPT_MOST);
  try { localStorage.setItem(keyOf(app, table.slug), JSON.stringify(list)); } catch { /* The next time it is guessed. */ }
}

/** The kept mapping for a file with these headings, { plan, match, existing, at }, or null. What the table or the file no longer has is as `guessed` says. */
export function recallMapping(app, table, columns, guessed) {
  const found = table && kept(app, table.slug).find(k => k.headings === headingsOf(columns));
  if (!found || !Array.isArray(found.plan) || found.plan.length !== columns.length) return null;
  const fields = table.fields.filter(f => !CANNOT.includes(f.type)), canBe = to => to === null || to === 'id' || fields.some(f => f.slug === to);
  const plan = columns.map((column, i) => {
    const { to = null, form, match, missing, type } = found.plan[i] ?? {};
    if (!canBe(to)) return guessed[i];
    return { ...guessed[i], to, match: match ?? guessed[i].match, missing: missing ?? 'empty', type: type ?? guessed[i].type, form: [...column.orders, ...column.marks].includes(form) ? form : guessed[i].form };
  });
  const taken = plan.map(p => p.to).filter(Boolean);
  // A guess in the place of what is gone may name a field that another column has.
  if (new Set(taken).size < taken.length) return null;
  return { plan, match: taken.includes(found.match) ? found.match : null, existing: ['update', 'skip', 'add'].includes(found.existing) ? found.existing : 'update', at: found.at };
}
