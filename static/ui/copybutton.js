// A button that copies a text and says that it did.
// Not here: how copying is done (app/copy.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { t } from '../app/i18n.js';
import { copyText } from '../app/copy.js';
import { icon } from './parts.js';

const SHOWN_MS = 2_000;

class CopyButton extends El {
  // what: the name of the text, for those who do not see where the button stands.
  static props = { text: '', what: '' };
  #state = null;

  #copy = async () => {
    this.#state = await copyText(this.text) ? 'done' : 'failed';
    announce(t(this.#state === 'done' ? 'copy.done' : 'copy.failed', { what: this.what }));
    this.update();
    setTimeout(() => { this.#state = null; this.update(); }, SHOWN_MS);
  };

  view() {
    return html`<button type="button" class="btn line" @click=${this.#copy}>${icon(this.#state === 'done' ? 'tick' : 'copy')}${t(this.#state === 'failed' ? 'copy.select' : this.#state === 'done' ? 'copy.copied' : 'copy.copy')}<span class="quiet"> ${this.what}</span></button>`;
  }
}
define('ui-copy', CopyButton);
