// The grid: columns, a row to type new records into, and as many recycled rows as fit on the screen over a list of any length. One tab stop, arrows inside.
// On a phone the style sheet turns the same rows into cards. Not here: keys (gridkeys.js), editing (gridedit.js), clipboard (gridclip.js),
// what the pointer drags (griddrag.js), one row of it (gridrow.js), loading (app/rows.js).
import { El, define, later } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { scrollTo, windowOf } from '../lib/virtual.js';
import { columnDigits, displayField, isAtEnd, isSortable, typeOf, wordOf } from '../app/types.js';
import { glowing, pending } from '../app/edit.js';
import { ENTRY, HEAD, shownColumns, widthOf } from '../app/layout.js';
import { missed } from '../app/notes.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';
import { Row, cardSlots } from './gridrow.js';
import { Drags } from './griddrag.js';
import { Editing } from './gridedit.js';
import { Picking } from './gridpick.js';
import { act, enter } from './gridkeys.js';

const NUMBER_WIDTH = 64, FIRST_ROWS = 40;
/** The next step of a header: ascending, descending, none. */
const nextSort = (slug, sort) => (sort === slug ? `-${slug}` : sort === `-${slug}` ? null : slug);

class Grid extends El {
  // rows: app/rows.js, whose version says when to look again. context: { app, table, tables, names }. can: { write, layout }.
  static props = { table: null, rows: null, version: 0, context: null, sort: null, selected: null, layout: null, groups: [], can: null, onSort: null, onOpen: null, onLayout: null, onPicked: null, onFilter: null, onGroup: null, onFold: null };
  columns = [];
  // { field, isDown }: the rows stand in the order of that field, and may be put elsewhere; else null.
  order = null;
  active = { r: 0, c: 1 };
  anchor = null;
  edit = new Editing(this);
  pick = new Picking(this);
  // The clipboard comes after the first rows.
  #clip = null;
  #drags = new Drags(this);
  #lines = new Map();
  #spare = [];
  #look = { digits: new Map(), ends: new Set(), slots: new Map(), lefts: [] };
  #rowHeight = 34;
  #painted = '';
  #shape = '';
  #rowsSeen = null;
  #frame = 0;
  #size = null;
  #had = false;
  #hasMoves = false;

