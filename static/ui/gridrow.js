// One row of the grid: made once, then given to one record after the other while the grid scrolls. Only what differs is written.
// Not here: which rows there are (grid.js), values (value.js).
import { html, render } from '../lib/view.js';
import { nameOf, numbered, recordName, recordNumber } from '../app/records.js';
import { glowing } from '../app/edit.js';
import { plainText } from '../app/types.js';
import { t } from '../app/i18n.js';
import { cell, tip } from './value.js';
import { icon } from './parts.js';

/** Which fields a card shows next to its name: one tag, one figure, one note. Chosen by type, so that any table makes a good card. */
export function cardSlots(columns) {
  const rest = columns.slice(1), slots = new Map();
  const pick = (slot, types) => {
    const found = types.map(type => rest.find(c => c.type === type && !slots.has(c.slug))).find(Boolean);
    if (found) slots.set(found.slug, slot);
  };
  pick('figure', ['money', 'decimal', 'integer', 'number', 'date']);
  pick('tag', ['select', 'radio', 'boolean']);
  // Without a tag the note takes its place at the start of the second line.
  pick([...slots.values()].includes('tag') ? 'note' : 'tag', ['reference', 'email', 'phone', 'date', 'datetime', 'text']);
  return slots;
}

const put = (el, name, value) => {
  if (value === null || value === undefined) { if (el.hasAttribute(name)) el.removeAttribute(name); }
  else if (el.getAttribute(name) !== value) el.setAttribute(name, value);
};

export class Row {
  #index = -1;
  #painted = '';
  #record = null;
  #group = null;
  #columns = null;

  constructor(grid) {
    this.grid = grid;
    this.node = document.createElement('tr');
    this.node.setAttribute('role', 'row');
  }

