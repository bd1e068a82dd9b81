// The frame of every screen of an app but the grid: rail, bar with the screen's name and actions, the screen itself, a panel beside it.
// Not here: what a screen shows (screens/), the grid's own frame (screens/table.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';
import './rail.js';
import './undo.js';

const PHONE = matchMedia('(max-width: 719px)');

class Shell extends El {
  // crumbs: [{ text, href }]. table and place: what is open, a table or a screen beside the tables. content, actions, panel: views.
  static props = { meta: null, apps: [], table: null, place: null, crumbs: [], head: null, canWrite: false, actions: null, content: null, panel: null };
  #railOpen = false;

  connected() {
    PHONE.addEventListener('change', () => this.#showRail(false), { signal: this.life });
    this.addEventListener('keydown', e => {
      if (e.key !== 'Escape' || !this.#railOpen || e.target.closest('[popover]')) return;
      e.preventDefault();
      this.#showRail(false);
    }, { signal: this.life });
  }

  #showRail(open) {
    if (open === this.#railOpen) return;
    this.#railOpen = open;
    this.update();
    whenRendered(() => this.querySelector(open ? '.rail [aria-current], .rail button' : '.bar-menu')?.focus());
  }

  view() {
    const { meta } = this;
    return html`<div class="shell" data-rail=${this.#railOpen ? 'open' : null}>
      <ui-rail .app=${meta?.app ?? null} .tables=${meta?.tables ?? null} .apps=${this.apps} .current=${this.table} .place=${this.place}></ui-rail>
      <div class="scrim" @click=${() => this.#showRail(false)}></div>
      <header class="bar" ?inert=${this.#railOpen}>
        <button type="button" class="btn square bar-menu" aria-label=${t('shell.rail')} aria-expanded=${String(this.#railOpen)} @click=${() => this.#showRail(true)}>${icon('menu')}</button>
        ${this.crumbs.length ? html`<nav class="crumbs" aria-label=${t('shell.crumbs')}>${each(this.crumbs, c => c.href, c => html`<a href=${c.href}>${c.text}</a><span aria-hidden="true">/</span>`)}</nav>` : null}
        <h1 tabindex="-1">${this.head}</h1>
        <div class="bar-acts">${this.canWrite && html`<span class="steps"><ui-undo></ui-undo></span>`}${this.actions}</div>
      </header>
      <main id="main" tabindex="-1" class="main" ?inert=${this.#railOpen}><div class="page">${this.content}</div></main>
      ${this.panel}
    </div>`;
  }
}
define('ui-shell', Shell);
