// Undo and redo as two buttons, which say what they would take back and do again. Not here: doing it (app/undo.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { redo, undo, undoable } from '../app/undo.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

class Undo extends El {
  connected() { this.use(undoable); }

  #step(sign, what, run, key, none) {
    const label = what ? t(key, { what }) : t(none);
    return html`<button type="button" class="btn square" aria-label=${label} title=${label} aria-disabled=${String(!what)} @click=${() => { if (what) run(); }}>${icon(sign)}</button>`;
  }

  view() {
    const { undo: back, redo: again } = undoable.get();
    return html`${this.#step('undo', back, undo, 'undo.name', 'undo.name.none')}${this.#step('redo', again, redo, 'redo.name', 'redo.name.none')}`;
  }
}
define('ui-undo', Undo);
