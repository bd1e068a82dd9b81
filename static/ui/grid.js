// The records of one page as a grid: columns by field type, sorting by header, one tab stop, arrows inside.
// On a phone the style sheet turns the same rows into cards. Not here: loading, paging, the record panel.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { columnDigits, columnsOf, displayField, isAtEnd, isSortable, typeOf } from '../app/types.js';
import { recordNumber } from '../app/records.js';
import { icon } from './parts.js';
import { cell, tip } from './value.js';

// The first is the token --number of the style sheet, where it places the frozen column next to it.
const NUMBER_WIDTH = 64, NAME_WIDTH = 210;
const SKELETON_ROWS = 40;
const PAGE_KEY_ROWS = 10;

/** Which fields a card shows next to its name: one tag, one figure, one note. Chosen by type, so that any table makes a good card. */
function cardSlots(columns) {
  const rest = columns.slice(1), slots = new Map();
  const pick = (slot, types) => {
    const found = types.map(t => rest.find(c => c.type === t && !slots.has(c.slug))).find(Boolean);
    if (found) slots.set(found.slug, slot);
  };
  pick('figure', ['money', 'decimal', 'integer', 'number', 'date']);
  pick('tag', ['select', 'radio', 'boolean']);
  // Without a tag the note takes its place at the start of the second line.
  pick([...slots.values()].includes('tag') ? 'note' : 'tag', ['reference', 'email', 'phone', 'date', 'datetime', 'text']);
  return slots;
}

/** The next step of a header: ascending, descending, none. */
const nextSort = (slug, sort) => (sort === slug ? `-${slug}` : sort === `-${slug}` ? null : slug);

class Grid extends El {
  // context: { app, names } for references. busy: other rows are on their way.
  static props = { table: null, rows: null, context: null, sort: null, selected: null, first: 0, total: 0, busy: false, onSort: null, onOpen: null };
  #columns = [];
  #slots = new Map();
  // Columns that stand at the end of their cells.
  #ends = new Set();
  #at = null;

  prepare() {
    this.#columns = columnsOf(this.table);
    this.#slots = cardSlots(this.#columns);
    this.#ends = new Set(this.#columns.filter(c => isAtEnd(c, this.#values(c))));
  }

  #values(column) { return (this.rows ?? []).map(r => r[column.slug]); }

  /** Puts the focus back on a record that is still on this page. */
  focusRecord(id) {
    const row = this.querySelector(`tr[data-id="${CSS.escape(id)}"]`);
    const target = row && (row.children[this.#at?.col] ?? row.children[1]);
    target?.focus();
    return !!target;
  }

  scrollUp() { this.querySelector('.gridbox')?.scrollTo({ top: 0 }); }

  #digits() {
    return new Map([...this.#ends].map(c => [c.slug, columnDigits(c, this.#values(c))]));
  }

  #head(slug, name, { icon: sign, word }, isEnd = false, sortable = true) {
    const end = isEnd ? '' : null;
    if (!sortable) return html`<th scope="col" role="columnheader" tabindex="-1" data-end=${end} title=${word}><span class="head">${icon(sign)}<span class="cut">${name}</span></span></th>`;
    const way = this.sort === slug ? 'ascending' : this.sort === `-${slug}` ? 'descending' : 'none';
    return html`<th scope="col" role="columnheader" data-end=${end} aria-sort=${way}>
      <button type="button" class="head" tabindex="-1" title=${`${word}. Sort by ${name}`} @click=${() => this.onSort(nextSort(slug, this.sort))}>
        ${sign && icon(sign)}<span class="cut">${name}</span>${way !== 'none' && icon(way === 'ascending' ? 'up' : 'down')}
      </button></th>`;
  }

  #cell(field, record, digits, isName) {
    const value = record[field.slug], content = cell(field, value, this.context, digits);
    const slot = isName ? 'name' : this.#slots.get(field.slug), title = tip(field, value);
    return isName
      ? html`<th scope="row" role="rowheader" tabindex="-1" data-slot=${slot} title=${title}>${content ?? html`<span class="faint">No. ${recordNumber(record.id)}</span>`}</th>`
      : html`<td role="gridcell" tabindex="-1" data-slot=${slot} data-end=${this.#ends.has(field) ? '' : null} title=${title}>${content}</td>`;
  }

  #row(record, i, digits, name) {
    return html`<tr role="row" data-id=${record.id} aria-rowindex=${this.first + i + 2} aria-selected=${String(record.id === this.selected)}>
      <td role="gridcell" class="number" tabindex="-1">${recordNumber(record.id)}</td>
      ${each(this.#columns, c => c.slug, c => this.#cell(c, record, digits.get(c.slug), c === name))}
    </tr>`;
  }

