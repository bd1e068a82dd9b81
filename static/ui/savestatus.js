// Whether all that was typed is saved, in five words. Not here: saving (app/edit.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { saving } from '../app/edit.js';
import { note } from '../app/notes.js';
import { t } from '../app/i18n.js';

const WORD_MS = 2_000;

class SaveStatus extends El {
  static props = { canWrite: true };
  #spoken = '';
  #timer = 0;

  connected() { this.use(saving); }

  get #word() { const { word, waiting } = saving.get(); return this.canWrite ? t(`save.${word}`, { n: waiting }) : t('save.readonly'); }

  // One message in two seconds: typing on must not be talked over.
  rendered() {
    if (this.#timer || this.#spoken === this.#word) return;
    this.#timer = setTimeout(() => { this.#timer = 0; this.#spoken = this.#word; const live = this.querySelector('[role="status"]'); if (live) live.textContent = this.#spoken; }, WORD_MS);
  }

  view() {
    const { word, fault } = saving.get(), state = this.canWrite ? word : 'readonly';
    return html`<span class="save" data-state=${state}>${fault ? html`<button type="button" class="btn" @click=${() => note(t('save.why', { why: fault.message }), { bad: true, stays: true })}>${this.#word}</button>` : html`<span aria-hidden="true">${this.#word}</span>`}</span>
      <span class="quiet" role="status"></span>`;
  }
}
define('ui-savestatus', SaveStatus);
