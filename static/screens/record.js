// One record as a page of its own: `/_/{app}/t/{table}/r/{id}`. The query says of which list it is, so that one can go on to its neighbours.
// Not here: what is in it (ui/record.js).
import { define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go, here } from '../lib/router.js';
import { resumeEdits, saving } from '../app/edit.js';
import { tableHref, recordPageHref, viewHref } from '../app/meta.js';
import { Neighbours } from '../app/neighbours.js';
import { OneRecord } from '../app/rows.js';
import { recordName } from '../app/records.js';
import { rights } from '../app/session.js';
import { t } from '../app/i18n.js';
import { AppScreen } from '../ui/appscreen.js';
import '../ui/record.js';
import '../ui/savestatus.js';

class RecordScreen extends AppScreen {
  static props = { ...AppScreen.props, record: null };
  #one = new OneRecord(() => this.update());
  #near = new Neighbours();
  #contexts = new WeakMap();

  connected() {
    this.use(here);
    this.use(saving);
    this.use(rights);
    resumeEdits();
    this.addEventListener('keydown', this.#key, { signal: this.life });
    this.life.addEventListener('abort', () => this.#one.stop());
  }

  get head() { return this.#one.record && this.found ? recordName(this.found, this.#one.record) : t('record.record'); }
  get #query() { return here.get().query; }
  get #back() {
    const query = new URLSearchParams([...this.#query].filter(([name]) => ['f', 'sort', 'q', 'g'].includes(name))), view = this.#query.get('v');
    const text = query.toString();
    return `${view ? viewHref(this.app, this.table, view) : tableHref(this.app, this.table)}${text && `?${text}`}`;
  }

  async arrived() { await this.#look(); }

  /** Where it stands in its list. Without that there are no steps, and no harm. */
  async #look() {
    try { await this.#near.load(this.app, this.found, this.#query, this.life); } catch (e) { if (e.name === 'AbortError') throw e; }
  }

  prepare() {
    super.prepare();
    if (this.found) this.#one.want(this.app, this.meta.tables, this.found, this.record, null);
  }

  get #context() {
    const { names } = this.#one, known = this.#contexts.get(names);
    if (known?.table !== this.found || known?.tables !== this.meta.tables) this.#contexts.set(names, { app: this.app, table: this.found, tables: this.meta.tables, names });
    return this.#contexts.get(names);
  }

  #step = way => {
    const near = this.#near.of(this.record), to = way > 0 ? near?.next : near?.previous;
    if (!to) return;
    const query = new URLSearchParams(this.#query);
    query.delete('at');
    const text = query.toString();
    go(`${recordPageHref(this.app, this.table, to)}${text && `?${text}`}`, { replace: true });
  };

  #close = () => go(this.#back);

  #key = e => {
    if (e.defaultPrevented || e.target.closest('[popover], dialog')) return;
    if (e.key === 'Escape') this.#close();
    else if (e.altKey && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) this.#step(e.key === 'ArrowDown' ? 1 : -1);
    else return;
    e.preventDefault();
  };

  actions() { return html`<ui-savestatus .canWrite=${!!this.found?.can?.update}></ui-savestatus>`; }

  content() {
    const one = this.#one, near = this.#near.of(this.record), place = near && t(near.isMore ? 'record.place.more' : 'record.place', { at: near.at + 1, total: near.total });
    return html`${saving.get().word === 'waiting' && html`<div class="banner" role="status"><p>${t('save.offline', { n: saving.get().waiting })}</p></div>`}
      <ui-record .table=${this.found} .record=${one.record} .recordId=${this.record} .context=${this.#context} .fault=${one.fault} .place=${place} .isFirst=${near?.previous === null} .isLast=${near?.next === null}
        .isPage=${true} .onClose=${this.#close} .onStep=${this.#step} .onRetry=${() => { one.want(this.app, this.meta.tables, this.found, this.record, null, true); this.update(); }}></ui-record>
      <p class="record-back"><a href=${this.#back}>${t('record.back', { name: this.found.name })}</a></p>`;
  }
}
define('screen-record', RecordScreen);
