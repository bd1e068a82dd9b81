// The search in a table: words, asked while they are typed. Not here: searching, which the server does.
import { El, define } from '../lib/el.js';
import { typeKeys } from '../lib/a11y.js';
import { html } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

const TYPING_MS = 250;

class SearchBox extends El {
  static props = { q: null, name: null, onSearch: null };
  #timer = 0;

  #typed = e => {
    const words = e.target.value.trim();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (words !== (this.q ?? '')) this.onSearch(words || null); }, TYPING_MS);
  };

  #key = e => {
    if (e.key !== 'Escape' || !e.target.value) return;
    e.preventDefault();
    e.stopPropagation();
    e.target.value = '';
    this.onSearch(null);
  };

  view() {
    return html`<label class="search" data-set=${this.q ? '' : null}><span class="quiet">${t('search.name', { name: this.name })}</span>${icon('search')}
      <input type="search" value=${this.q ?? ''} placeholder=${t('search.name', { name: this.name })} autocomplete="off" spellcheck="false" @input=${this.#typed} @keydown=${this.#key}><kbd aria-hidden="true">/</kbd></label>`;
  }

  // The address may have changed by going back.
  rendered() {
    const input = this.querySelector('input');
    if (document.activeElement !== input && input.value !== (this.q ?? '')) input.value = this.q ?? '';
  }
}
define('ui-searchbox', SearchBox);

/** Puts the focus into it. `keys`: what was typed for it already, in place of what it holds. */
export function enterSearch(box, keys) {
  const input = box?.querySelector('input');
  if (!input) return;
  input.focus();
  input.select();
  if (!keys.length) return;
  input.value = '';
  typeKeys(input, keys);
}
