// Which of some changed records no longer belong where they stand in a list: the server is asked for them and their neighbours by the same question.
// Not here: where they stand (rows.js), what is offered about it (ui/gridfoot.js).
import { get } from './api.js';
import { listQuery, recordsAt } from './records.js';

const IDS_AT_ONCE = 90;

/** `standing`: [{ id, isChanged }] as they stand; `order`: the ids as the server has them now. Gives Map(id, 'match' or 'order') of those that would go or move. */
function judge(standing, order) {
  const at = new Map(order.map((id, i) => [id, i])), found = new Map();
  let last = -1;
  standing.forEach(({ id, isChanged }, i) => {
    const place = at.get(id);
    if (place === undefined) { if (isChanged) found.set(id, 'match'); return; }
    if (!isChanged) { last = Math.max(last, place); return; }
    const next = standing.slice(i + 1).find(s => !s.isChanged && at.has(s.id));
    if (place < last || (next && place > at.get(next.id))) found.set(id, 'order');
    else last = place;
  });
  return found;
}

/** The same for as many as there are. Without an order of its own a search by words is sorted by how well they fit, which says nothing of neighbours. */
export async function strayed(app, table, { sort, filter, q }, standing, signal) {
  const found = new Map();
  for (let from = 0; from < standing.length; from += IDS_AT_ONCE) {
    const part = standing.slice(from, from + IDS_AT_ONCE), ids = `id in (${part.map(s => `'${s.id}'`).join(', ')})`;
    const query = listQuery({ sort, q, filter: filter ? `(${filter}) && ${ids}` : ids });
    for (const [name, value] of Object.entries({ fields: 'id', limit: IDS_AT_ONCE, count: 'none' })) query.set(name, value);
    const { records } = await get(`${recordsAt(app, table)}?${query}`, signal);
    for (const [id, why] of judge(part, records.map(r => r.id))) if (why === 'match' || !q || sort) found.set(id, why);
  }
  return found;
}
