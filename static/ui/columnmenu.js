// The menu of a column: order, filter, place, width, hide, freeze. One element, shown at the header it was asked for.
// Not here: what the entries change (app/layout.js, the address), the fields themselves (the table's designer).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { nextItem, place } from '../lib/pop.js';
import { canGroup, isSortable } from '../app/types.js';
import { WIDTH_LEAST, WIDTH_MOST, moved, widthOf } from '../app/layout.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

const WIDTH_STEP = 40;

class ColumnMenu extends El {
  static props = {};
  #field = null;
  #grid = null;

  open(field, at, grid) {
    this.#field = field;
    this.#grid = grid;
    this.update();
    queueMicrotask(() => {
      const box = this.querySelector('.menu');
      box.showPopover();
      place(box, at);
      box.querySelector('[role="menuitem"]').focus();
    });
  }

  #key = e => {
    const box = this.querySelector('.menu');
    if (e.key === 'Tab') { box.hidePopover(); this.#grid.focusActive(); return; }
    const next = nextItem([...box.querySelectorAll('[role="menuitem"]')], document.activeElement, e.key);
    if (!next) return;
    e.preventDefault();
    next.focus();
  };

  #do(run) {
    this.querySelector('.menu').hidePopover();
    this.#grid.focusActive();
    run();
  }

  #groups() {
    const grid = this.#grid, field = this.#field, { layout, table } = grid, { slug } = field, c = grid.columns.indexOf(field) + 1, width = widthOf(table, field, layout);
    const wide = by => grid.onLayout({ ...layout, widths: { ...layout.widths, [slug]: Math.max(WIDTH_LEAST, Math.min(WIDTH_MOST, width + by)) } });
    const isFrozen = layout.frozen === c;
    return [
      isSortable(field) && [
        ['up', 'column.up', () => grid.onSort(slug)], ['down', 'column.down', () => grid.onSort(`-${slug}`)],
        grid.sort && !grid.sort.split(',').includes(slug) && !grid.sort.split(',').includes(`-${slug}`) && ['sort', 'column.also', () => grid.onSort(`${grid.sort},${slug}`)],
      ],
      [grid.onFilter && ['filter', 'column.filter', () => grid.onFilter(field)], canGroup(field) && ['rows', 'column.group', () => grid.onGroup([slug])]],
      [
        c > 1 && ['left', 'column.left', () => grid.onLayout(moved(table, layout, slug, -1))], c < grid.columns.length && ['right', 'column.right', () => grid.onLayout(moved(table, layout, slug, 1))],
        ['plus', 'column.wider', () => wide(WIDTH_STEP)], ['minus', 'column.narrower', () => wide(-WIDTH_STEP)],
        ['pin', isFrozen ? 'column.unfreeze' : 'column.freeze', () => grid.onLayout({ ...layout, frozen: isFrozen ? 0 : c })],
        grid.columns.length > 1 && ['eye', 'column.hide', () => grid.onLayout({ ...layout, hidden: [...layout.hidden, slug] })],
      ],
    ].filter(Boolean).map(g => g.filter(Boolean)).filter(g => g.length);
  }

  view() {
    if (!this.#field) return html`<div class="menu" popover="auto"></div>`;
    return html`<div class="menu" popover="auto" @keydown=${this.#key}><p class="menu-top">${this.#field.name}</p><div role="menu" aria-label=${t('grid.menu', { name: this.#field.name })}>
      ${each(this.#groups(), g => g[0][1], g => html`<div role="group">${each(g, i => i[1], ([sign, key, run]) => html`<button type="button" role="menuitem" tabindex="-1" @click=${() => this.#do(run)}>${icon(sign)}<span class="menu-text">${t(key)}</span></button>`)}</div>`)}
    </div></div>`;
  }
}
define('ui-columnmenu', ColumnMenu);
