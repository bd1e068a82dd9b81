// Taking something away: a button, then in the same place what goes with it and what one can do. No window in the way.
// Not here: what is taken away, which `remove` does.
import { El, define, whenRendered } from '../lib/el.js';
import { html } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

class Remove extends El {
  // ask: finds the sentence that says what goes with it.
  static props = { label: '', ask: null, remove: null };
  #text = null;
  #fault = null;
  #busy = false;

  #open = async () => {
    this.#fault = null;
    try { this.#text = await this.ask(); } catch (fault) { this.#fault = fault.message; }
    this.update();
    whenRendered(() => this.querySelector('.ask .btn')?.focus());
  };

  #keep = () => {
    this.#text = this.#fault = null;
    this.update();
    whenRendered(() => this.querySelector('.btn')?.focus());
  };

  #go = async () => {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await this.remove();
      this.#text = null;
    } catch (fault) {
      this.#text = null;
      this.#fault = fault.message;
    }
    this.#busy = false;
    this.update();
  };

  view() {
    return html`<div class="remove">${this.#text
      ? html`<div class="ask" role="group" aria-label=${this.label}><p>${this.#text}</p><div class="row"><button type="button" class="btn danger" @click=${this.#go}>${t('remove.yes')}</button><button type="button" class="btn line" @click=${this.#keep}>${t('remove.no')}</button></div></div>`
      : html`<button type="button" class="btn line" @click=${this.#open}>${icon('bin')}${this.label}</button>`}
      ${this.#fault && html`<p class="form-error" role="alert">${this.#fault}</p>`}</div>`;
  }
}
define('ui-remove', Remove);