  place(index, top) {
    const move = `translateY(${top}px)`;
    if (this.node.style.transform !== move) this.node.style.transform = move;
    if (index === this.#index) return;
    this.#index = index;
    this.node.dataset.index = index;
    this.node.setAttribute('aria-rowindex', index + (this.grid.can.create ? 3 : 2));
    this.#painted = '';
  }

  /** `key` says what else than the record a row depends on. */
  paint(record, look, key) {
    const group = record ? null : this.grid.rows.groupAt?.(this.#index) ?? null;
    if (this.#painted === key && this.#record === record && this.#group === group) return;
    this.#painted = key;
    this.#record = record;
    this.#group = group;
    const { node, grid } = this;
    if (this.#columns !== look.columns) this.#cells(look);
    put(node, 'data-id', record?.id ?? null);
    put(node, 'data-group', group ? String(group.level) : null);
    put(node, 'aria-busy', record || group ? null : 'true');
    put(node, 'data-strayed', (record && grid.rows.strayed.get(record.id)) ?? null);
    this.#number(record);
    if (group) { this.#head(group, look); return; }
    look.columns.forEach((field, i) => {
      const td = node.children[i + 1];
      if (td.hasAttribute('data-editing')) return;
      const value = record?.[field.slug], trouble = record && grid.edit.troubleOf(record.id, field.slug);
      put(td, 'data-end', look.ends.has(field) ? '' : null);
      put(td, 'title', trouble?.problem ?? (record ? tip(field, value) : null));
      put(td, 'data-trouble', trouble ? '' : null);
      put(td, 'aria-invalid', trouble ? 'true' : null);
      render(record ? this.#content(field, record, look) : html`<span class="bone" data-width=${(i + this.#index) % 4}></span>`, td);
    });
  }

  /** A row that is a group: what its records have in common, how many they are, and under each column of numbers what they add up to. */
  #head({ field, value, count: n, sums, isFolded }, { columns, widths, digits }) {
    const { node, grid } = this, name = field.target ? nameOf(grid.context.names, field.target, value) ?? t('edit.clear') : plainText(field, value) || t('edit.clear');
    const first = columns.findIndex((f, i) => i > 0 && sums.has(f.slug)), room = widths.slice(0, first < 0 ? undefined : first).reduce((a, b) => a + b, 0);
    // Where there is room for one line only, one sum stands in it.
    const [slug] = sums.keys(), one = columns.find(f => f.slug === slug);
    columns.forEach((f, i) => {
      const td = node.children[i + 1], sum = i ? sums.get(f.slug) : null, shown = typeof sum === 'number' ? cell(f, sum, grid.context, digits.get(f.slug)) : null;
      for (const mark of ['data-trouble', 'aria-invalid']) put(td, mark, null);
      put(td, 'data-end', shown !== null ? '' : null);
      put(td, 'title', shown !== null ? t('group.sum.of', { name: f.name, value: plainText(f, sum) }) : null);
      if (!i) td.style.setProperty('--room', `${room}px`);
      render(i ? shown : html`<span class="group-face"><button type="button" class="fold" tabindex="-1" aria-expanded=${String(!isFolded)} aria-label=${t('group.fold', { name })}>${icon(isFolded ? 'right' : 'down')}</button>
        <span class="group-name">${cell(field, value, grid.context) ?? t(value === false ? 'edit.no' : 'edit.clear')}</span><span class="group-n">${t('foot.records', { n })}</span>${one
          && html`<span class="group-n group-sum">${t('group.sum', { name: one.name, value: plainText(one, sums.get(slug)) })}</span>`}</span>`, td);
    });
  }

  #content(field, record, { digits, name }) {
    const shown = cell(field, record[field.slug], this.grid.context, digits.get(field.slug));
    return field === name ? shown ?? html`<span class="faint">${numbered(record.id)}</span>` : shown;
  }

  #cells({ columns, slots, name, lefts }) {
    this.#columns = columns;
    const make = (tag, role, c) => {
      const el = document.createElement(tag);
      put(el, 'role', role);
      el.tabIndex = -1;
      put(el, 'aria-colindex', String(c + 1));
      if (c < lefts.length) { el.className = 'frozen'; el.style.setProperty('--left', `${c ? lefts[c - 1] : 0}px`); }
      return el;
    };
    const first = make('td', 'gridcell', 0);
    first.classList.add('number');
    const rest = columns.map((field, i) => {
      const el = make(field === name ? 'th' : 'td', field === name ? 'rowheader' : 'gridcell', i + 1);
      if (field === name) el.scope = 'row';
      el.dataset.col = i + 1;
      put(el, 'data-slot', field === name ? 'name' : slots.get(field.slug));
      return el;
    });
    this.node.replaceChildren(first, ...rest);
  }

  #number(record) {
    const { grid, node } = this, name = record && recordName(grid.table, record), why = node.dataset.strayed;
    put(node.children[0], 'title', why ? t(`strayed.${why}`) : null);
    render(record && html`${grid.order && html`<span class="carry" title=${t('grid.carry')}>${icon('grip')}</span>`}<input type="checkbox" class="picker" tabindex="-1" aria-label=${t('grid.pick', { name })} .checked=${grid.pick.has(record.id)} @change=${() => grid.pick.turn(record.id)}>
      <span class="n">${why && html`<span class="stray">${icon(why === 'match' ? 'filter' : 'sort')}<span class="quiet">${t(`strayed.${why}`)}</span></span>`}${recordNumber(record.id)}</span>
      <button type="button" class="open" tabindex="-1" aria-label=${t('grid.open', { name })} title=${t('grid.open.short')}>${icon('expand')}</button>`, node.children[0]);
  }

  mark(i, range, isOne, active) {
    const { node, grid } = this, id = node.dataset.id, inRows = i >= range.top && i <= range.bottom;
    const isPicked = !!id && grid.pick.has(id);
    put(node, 'aria-selected', String(isPicked || (!!id && id === grid.selected)));
    put(node, 'data-picked', isPicked ? '' : null);
    put(node, 'data-glow', !!id && glowing.get().has(id) ? '' : null);
    const box = node.querySelector('.picker');
    if (box && box.checked !== isPicked) box.checked = isPicked;
    [...node.children].forEach((td, c) => {
      const isIn = !isOne && inRows && c >= Math.max(1, range.left) && c <= range.right;
      put(td, 'data-in', isIn ? '' : null);
      put(td, 'aria-selected', isIn ? 'true' : null);
      put(td, 'data-active', i === active.r && c === active.c ? '' : null);
    });
  }
}
