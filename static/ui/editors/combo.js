// Choosing from a list while typing, one or several: the box, the list under it, its keys. Choices and records of another table build on it.
// Not here: what there is to choose (choose.js, relation.js).
import { html, each } from '../../lib/view.js';
import { place } from '../../lib/pop.js';
import { t } from '../../app/i18n.js';
import { icon } from '../parts.js';
import { Editor } from './base.js';

/** A choice is { value, label, tint?, note?, make? }; one with `make` is made when it is chosen: a promise of its value. */
export class Combo extends Editor {
  #items = [];
  #at = 0;
  #chosen = null;
  #words = '';
  #call = 0;
  #busy = false;
  #isAtRest = false;
  // A choice is being made; it may ask something, which takes the focus.
  #making = false;
  // Enter came before its list: the first of it is meant.
  #awaited = null;

  get isUntouched() { return !this.#words; }
  /** Whether several can be chosen. */
  get several() { return false; }
  /** The choices for what is typed; may be a promise. */
  find() { return []; }
  /** How a chosen value is called. */
  labelOf(value) { return String(value); }
  chip(value) { return html`${this.labelOf(value)}`; }

  get #values() { return this.#chosen ?? [this.value ?? []].flat(); }
  get #box() { return this.querySelector('.combo-list'); }

  connected() {
    super.connected();
    this.#chosen = null;
    this.#words = this.typed ?? '';
    this.#look();
    // In the panel the list comes and goes with the focus.
    for (const name of ['focusin', 'focusout']) this.addEventListener(name, () => this.update(), { signal: this.life });
    // The list would stay behind when what is under it moves.
    addEventListener('scroll', e => { if (!this.contains(e.target)) this.#place(); }, { capture: true, passive: true, signal: this.life });
  }

  read() {
    if (this.several) return { value: this.#values };
    return { value: this.#chosen ? this.#chosen[0] ?? null : this.value ?? null };
  }

  finish(move) {
    if (this.#making) return;
    if (!move || !this.#words || this.several) { super.finish(move); return; }
    if (this.#busy) this.#awaited = move;
    else if (this.#items[this.#at]) this.#take(this.#items[this.#at], move);
  }

  async #look() {
    const call = ++this.#call, words = this.#words;
    const found = this.find(words.trim());
    this.#busy = true;
    if (found.then) this.update();
    let items = [];
    try { items = await found; } catch (e) { this.problem = e.message; }
    if (call !== this.#call) return;
    this.#busy = false;
    // Nothing typed may mean: no value.
    const canEmpty = !this.several && !words && !this.field.required && this.value !== null && this.value !== undefined;
    this.#items = canEmpty ? [...items, { value: null, label: t('edit.clear'), isEmpty: true }] : items;
    const now = this.#values[0];
    this.#at = words ? 0 : Math.max(0, this.#items.findIndex(i => i.value === now));
    this.update();
    const move = this.#awaited;
    this.#awaited = null;
    if (move && this.isConnected) this.#take(this.#items[0], move);
  }

  #typed = e => {
    this.#words = e.target.value;
    this.#isAtRest = false;
    this.#awaited = null;
    this.problem = null;
    this.#look();
  };

  async #take(item, move) {
    if (!item) return;
    let { value } = item;
    if (item.make) {
      this.#making = true;
      try { value = await item.make(); } catch (e) { this.problem = e.message; return; } finally { this.#making = false; }
      // Nothing was made after all: what was typed stands as it was.
      if (value === undefined) { this.input?.focus(); return; }
    }
    if (!this.several) {
      this.#chosen = [value];
      if (this.look === 'panel') this.#rest();
      this.end(value, move);
      return;
    }
    const values = this.#values;
    this.#chosen = values.includes(value) ? values.filter(v => v !== value) : [...values, value];
    this.#words = '';
    this.input.value = '';
    if (this.look === 'panel') this.end(this.#chosen, null);
    this.#look();
  }

  /** Chosen, in a panel: the choice stands in the box, and its list goes until something is typed again. */
  #rest() {
    this.#words = '';
    this.input.value = '';
    this.#isAtRest = true;
    this.update();
  }

  ownKey(e) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key], n = this.#items.length;
    if (step && !e.altKey) {
      this.#isAtRest = false;
      this.#at = n ? (this.#at + step + n) % n : 0;
      this.update();
      return true;
    }
    if (e.key === 'Backspace' && !this.#words && this.several && this.#values.length) {
      this.#chosen = this.#values.slice(0, -1);
      this.update();
      return true;
    }
    const item = this.#items[this.#at];
    if (e.key === ' ' && !this.#words && this.several) { this.#take(item, null); return true; }
    if (e.key === 'Enter' && !e.ctrlKey && !e.metaKey && (!this.several || this.#words)) {
      const move = e.shiftKey ? 'up' : 'down';
      if (this.#busy && this.#words) this.#awaited = move;
      else if (item) this.#take(item, move);
      else if (!this.#words) this.finish(move);
      return true;
    }
    if (e.key === 'Tab' && this.look === 'cell' && this.#words && !this.several) {
      const move = e.shiftKey ? 'left' : 'right';
      if (this.#busy) this.#awaited = move;
      else if (item) this.#take(item, move);
      return this.#busy || !!item;
    }
    return false;
  }

  #item(item, i) {
    const isOn = this.#values.includes(item.value) && !item.isEmpty;
    return html`<li role="option" id=${`${this.id_}-${i}`} class="combo-item" aria-selected=${String(isOn)} data-at=${i === this.#at ? '' : null}
      @pointerdown=${e => { e.preventDefault(); this.#take(item, null); }}>
      <span class="combo-name">${item.tint ? html`<span class="tag" data-tint=${item.tint}>${item.label}</span>` : item.label}</span>
      ${item.note && html`<span class="faint">${item.note}</span>`}${isOn && icon('tick')}</li>`;
  }

  view() {
    const { field } = this, list = `${this.id_}-list`, shown = this.#items.length > 0;
    return html`<span class="edit-line combo" data-several=${this.several ? '' : null}>
        ${this.several && each(this.#values, v => v, v => html`<span class="combo-chip">${this.chip(v)}</span>`)}
        <input class="edit-input" role="combobox" aria-expanded="true" aria-controls=${list} aria-autocomplete="list" aria-label=${this.label ?? field.name}
          aria-activedescendant=${shown ? `${this.id_}-${this.#at}` : null} aria-invalid=${this.problem ? 'true' : null} aria-describedby=${`${this.id_}-why`}
          placeholder=${this.several || (this.#values[0] ?? null) === null ? null : this.labelOf(this.#values[0])} value=${this.#words} autocomplete="off" spellcheck="false" @input=${this.#typed}>
      </span>
      <div class="combo-list" popover="manual">
        <ul role="listbox" id=${list} aria-label=${this.label ?? field.name} aria-multiselectable=${this.several ? 'true' : null}>${each(this.#items, i => `${i.value} ${i.label}`, (i, at) => this.#item(i, at))}</ul>
        <p class="combo-none" role="status" ?hidden=${shown}>${this.#busy ? t('edit.searching') : t('edit.nothing')}</p>
      </div>${this.trouble()}`;
  }

  rendered() {
    super.rendered();
    const box = this.#box;
    // In the panel the list comes with the focus, in a cell with the editor.
    const open = this.look === 'cell' || (this.contains(document.activeElement) && !this.#isAtRest);
    if (open && !box.matches(':popover-open')) box.showPopover();
    if (!open && box.matches(':popover-open')) box.hidePopover();
    this.#place();
    this.querySelector('.combo-item[data-at]')?.scrollIntoView({ block: 'nearest' });
  }

  #place() {
    const box = this.#box;
    if (box?.matches(':popover-open')) place(box, this.querySelector('.edit-line'));
  }
}
