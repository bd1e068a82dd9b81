// What the screens of one app have in common: they load the app with its tables, say so when there is none, and stand in the same frame.
// Not here: what a particular screen shows.
import { El } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { happened } from '../app/edit.js';
import { appHref, knownApp, knownApps, loadApp } from '../app/meta.js';
import { canWrite } from '../app/session.js';
import { watchUndo } from '../app/undo.js';
import { learn, t } from '../app/i18n.js';
import { DESIGN } from '../i18n/en-design.js';
import { bars } from './parts.js';
import { noApp, noTable } from './notice.js';
import './shell.js';

learn(DESIGN);

export class AppScreen extends El {
  static props = { app: null, table: null };
  meta = null;
  #key = null;
  #fault = null;
  #said = null;

  get found() { return this.meta?.tables.find(x => x.slug === this.table) ?? null; }

  /** Its name for the tab and the bar, the entry of the rail that it is, and its view. A screen has its own. */
  get head() { return ''; }
  get place() { return null; }
  content() { return null; }
  actions() { return null; }
  panel() { return null; }
  /** Called when the app, or another one, is there. */
  arrived() {}
  /** What can be done here, for the palette and for keys: [{ id, text, sign, key?, run | href }]. */
  deeds() { return []; }

  // What was taken back may be a table, a field, or the name of the app.
  connected() { happened.on(what => { if (what?.app === this.app && what.job?.kind === 'undo') this.reload(); }, this.life); }

  prepare() {
    const key = JSON.stringify([this.app, this.table]);
    if (key !== this.#key) {
      this.#key = key;
      this.#said = null;
      this.meta = knownApp(this.app);
      this.reload();
    }
    watchUndo(this.app);
    if (this.meta) title(this.table && this.found ? `${this.found.name}, ${this.head}` : this.head, this.meta.app.name);
  }

  /** Asks for everything again, after a change or a failure. */
  reload = async () => {
    const key = this.#key;
    this.#fault = null;
    try {
      const meta = await loadApp(this.app, this.life);
      if (key !== this.#key) return;
      this.meta = meta;
      if (!this.table || this.found) await this.arrived();
    } catch (e) {
      if (e.name !== 'AbortError' && key === this.#key) this.#fault = e;
    }
    this.update();
  };

  /** A sentence on what has been done, on the screen and for those who do not see it. */
  say(text) {
    this.#said = text;
    announce(text);
    this.update();
  }

  #body() {
    if (this.table && !this.found) return noTable(this.meta.app, this.table);
    return html`${this.#said && html`<p class="said"><span>${this.#said}</span></p>`}${this.content()}`;
  }

  view() {
    if (this.#fault && this.#fault.kind !== 'auth') return noApp(this.#fault, this.app, this.reload);
    const { meta, found } = this;
    const crumbs = meta ? [{ text: meta.app.name, href: appHref(meta.app.slug) }, ...(found ? [{ text: found.name, href: `${appHref(meta.app.slug)}/t/${encodeURIComponent(found.slug)}` }] : [])] : [];
    return html`<ui-shell .meta=${meta} .apps=${knownApps() ?? []} .table=${this.table} .place=${this.place} .crumbs=${crumbs} .head=${this.head}
      .canWrite=${canWrite(this.app)} .actions=${meta && (!this.table || found) ? this.actions() : null} .content=${meta ? this.#body() : html`<div class="skeleton">${bars(6)}</div>`}
      .panel=${meta && (!this.table || found) ? this.panel() : null}></ui-shell>`;
  }
}
