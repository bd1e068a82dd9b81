// What the screens beside the apps have in common: one column under a bar, loading, and a failure with the way on.
// Not here: what a particular screen shows.
import { El } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { learn, t } from '../app/i18n.js';
import { DESIGN } from '../i18n/en-design.js';
import { bars, brand } from './parts.js';
import { failure } from './notice.js';
import './profile.js';

learn(DESIGN);

export class PlainScreen extends El {
  #ready = false;
  #fault = null;
  #said = null;

  get head() { return ''; }
  /** Whether it needs more room than words do. */
  get isWide() { return false; }
  /** Loads what the screen shows. */
  async load() {}
  content() { return null; }

  connected() {
    title(this.head, t('app.name'));
    this.reload();
  }

  reload = async () => {
    this.#fault = null;
    try {
      await this.load();
      this.#ready = true;
    } catch (e) {
      if (e.name === 'AbortError') return;
      this.#fault = e;
    }
    this.update();
  };

  say(text) {
    this.#said = text;
    announce(text);
    this.update();
  }

  view() {
    return html`<div class="plain"><header class="plain-bar"><a class="brand-link" href="/_/apps">${brand()}</a><ui-profile></ui-profile></header>
      <main id="main" tabindex="-1" class="plain-main"><div class="page-head"><h1 tabindex="-1">${this.head}</h1></div>
        ${this.#said && html`<p class="said"><span>${this.#said}</span></p>`}
        ${this.#fault ? failure(this.#fault, this.reload, 2) : this.#ready ? html`<div class=${this.isWide ? 'page-col' : 'page-col narrow'}>${this.content()}</div>` : html`<div class="skeleton">${bars(5)}</div>`}</main></div>`;
  }
}
