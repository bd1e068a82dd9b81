// Rows that are put into an order of one's own, in a list that is sorted by a field which counts by itself: dragged by their handles, or one place up or
// down by a key. Not here: when that is possible (grid.js), how rows change their places (app/rows.js), sending it (app/edit.js).
import { announce } from '../lib/a11y.js';
import { moveRecord } from '../app/edit.js';
import { note } from '../app/notes.js';
import { recordName } from '../app/records.js';
import { offerUndo } from '../app/undo.js';
import { t } from '../app/i18n.js';

const BEGINS_PX = 4, EDGE_PX = 40, STEP_PX = 14;

/** The record that stands behind the one that is put into a gap, in the order of the field; null for none. Gap n is the one above row n. */
async function behind(rows, gap, isDown) {
  const at = isDown ? Math.max(gap, rows.fresh.length) : gap - 1;
  // Records that were made here stand first, wherever they belong.
  if (at < rows.fresh.length || at >= rows.length) return null;
  if (!rows.at(at)) await rows.need(at, at);
  return rows.at(at)?.id ?? null;
}

/** Whether a grid still shows what it showed: somebody may go elsewhere while an answer is on its way. */
function staying(grid) {
  const { table, order, context: { app } } = grid;
  return () => grid.isConnected && grid.table.slug === table.slug && grid.context.app === app && grid.order?.field.slug === order.field.slug && grid.order.isDown === order.isDown;
}

async function put(grid, record, gap) {
  const { rows, table, order: { field, isDown }, context: { app } } = grid, isThere = staying(grid), from = rows.indexOf(record.id), fresh = rows.fresh.length, name = recordName(table, record);
  if (from < 0 || gap === from || gap === from + 1) return;
  const after = await behind(rows, gap, isDown), to = gap > from ? gap - 1 : gap;
  if (!isThere()) return;
  if (!fresh) {
    rows.shift(from, to);
    grid.go(to, grid.active.c);
  }
  announce(t('grid.moved.said', { n: Math.max(0, to - fresh) + 1, total: rows.total }));
  try {
    const moved = await moveRecord({ app, table: table.slug, id: record.id, after, field: field.slug, label: t('change.moved', { record: name }) });
    if (fresh && isThere()) await rows.settle();
    if (moved.length) note(t('grid.moved', { name }), { actions: offerUndo() });
    else note(t('grid.moved.there', { name }));
  } catch (e) {
    const now = isThere() ? rows.indexOf(record.id) : -1;
    if (!fresh && now >= 0 && now !== from) rows.shift(now, from);
    if (isThere()) rows.reload();
    note(t('grid.moved.not', { name, why: e.message }), { bad: true, stays: true });
  }
}

/** One place up (-1) or down (1). A record that was made here goes to its place first. */
export async function step(grid, way) {
  const { rows, active: { r, c }, order: { isDown } } = grid, isThere = staying(grid), record = rows.at(r);
  if (!record) return;
  if (rows.fresh.length) {
    if (!await rows.settle() || !isThere()) return;
    // A new one has the highest number.
    const end = isDown ? 0 : rows.length - 1;
    if (rows.indexOf(record.id) < 0) await rows.need(end, end);
    if (!isThere() || rows.indexOf(record.id) < 0) return;
    grid.go(rows.indexOf(record.id), c);
  }
  const at = rows.indexOf(record.id), gap = way < 0 ? at - 1 : at + 2;
  if (at < 0) return;
  if (gap < 0 || gap > rows.length) announce(t('grid.moved.end'));
  else await put(grid, record, gap);
}

/** Follows the pointer from the handle of a row until it is let go; Esc leaves the row where it is. */
export function carry(grid, e, record) {
  const { box, canvas, rows } = grid, table = grid.grid, until = new AbortController(), { signal } = until;
  let y = e.clientY, gap = null;
  const lines = () => [...canvas.querySelectorAll('tr[data-index]')];
  const mark = () => {
    const from = rows.indexOf(record.id), at = gap === from || gap === from + 1 ? null : gap;
    for (const line of lines()) {
      const i = Number(line.dataset.index);
      line.toggleAttribute('data-carried', gap !== null && line.dataset.id === record.id);
      if (i === at) line.dataset.line = 'before';
      else if (i === at - 1 && at === rows.length) line.dataset.line = 'behind';
      else delete line.dataset.line;
    }
  };
  const gapAt = top => {
    const at = Math.max(y, top), found = lines().map(line => ({ i: Number(line.dataset.index), box: line.getBoundingClientRect() })).sort((a, b) => a.i - b.i);
    const under = found.find(line => at < line.box.top + line.box.height / 2);
    return Math.max(rows.fresh.length, under ? under.i : (found.at(-1)?.i ?? -1) + 1);
  };
  const tick = () => {
    if (signal.aborted) return;
    if (!grid.isConnected) { stop(false); return; }
    const { top, bottom } = box.getBoundingClientRect(), head = top + canvas.offsetTop;
    box.scrollTop += y < head + EDGE_PX ? -STEP_PX : y > bottom - EDGE_PX ? STEP_PX : 0;
    gap = gapAt(head);
    mark();
    requestAnimationFrame(tick);
  };
  const stop = isDone => {
    const to = gap;
    until.abort();
    gap = null;
    mark();
    delete table.dataset.carrying;
    if (isDone && to !== null) put(grid, record, to);
  };
  const move = ev => {
    y = ev.clientY;
    if (gap !== null || Math.abs(y - e.clientY) < BEGINS_PX) return;
    gap = -1;
    table.dataset.carrying = '';
    tick();
  };
  addEventListener('pointermove', move, { signal });
  addEventListener('pointerup', () => stop(true), { signal });
  addEventListener('pointercancel', () => stop(false), { signal });
  addEventListener('keydown', ev => { if (ev.key === 'Escape') { ev.preventDefault(); ev.stopPropagation(); stop(false); } }, { signal, capture: true });
}