  #body(name) {
    if (!this.rows) return html`<tbody class="skeleton">${each(Array.from({ length: SKELETON_ROWS }, (_, i) => i), i => i, i =>
      html`<tr role="presentation"><td role="presentation" class="number"></td>${each(this.#columns, c => c.slug, (c, j) => html`<td role="presentation" data-slot=${j ? null : 'name'}><span class="bone" data-width=${(i + j) % 4}></span></td>`)}</tr>`)}</tbody>`;
    const digits = this.#digits();
    return html`<tbody role="rowgroup" @click=${this.#click}>${each(this.rows, r => r.id, (r, i) => this.#row(r, i, digits, name))}</tbody>`;
  }

  view() {
    const name = displayField(this.table);
    return html`<div class="gridbox">
      <table class="grid" role="grid" aria-label=${this.table.name} aria-busy=${String(this.busy || !this.rows)} aria-rowcount=${this.total + 1}
        aria-colcount=${this.#columns.length + 1} @keydown=${this.#key} @focusin=${this.#focused} data-named=${name ? '' : null}>
        <colgroup><col>${each(this.#columns, c => c.slug, () => html`<col>`)}</colgroup>
        <thead role="rowgroup"><tr role="row" aria-rowindex="1">
          ${this.#head('id', 'No.', { word: 'Record number' })}
          ${each(this.#columns, c => c.slug, c => this.#head(c.slug, c.name, typeOf(c), this.#ends.has(c), isSortable(c)))}
        </tr></thead>
        ${this.#body(name)}
      </table></div>`;
  }

  rendered() {
    const name = displayField(this.table);
    const widths = [NUMBER_WIDTH, ...this.#columns.map(c => (c === name ? NAME_WIDTH : typeOf(c).width))];
    const table = this.querySelector('table');
    // The naming column takes what is left over, the others keep their width.
    this.querySelectorAll('col').forEach((col, i) => { col.style.width = i === (name ? 1 : -1) ? 'auto' : `${widths[i]}px`; });
    table.style.setProperty('--least', `${widths.reduce((a, b) => a + b, 0)}px`);
    const stop = table.querySelector('[tabindex="0"]'), start = table.querySelector('tbody[role] tr > :nth-child(2)');
    if (start && !(this.#at && stop?.checkVisibility())) this.#stopAt(start);
  }

  #click = e => {
    if (e.target.closest('a') || !getSelection().isCollapsed) return;
    const row = e.target.closest('tr');
    if (row) this.onOpen(row.dataset.id);
  };

  // One cell is the tab stop; it moves with the focus.
  #focused = e => {
    const spot = e.target.closest('td, th');
    const target = spot.querySelector(':scope > button') ?? spot;
    if (e.target !== target) return;
    this.#stopAt(target);
    this.#at = { col: spot.cellIndex };
  };

  #stopAt(target) {
    for (const old of this.querySelectorAll('.grid [tabindex="0"]')) old.tabIndex = -1;
    target.tabIndex = 0;
  }

  #key = e => {
    const spot = e.target.closest('td, th'), row = spot?.parentElement;
    if (!spot || e.altKey || e.metaKey || e.target.closest('a')) return;
    if ((e.key === 'Enter' || e.key === ' ') && row.dataset.id) {
      e.preventDefault();
      this.onOpen(row.dataset.id);
      return;
    }
    const next = this.#neighbour(spot, row, e);
    if (!next) return;
    e.preventDefault();
    (next.querySelector(':scope > button') ?? next).focus();
  };

  #neighbour(spot, row, { key, ctrlKey }) {
    const rows = [...this.querySelectorAll('thead tr, tbody[role] tr')], at = rows.indexOf(row), end = rows.length - 1;
    const to = (r, c) => rows[Math.max(0, Math.min(end, r))].children[c];
    const col = spot.cellIndex, lastCol = row.children.length - 1;
    // Cards show some of the cells only; arrows step over the others.
    const beside = way => { let c = col + way; while (row.children[c]?.checkVisibility() === false) c += way; return row.children[c] ?? spot; };
    switch (key) {
      case 'ArrowDown': return to(at + 1, col);
      case 'ArrowUp': return to(at - 1, col);
      case 'ArrowRight': return beside(1);
      case 'ArrowLeft': return beside(-1);
      case 'PageDown': return to(at + PAGE_KEY_ROWS, col);
      case 'PageUp': return to(at - PAGE_KEY_ROWS, col);
      case 'Home': return ctrlKey ? to(1, 0) : row.children[0];
      case 'End': return ctrlKey ? to(end, lastCol) : row.children[lastCol];
      default: return null;
    }
  }
}
define('ui-grid', Grid);
