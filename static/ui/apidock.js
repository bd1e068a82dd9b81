// Keeps what was last done in a table, and shows it in the API panel when that is open. Here all the time, so that the panel opens with what was just done.
// Not here: the panel itself (apipanel.js), its button (apibutton.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go, withQuery } from '../lib/router.js';
import { happened } from '../app/edit.js';
import { recordName } from '../app/records.js';
import './apibutton.js';

const KEPT = 10;

class ApiDock extends El {
  // ask and tree: what the list shows, sort, filter, q. selected: the id of the open record. rows: where records are found; version: grows when they changed.
  static props = { open: false, meta: null, table: null, ask: null, tree: null, selected: null, rows: null, version: 0, context: null };
  #deeds = [];
  #of = null;
  #asked = null;
  #opened = null;
  #near = null;
  #isReady = false;
  // Opened by its key: the focus goes into it.
  #wants = false;

  connected() {
    happened.on(what => this.#happened(what), this.life);
    addEventListener('keydown', this.#key, { signal: this.life });
    // The record whose row the cursor is in.
    this.closest('.shell').addEventListener('focusin', e => {
      const id = e.target.closest?.('tr[data-id]')?.dataset.id;
      if (id && id !== this.#near) { this.#near = id; if (this.open) this.update(); }
    }, { signal: this.life });
  }

  async #happened(what) {
    if (!what?.job || what.app !== this.meta?.app.slug || what.table !== this.table?.slug) return;
    const { deedsOf } = await import('../app/said.js');
    for (const deed of deedsOf(what.job, what.given)) this.#put(deed);
    this.update();
  }

  #key = e => {
    if (e.defaultPrevented || !(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.key !== '.') return;
    e.preventDefault();
    if (this.open) { this.#close(); return; }
    this.#wants = true;
    go(withQuery({ p: 'api' }), { replace: true });
  };

  #put(deed) { this.#deeds = [this.#named({ ...deed, name: null }), ...this.#deeds].slice(0, KEPT); }

  /** A deed keeps the name that its record had, once that is known. */
  #named(deed) {
    const record = deed.name === null && this.rows.find(deed.id ?? deed.about);
    if (record) deed.name = recordName(this.table, record);
    return deed;
  }

  async #load() {
    await import('./apipanel.js');
    this.#isReady = true;
    this.update();
  }

  prepare() {
    const { ask, tree, table, selected } = this, of = JSON.stringify([this.meta.app.slug, table.slug]), asked = JSON.stringify([ask.sort, ask.filter, ask.q]);
    if (of !== this.#of) { this.#of = of; this.#deeds = []; this.#asked = null; this.#opened = null; this.#near = null; }
    if (asked !== this.#asked) { this.#asked = asked; this.#put({ kind: 'list', sort: ask.sort, filter: ask.filter, q: ask.q, tree }); }
    if (selected !== this.#opened) { this.#opened = selected; if (selected) this.#put({ kind: 'read', id: selected }); }
    for (const deed of this.#deeds) this.#named(deed);
    if (this.open && !this.#isReady) this.#load();
  }

  #close = () => {
    go(withQuery({ p: null }), { replace: true });
    this.#wants = false;
    whenRendered(() => (document.querySelector('.grid [tabindex="0"]') ?? document.querySelector('.api-turn'))?.focus());
  };

  view() {
    if (!this.open || !this.#isReady) return null;
    return html`<ui-apipanel .meta=${this.meta} .table=${this.table} .deeds=${this.#deeds} .context=${this.context} .rows=${this.rows} .version=${this.version} .near=${this.selected ?? this.#near} .isOpened=${!!this.selected} .takesFocus=${this.#wants} .onClose=${this.#close}></ui-apipanel>`;
  }
}
define('ui-apidock', ApiDock);
