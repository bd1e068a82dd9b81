// The keyboard of the grid outside an editor: moving, ranges, ticking, and what begins an edit. One table of keys.
// Not here: keys inside an editor (ui/editors/base.js), keys of the whole screen (screens/table.js).
import { ENTRY, HEAD } from '../app/layout.js';

const PAGE_ROWS = 20;

/** Where a cell ends that Ctrl+arrow runs to: the edge of what is filled, or of the table. Only among rows that are loaded. */
function edge(grid, { r, c }, dr, dc) {
  const filled = (row, col) => {
    const value = grid.rows.at(row)?.[grid.fieldAt(col)?.slug];
    return value !== null && value !== undefined && value !== '' && value.length !== 0;
  };
  if (dc) {
    let col = c;
    while (col + dc >= 1 && col + dc <= grid.columns.length && (r < 0 || filled(r, col + dc))) col += dc;
    return { r, c: col === c ? (dc > 0 ? grid.columns.length : 1) : col };
  }
  let row = r;
  while (row + dr >= 0 && row + dr <= grid.lastRow && grid.rows.at(row + dr) && (c === 0 || filled(row + dr, c))) row += dr;
  return { r: row === r ? (dr > 0 ? grid.lastRow : 0) : row, c };
}

function target(grid, e) {
  const { r, c } = grid.active, far = e.ctrlKey || e.metaKey, last = grid.columns.length;
  const way = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[e.key];
  if (way) {
    if (far && r >= 0) return edge(grid, grid.active, ...way);
    if (way[0] && r + way[0] === ENTRY && !grid.can.create) return { r: way[0] > 0 ? 0 : HEAD, c };
    return { r: r + way[0], c: c + way[1] };
  }
  switch (e.key) {
    case 'PageDown': return { r: Math.max(0, r) + PAGE_ROWS, c };
    case 'PageUp': return { r: Math.max(0, r - PAGE_ROWS), c };
    case 'Home': return far ? { r: 0, c: 1 } : { r, c: 0 };
    case 'End': return far ? { r: grid.lastRow, c: last } : { r, c: last };
    default: return null;
  }
}

/** What a key does that has Ctrl or ⌘ with it. */
function withControl(grid, e) {
  if (e.key === 'Enter') { grid.edit.fill(); return true; }
  if (e.key.toLowerCase() === 'a' && !e.shiftKey) { grid.pick.all(); return true; }
  return false;
}

function plain(grid, e) {
  const { r, c } = grid.active, id = r >= 0 ? grid.rows.at(r)?.id : null, group = r >= 0 && grid.rows.groupAt?.(r);
  if (group && ['Enter', 'F2', ' '].includes(e.key)) { grid.onFold(group); return true; }
  switch (e.key) {
    case 'Enter': case 'F2':
      if (r === HEAD) return false;
      if (c === 0) { if (id) grid.onOpen(id); return true; }
      grid.edit.open(r, c);
      return true;
    case ' ':
      if (r === HEAD) return false;
      if (e.shiftKey) grid.pick.turnRange();
      else if (r === ENTRY) grid.edit.open(r, c, ' ');
      else if (id) grid.onOpen(id);
      return true;
    case 'Delete': case 'Backspace':
      if (r === HEAD) return false;
      grid.edit.empty();
      return true;
    case 'Escape':
      if (grid.anchor) { grid.go(r, c); return true; }
      if (!grid.pick.isEmpty) { grid.pick.clear(); return true; }
      return false;
    default:
      if ([...e.key].length !== 1 || r === HEAD || c === 0) return false;
      grid.edit.open(r, c, e.key);
      return true;
  }
}

/** Does what a key asks for; keys that are not the grid's own go on to the screen and the browser. */
export function act(grid, e) {
  if (e.defaultPrevented || e.isComposing || e.target.closest('[data-editing], [popover]')) return;
  const cell = e.target.closest('td, th') ?? (e.target === grid.grid ? e.target : null);
  if (!cell) return;
  if (grid.edit.early(e)) { e.preventDefault(); e.stopPropagation(); return; }
  const step = e.altKey && !(e.ctrlKey || e.metaKey || e.shiftKey) && grid.order && grid.active.r >= 0 && !grid.selected && { ArrowUp: -1, ArrowDown: 1 }[e.key];
  if (step) {
    grid.step(step);
    e.preventDefault();
    e.stopPropagation();
    return;
  }
  if (e.altKey) {
    if (e.key !== 'ArrowDown' || grid.selected || grid.active.c === 0) return;
    grid.menu(grid.active.c);
    e.preventDefault();
    e.stopPropagation();
    return;
  }
  const to = target(grid, e);
  if (to) grid.go(to.r, to.c, e.shiftKey && to.r >= 0);
  else if (!(e.ctrlKey || e.metaKey ? withControl(grid, e) : plain(grid, e))) return;
  e.preventDefault();
  // What the grid has dealt with is nobody else's.
  e.stopPropagation();
}

const ENTERS = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Enter', 'F2', 'Home', 'End', 'PageUp', 'PageDown'];
/** A key that is pressed while nothing has the focus is meant for the cell that is marked. */
export function enter(grid, e) {
  if (e.defaultPrevented || e.target !== document.body || e.altKey || !ENTERS.includes(e.key) || document.querySelector('dialog:modal')) return;
  grid.focusActive();
  e.preventDefault();
  const { key, shiftKey, ctrlKey, metaKey } = e;
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, ctrlKey, metaKey, bubbles: true, cancelable: true }));
}
