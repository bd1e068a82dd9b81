// Groups in groups, out of one row of numbers for each innermost group. Pure.
// Not here: asking for the numbers, and what stands where (groups.js).
import { nameOf } from './records.js';

const DIGITS = 6;

/** Options in their order, linked records by their names, all else as the server sorts it; what is empty comes last. */
function orderOf(field, names, isDown) {
  const choices = field.choices?.map(c => c.value) ?? field.options ?? [];
  const called = value => nameOf(names, field.target, value) ?? '';
  const compare = field.target ? (a, b) => called(a).localeCompare(called(b)) : choices.length ? (a, b) => choices.indexOf(a) - choices.indexOf(b) : () => 0;
  return (a, b) => (a.value === null) - (b.value === null) || (isDown && (field.target || choices.length) ? -1 : 1) * compare(a.value, b.value);
}

/** The tree of groups out of one row for each innermost one. Sums of sums are rounded to the digits that a field keeps. */
export function treeFrom(rows, fields, sums, names, sort) {
  const top = [];
  for (const row of rows) {
    let siblings = top, path = [], parent = null;
    for (const [level, field] of fields.entries()) {
      const value = row[field.slug] ?? null;
      path = [...path, value];
      let node = siblings.find(n => n.value === value);
      // One key alone is the value itself, as a path of one.
      if (!node) siblings.push(node = { key: JSON.stringify(level ? path : value), level, field, value, parent, count: 0, sums: new Map(), children: level < fields.length - 1 ? [] : null, rows: null, places: 0, isFolded: false });
      node.count += row.count;
      for (const f of sums) {
        const n = row[`sum(${f.slug})`];
        if (typeof n === 'number') node.sums.set(f.slug, Number(((node.sums.get(f.slug) ?? 0) + n).toFixed(f.scale ?? DIGITS)));
      }
      parent = node;
      siblings = node.children;
    }
  }
  const down = new Set((sort ?? '').split(',').filter(k => k[0] === '-').map(k => k.slice(1)));
  const put = nodes => { nodes.sort(orderOf(nodes[0].field, names, down.has(nodes[0].field.slug))); for (const n of nodes) if (n.children) put(n.children); };
  if (top.length) put(top);
  return top;
}
