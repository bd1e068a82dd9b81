// A button with a menu: groups of links, actions and choices. The browser opens, layers and dismisses it (popover).
// Not here: what the menus contain (switcher in rail.js, profile.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { nextItem, place } from '../lib/pop.js';
import { icon } from './parts.js';

let last = 0;

class Menu extends El {
  // face: what the button shows. groups: [{ label, items: [{ text, sign, href | run, checked }] }]. head: a line above the items.
  // find: words of a field that narrows the items of the first group, or null.
  static props = { label: null, face: null, look: 'btn', head: null, groups: [], find: null };
  #sought = '';
  #id = `menu-${++last}`;

  get #box() { return this.querySelector('.menu'); }
  get #items() { return [...this.querySelectorAll('[role^="menuitem"]')]; }

  #toggled = e => {
    const open = e.newState === 'open', button = this.querySelector('button');
    button.setAttribute('aria-expanded', open);
    if (!open) { this.#sought = ''; this.update(); return; }
    place(this.#box, button);
    const field = this.querySelector('.menu-find input');
    if (field) { field.value = ''; field.focus(); return; }
    (this.#items.find(i => i.getAttribute('aria-checked') === 'true' || i.ariaCurrent) ?? this.#items[0]).focus();
  };

  #key = e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === 'Tab') { this.#close(); return; }
    const isTyping = e.target.matches('input');
    if (isTyping && e.key === 'Enter') { e.preventDefault(); this.#items[0]?.click(); return; }
    if (isTyping && e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    const next = nextItem(this.#items, document.activeElement, e.key);
    if (!next) return;
    e.preventDefault();
    next.focus();
  };

  #close() {
    this.#box.hidePopover();
    this.querySelector('button').focus();
  }

  #item(item) {
    const body = html`${icon(item.sign)}<span class="menu-text">${item.text}</span>${item.checked && icon('tick')}`;
    if (item.href) return html`<a role="menuitem" tabindex="-1" href=${item.href} aria-current=${item.current ? 'true' : null} @click=${() => this.#close()}>${body}</a>`;
    if ('checked' in item) return html`<button type="button" role="menuitemradio" tabindex="-1" aria-checked=${String(item.checked)} @click=${item.run}>${body}</button>`;
    return html`<button type="button" role="menuitem" tabindex="-1" @click=${() => { this.#close(); item.run(); }}>${body}</button>`;
  }

  /** The groups with what was sought in the first of them. */
  get #shown() {
    const words = this.#sought.trim().toLowerCase(), [first, ...rest] = this.groups;
    if (!words || !first) return this.groups;
    return [{ ...first, items: first.items.filter(i => i.text.toLowerCase().includes(words)) }, ...rest].filter(g => g.items.length);
  }

  view() {
    return html`<button type="button" class=${this.look} aria-label=${this.label} aria-haspopup="menu" aria-expanded="false" popovertarget=${this.#id}>${this.face}</button>
      <div class="menu" id=${this.#id} popover="auto" @toggle=${this.#toggled} @keydown=${this.#key}>
        ${this.head && html`<p class="menu-top">${this.head}</p>`}
        ${this.find && html`<p class="menu-find"><input type="search" aria-label=${this.find} placeholder=${this.find} autocomplete="off"
          @input=${e => { this.#sought = e.target.value; this.update(); }}></p>`}
        <div role="menu" aria-label=${this.label ?? this.head}>
          ${each(this.#shown, g => g.label, g => html`<div role="group" aria-label=${g.label}>
            ${g.shown && html`<span class="menu-head" aria-hidden="true">${g.label}</span>`}
            ${each(g.items, i => i.href ?? i.text, i => this.#item(i))}
          </div>`)}
        </div>
      </div>`;
  }
}
define('ui-menu', Menu);
