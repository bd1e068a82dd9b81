// The notes at the foot of the page: eight seconds each, longer while the pointer or the focus is on them.
// Not here: who says what (app/notes.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { dropNote, notes } from '../app/notes.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

const SHOWN_MS = 8_000;

class Notes extends El {
  static props = {};
  #timers = new Map();

  connected() {
    this.use(notes);
    this.life.addEventListener('abort', () => this.#pause());
  }

  #pause = () => { for (const timer of this.#timers.values()) clearTimeout(timer); this.#timers.clear(); };

  #run = () => {
    for (const n of notes.get()) if (!n.stays && !this.#timers.has(n.id)) this.#timers.set(n.id, setTimeout(() => { this.#timers.delete(n.id); dropNote(n.id); }, SHOWN_MS));
  };

  rendered() { if (!this.querySelector('.notes:hover, .notes :focus-visible')) this.#run(); }

  #note(n) {
    return html`<div class="note" data-bad=${n.bad ? '' : null}><p>${n.text}</p>
      ${each(n.actions, a => a.text, a => html`<button type="button" class="btn" @click=${() => { dropNote(n.id); a.run(); }}>${a.text}</button>`)}
      <button type="button" class="btn square" aria-label=${t('note.close')} title=${t('note.close')} @click=${() => dropNote(n.id)}>${icon('close')}</button></div>`;
  }

  view() {
    return html`<section class="notes" aria-label=${t('note.list')} role="status" @pointerenter=${this.#pause} @pointerleave=${this.#run} @focusin=${this.#pause} @focusout=${this.#run}>
      ${each(notes.get(), n => n.id, n => this.#note(n))}</section>`;
  }
}
define('ui-notes', Notes);
