// What the pointer drags in the grid: a range of cells, the edge of a column, a column to another place, a row to another one. Each has a twin by keyboard or menu.
// Not here: what a drag changes (app/layout.js), where a row lands (gridmove.js), single clicks (grid.js).
import { missed } from '../app/notes.js';
import { ENTRY, HEAD, WIDTH_LEAST, WIDTH_MOST, movedTo, ordered, widthOf } from '../app/layout.js';

const BEGINS_PX = 5;

export class Drags {
  /** Whether the cell under the pointer was the active one before it was pressed. */
  wasActive = false;
  justDragged = false;

  constructor(grid) { this.grid = grid; }

  down(e) {
    this.justDragged = false;
    if (e.button !== 0 || e.target.closest('[data-editing], .caret')) return;
    const { grid } = this, cell = e.target.closest('td, th'), place = grid.placeOf(cell);
    if (!place) return;
    if (e.target.closest('.grip')) { e.preventDefault(); this.#resize(e, Number(e.target.dataset.grip)); return; }
    if (e.target.closest('.carry')) { e.preventDefault(); this.#move(e, place.r); return; }
    if (place.r === HEAD) { if (place.c > 0) this.#carry(e, place.c); return; }
    this.wasActive = place.r === grid.active.r && place.c === grid.active.c && cell.contains(document.activeElement);
    if (e.target.closest('input, button')) return;
    if (e.shiftKey && place.r >= 0) { e.preventDefault(); grid.go(place.r, place.c, true); return; }
    if (e.target.closest('a')) { if (this.wasActive || e.ctrlKey || e.metaKey) return; e.preventDefault(); }
    grid.go(place.r, place.c);
    e.preventDefault();
    if (e.pointerType === 'mouse' && place.r !== ENTRY) this.#stretch(e);
  }

  /** Follows the pointer until it is let go. */
  #follow(e, move, end = () => {}) {
    const until = new AbortController(), { signal } = until;
    addEventListener('pointermove', move, { signal });
    const stop = ev => { until.abort(); end(ev); };
    addEventListener('pointerup', stop, { signal });
    addEventListener('pointercancel', stop, { signal });
  }

  #stretch(e) {
    const { grid } = this;
    this.#follow(e, ev => {
      const place = grid.placeOf(document.elementFromPoint(ev.clientX, ev.clientY)?.closest('td, th'));
      const to = place ?? { r: ev.clientY < grid.box.getBoundingClientRect().top + grid.canvas.offsetTop ? grid.active.r - 1 : grid.active.r + 1, c: grid.active.c };
      if (to.r < 0 || Number.isNaN(to.r) || (to.r === grid.active.r && to.c === grid.active.c)) return;
      grid.go(to.r, Math.max(1, to.c), true);
    });
  }

  async #move(e, r) {
    const { grid } = this, record = grid.rows.at(r);
    let isUp = false;
    this.#follow(e, () => {}, () => { isUp = true; });
    const { carry } = await import('./gridmove.js').catch(missed);
    // Let go before that could begin.
    if (!isUp && grid.order) carry?.(grid, e, record);
  }

  #resize(e, c) {
    const { grid } = this, field = grid.fieldAt(c), from = widthOf(grid.table, field, grid.layout), x = e.clientX;
    this.justDragged = true;
    this.#follow(e, ev => {
      const width = Math.round(Math.max(WIDTH_LEAST, Math.min(WIDTH_MOST, from + ev.clientX - x)));
      grid.onLayout({ ...grid.layout, widths: { ...grid.layout.widths, [field.slug]: width } });
    });
  }

  #carry(e, c) {
    const { grid } = this, field = grid.fieldAt(c), x = e.clientX;
    let over = null;
    const mark = th => { for (const other of grid.querySelectorAll('thead [data-drop]')) delete other.dataset.drop; if (th) th.dataset.drop = over.isBehind ? 'behind' : 'before'; };
    this.#follow(e, ev => {
      if (!over && Math.abs(ev.clientX - x) < BEGINS_PX) return;
      const th = document.elementsFromPoint(ev.clientX, ev.clientY).find(el => el.matches('thead th[data-col]'));
      const box = th?.getBoundingClientRect();
      over = { slug: th?.dataset.slug, isBehind: !!box && ev.clientX > box.left + box.width / 2 };
      mark(th && th.dataset.slug !== field.slug ? th : null);
    }, () => {
      mark(null);
      if (!over) return;
      this.justDragged = true;
      if (over.slug) grid.onLayout(movedTo(ordered(grid.table, grid.layout), grid.layout, field.slug, over.slug, over.isBehind));
    });
  }
}