  connected() {
    this.use(pending);
    this.use(glowing);
    addEventListener('keydown', e => enter(this, e), { signal: this.life });
    this.addEventListener('editdone', e => this.edit.done(e), { signal: this.life });
    this.addEventListener('editcancel', e => this.edit.dropped(e), { signal: this.life });
    later(() => this.#later());
    this.life.addEventListener('abort', () => { this.#size?.disconnect(); this.#size = null; this.#lines.clear(); this.#spare = []; this.#painted = ''; });
  }

  async #later() {
    const { Clip } = await import('./gridclip.js');
    this.#clip ??= new Clip(this);
  }

  #paste = async e => {
    if (this.#clip) { this.#clip.paste(e); return; }
    // Before what takes it in is here, the text is kept for it.
    const { range } = this, { target } = e, text = e.clipboardData.getData('text/plain');
    await this.#later().catch(missed);
    this.#clip?.paste({ target, clipboardData: { getData: () => text }, preventDefault() {} }, range);
  };

  get box() { return this.querySelector('.gridbox'); }
  get grid() { return this.querySelector('.grid'); }
  get canvas() { return this.querySelector('.canvas'); }
  get firstRow() { return this.can?.create ? ENTRY : 0; }
  get lastRow() { return this.rows.length - 1; }
  fieldAt(c) { return this.columns[c - 1] ?? null; }
  lineAt(r) { return r === HEAD ? this.querySelector('thead tr') : r === ENTRY ? this.querySelector('.entry') : this.#lines.get(r)?.node ?? null; }
  cellAt(r, c) { return this.lineAt(r)?.children[c] ?? null; }

  prepare() {
    // Rows of another kind: nothing that was drawn is of use.
    if (this.rows !== this.#rowsSeen) {
      this.#rowsSeen = this.rows;
      for (const line of this.#lines.values()) { line.node.remove(); this.#spare.push(line); }
      this.#lines.clear();
    }
    // The same list as long as it says the same: rows make their cells anew with another.
    const columns = shownColumns(this.table, this.layout), shape = JSON.stringify([columns.map(c => widthOf(this.table, c, this.layout)), this.layout.frozen]);
    if (shape !== this.#shape || columns.length !== this.columns.length || columns.some((c, i) => c !== this.columns[i])) this.columns = columns;
    this.#shape = shape;
    this.order = this.#orderOf();
    this.#had ||= this.rows.total !== null;
    const { c } = this.active;
    if (c > this.columns.length) this.active = { ...this.active, c: this.columns.length };
  }

  #orderOf() {
    const { sort, groups, can, table } = this, field = sort && table.fields.find(f => f.type === 'sequence' && f.slug === sort.replace(/^-/, ''));
    return field && can.update && field.writable !== false && !groups.length ? { field, isDown: sort[0] === '-' } : null;
  }

  /** Moves the record of the active cell one place up or down. */
  async step(way) {
    const { step } = await import('./gridmove.js').catch(missed);
    step?.(this, way);
  }

  /** Puts the focus back on a record that is loaded. */
  focusRecord(id) {
    const r = this.rows.indexOf(id);
    if (r >= 0) this.go(r, this.active.c);
    return r >= 0;
  }

  scrollUp() {
    this.box?.scrollTo({ top: 0 });
    if (this.active.r > 0) this.active = { r: 0, c: this.active.c };
    this.anchor = null;
  }

  /** Moves the active cell; with `extend` the range goes along. Scrolls as little as it takes. */
  go(r, c, extend = false) {
    const first = HEAD, row = Math.max(first, Math.min(this.lastRow, r === ENTRY && !this.can.create ? (this.active.r > r ? HEAD : 0) : r));
    const col = Math.max(0, Math.min(this.columns.length, c));
    this.anchor = extend ? this.anchor ?? this.active : null;
    this.active = { r: row, c: col };
    this.reveal(row, col);
    this.focusActive();
    this.paintRange();
  }

  reveal(r, c) {
    const { box } = this, view = this.#view(box);
    if (r >= 0) {
      const top = scrollTo({ index: r, total: this.rows.length, row: this.#rowHeight, view, scroll: box.scrollTop });
      if (top !== box.scrollTop) { box.scrollTop = top; this.#sight(); }
    }
    const cell = this.cellAt(r, c);
    if (!cell || cell.classList.contains('frozen')) return;
    const left = this.#look.lefts.at(-1) ?? NUMBER_WIDTH, x = cell.offsetLeft;
    if (x < box.scrollLeft + left) box.scrollLeft = x - left;
    else if (x + cell.offsetWidth > box.scrollLeft + box.clientWidth) box.scrollLeft = x + cell.offsetWidth - box.clientWidth;
  }

  /** The focus stands on the active cell, or on the grid itself while that cell is out of sight. */
  focusActive() {
    const cell = this.cellAt(this.active.r, this.active.c), target = cell?.querySelector(':scope > .head') ?? cell ?? this.grid;
    this.#stopAt(target === this.grid ? null : target);
    target.focus({ preventScroll: true });
  }

  #stopAt(target) {
    for (const old of this.querySelectorAll('.grid [tabindex="0"]')) if (old !== target) old.tabIndex = -1;
    if (target) target.tabIndex = 0;
    this.grid.tabIndex = target ? -1 : 0;
  }

  /** The range as rows and columns, both ends included. */
  get range() {
    const a = this.anchor ?? this.active, b = this.active;
    return { top: Math.min(a.r, b.r), bottom: Math.max(a.r, b.r), left: Math.min(a.c, b.c), right: Math.max(a.c, b.c) };
  }

  #view(box) { return box.clientHeight - this.#headHeight(); }
  #headHeight() { return this.canvas.offsetTop; }

  // Rows in sight: those that left give their nodes to those that came. The row that is edited stays.
  #sight = () => {
    const { box, canvas, rows } = this;
    if (!canvas || !rows) return;
    const row = parseFloat(getComputedStyle(this.grid).getPropertyValue('--row-now')) || 34, total = rows.total === null ? 0 : rows.length;
    const w = windowOf({ total, row, view: this.#view(box), scroll: box.scrollTop });
    this.#rowHeight = row;
    const space = canvas.nextElementSibling.style, move = w.shift ? `translateY(${w.shift}px)` : '';
    if (space.height !== `${w.height}px`) space.height = `${w.height}px`;
    if (canvas.style.transform !== move) canvas.style.transform = move;
    if (total) rows.see(w.first, w.last);
    const kept = this.edit.row, hadFocus = document.activeElement?.closest?.('.canvas');
    for (const [i, line] of this.#lines) {
      if ((i >= w.first && i < w.last) || (i === kept && i < total)) continue;
      this.#lines.delete(i);
      this.#spare.push(line);
    }
    for (let i = w.first; i < w.last; i++) if (!this.#lines.has(i)) this.#lines.set(i, this.#spare.pop() ?? new Row(this));
    for (const [i, line] of this.#lines) {
      line.place(i, (i - w.base) * row);
      line.paint(rows.at(i), this.#look, this.#painted);
      if (line.node.parentNode !== canvas) canvas.append(line.node);
    }
    for (const line of this.#spare) line.node.remove();
    this.paintRange();
    if (hadFocus && !this.edit.isOpen && !document.activeElement?.closest?.('.canvas')) this.focusActive();
    else if (document.activeElement === this.grid && this.cellAt(this.active.r, this.active.c)) this.focusActive();
  };

  #scrolled = () => {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; if (this.isConnected) this.#sight(); });
  };

  /** Marks what is selected among the rows in sight. */
  paintRange() {
    const { range } = this, one = !this.anchor || (range.top === range.bottom && range.left === range.right);
    for (const [i, line] of this.#lines) line.mark(i, range, one, this.active);
    this.onPicked?.(this.pick.told());
  }

  #head(field, c) {
    const { slug, name } = field, { icon: sign } = typeOf(field), word = wordOf(field.type), end = this.#look.ends.has(field) ? '' : null, sorts = (this.sort ?? '').split(',');
    const way = sorts.includes(slug) ? 'ascending' : sorts.includes(`-${slug}`) ? 'descending' : 'none';
    const face = html`${icon(sign)}<span class="cut">${name}</span>${way !== 'none' && icon(way === 'ascending' ? 'up' : 'down')}`;
    return html`<th scope="col" role="columnheader" class=${c <= this.layout.frozen ? 'frozen' : null} tabindex=${isSortable(field) ? null : -1} data-col=${c} data-slug=${slug} data-end=${end}
        aria-sort=${isSortable(field) ? way : null} aria-colindex=${c + 1} title=${isSortable(field) ? null : word}>
      ${isSortable(field) ? html`<button type="button" class="head" tabindex="-1" title=${`${word}. ${t('grid.sort', { name })}`} @click=${() => this.#sortBy(slug)}>${face}</button>` : html`<span class="head">${face}</span>`}
      <button type="button" class="caret" tabindex="-1" aria-label=${t('grid.menu', { name })} title=${t('grid.menu', { name })} @click=${() => this.menu(c)}>${icon('down')}</button>
      <span class="grip" data-grip=${c}></span></th>`;
  }

  #sortBy(slug) { if (!this.#drags.justDragged) this.onSort(nextSort(slug, this.sort)); }

  /** The menu of a column, at its header. */
  async menu(c) {
    const field = this.fieldAt(c);
    await import('./columnmenu.js');
    if (field) this.querySelector('ui-columnmenu').open(field, this.cellAt(HEAD, c), this);
  }

  #numberHead() {
    const way = this.sort === 'id' ? 'ascending' : this.sort === '-id' ? 'descending' : 'none';
    return html`<th scope="col" role="columnheader" class="number frozen" aria-sort=${way} aria-colindex="1">
      <button type="button" class="head" tabindex="-1" title=${t('grid.number.sort')} @click=${() => this.#sortBy('id')}>${t('grid.number')}${way !== 'none' && icon(way === 'ascending' ? 'up' : 'down')}</button></th>`;
  }

  view() {
    const busy = this.rows.total === null && !this.#had;
    return html`<div class="gridbox" @scroll=${this.#scrolled}>
      <table class="grid" role="grid" tabindex="0" aria-label=${this.table.name} aria-multiselectable="true" aria-busy=${String(this.rows.isBusy)} aria-rowcount=${this.rows.length + (this.can.create ? 2 : 1)}
        aria-colcount=${this.columns.length + 1} data-wide=${this.columns.length > 1 ? '' : null}
        @keydown=${e => act(this, e)} @focusin=${this.#focused} @pointerdown=${e => this.#drags.down(e)} @click=${this.#click} @dblclick=${this.#double} @contextmenu=${this.#context}
        @copy=${e => this.#clip?.copy(e)} @cut=${e => this.#clip?.cut(e)} @paste=${this.#paste}>
        <thead role="rowgroup"><tr role="row" aria-rowindex="1">${this.#numberHead()}${each(this.columns, c => c.slug, (f, i) => this.#head(f, i + 1))}</tr></thead>
        ${this.can.create && html`<tbody role="rowgroup" class="entry-body">${this.edit.entryRow(this.columns, this.#look)}</tbody>`}
        <tbody role="rowgroup" class="canvas"></tbody><tbody role="presentation" class="space"></tbody>
      </table>
      ${busy && html`<div class="grid-bones skeleton" aria-hidden="true">${each(Array.from({ length: 20 }, (_, i) => i), i => i, i => html`<span class="bone" data-width=${i % 4}></span>`)}</div>`}
    </div><ui-columnmenu></ui-columnmenu>`;
  }

  rendered() {
    const { grid, columns, layout } = this, widths = columns.map(c => widthOf(this.table, c, layout));
    const lefts = [NUMBER_WIDTH];
    for (let i = 0; i < layout.frozen; i++) lefts.push(lefts.at(-1) + (widths[i] ?? 0));
    grid.style.setProperty('--cols', [NUMBER_WIDTH, ...widths].map(w => `${w}px`).join(' ') + ' minmax(0, 1fr)');
    grid.style.setProperty('--least', `${widths.reduce((a, b) => a + b, NUMBER_WIDTH)}px`);
    const seen = this.#lines.size ? [...this.#lines.keys()] : Array.from({ length: Math.min(FIRST_ROWS, this.rows.length) }, (_, i) => i);
    const values = f => seen.map(i => this.rows.at(i)?.[f.slug]).filter(v => v !== undefined);
    const ends = new Set(columns.filter(c => isAtEnd(c, values(c))));
    this.#look = { columns, widths, lefts, ends, name: displayField(this.table), slots: cardSlots(columns), digits: new Map([...ends].map(c => [c.slug, columnDigits(c, values(c))])) };
    this.#painted = `${this.#shape} ${this.rows.version} ${!!this.order} ${this.selected} ${[...ends].map(c => c.slug)}`;
    [...this.querySelectorAll('thead .frozen, .entry .frozen')].forEach(cell => { cell.style.setProperty('--left', `${cell.dataset.col ? lefts[cell.dataset.col - 1] : 0}px`); });
    this.#sight();
    if (!this.#size) {
      this.#size = new ResizeObserver(this.#scrolled);
      this.#size.observe(this.box);
    }
    this.edit.rendered();
    if (this.order && !this.#hasMoves) {
      this.#hasMoves = true;
      later(() => import('./gridmove.js'));
    }
    if (document.activeElement?.closest('.grid') !== grid) this.#stopAt(this.cellAt(this.active.r, this.active.c) ?? this.cellAt(this.firstRow, 1));
  }

  #click = e => {
    const cell = e.target.closest('[data-col], .number'), line = e.target.closest('tr[data-id]');
    // A first click selects a cell; a link in it leads away once the cell is the active one.
    const link = e.target.closest('a');
    if (link && !this.#drags.wasActive && !e.ctrlKey && !e.metaKey) e.preventDefault();
    const fold = e.target.closest('tr[data-group]');
    if (fold && (e.target.closest('.fold') || getComputedStyle(fold).getPropertyValue('--is-card') === '1')) { this.onFold(this.rows.groupAt(Number(fold.dataset.index))); return; }
    if (e.target.closest('.open') && line) { this.onOpen(line.dataset.id); return; }
    if (!cell || !line) return;
    if (getComputedStyle(line).getPropertyValue('--is-card') === '1' && !e.target.closest('.picker')) { e.preventDefault(); this.onOpen(line.dataset.id); }
  };

  #double = e => {
    const cell = e.target.closest('td, th'), r = this.placeOf(cell)?.r;
    if (r === undefined || r === HEAD || e.target.closest('a, button, input, textarea')) return;
    this.edit.open(r, this.placeOf(cell).c);
  };

  #context = e => {
    const head = e.target.closest('thead th[data-col]');
    if (!head) return;
    e.preventDefault();
    this.menu(Number(head.dataset.col));
  };

  /** Row and column of a cell of this grid. */
  placeOf(cell) {
    const line = cell?.closest('tr');
    if (!line || !this.contains(line)) return undefined;
    const c = [...line.children].indexOf(cell.closest('td, th'));
    return { r: line.closest('thead') ? HEAD : line.matches('.entry') ? ENTRY : Number(line.dataset.index), c };
  }

  // The active cell follows the focus, so that a screen reader's own keys and a tap move it, too.
  #focused = e => {
    const cell = e.target.closest('td, th');
    if (!cell || e.target.closest('.combo-list, [data-editing]')) return;
    const place = this.placeOf(cell);
    if (place && (place.r !== this.active.r || place.c !== this.active.c)) { this.active = place; this.paintRange(); }
    const target = cell.querySelector(':scope > .head') ?? cell;
    if (e.target === target) this.#stopAt(target);
  };
}
define('ui-grid', Grid);
