// The home of an app: how much there is in each table, how much has been going on, what happened last.
// Not here: the history itself with undo, and the records.
import { define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { fieldsHref, importHref, mayMake, recordHref, tableHref } from '../app/meta.js';
import { loadChanges, perDay } from '../app/changes.js';
import { t } from '../app/i18n.js';
import { formatStamp } from '../app/types.js';
import { AppScreen } from '../ui/appscreen.js';
import { icon } from '../ui/parts.js';

const LATEST = 12;

class Home extends AppScreen {
  static props = { ...AppScreen.props };
  #changes = null;

  get head() { return t('home.head'); }
  get place() { return 'home'; }

  async arrived() {
    try {
      this.#changes = await loadChanges(this.app, this.life);
    } catch (e) {
      // Who may not see the log still has the counts.
      if (e.kind !== 'forbidden') throw e;
    }
  }

  #tile(table) {
    return html`<li class="card tile"><h3><a href=${tableHref(this.app, table.slug)}>${table.name}</a></h3>
      <p class="tile-n">${table.records === null ? '–' : t('home.records', { n: table.records })}</p>
      ${table.can.manage && html`<p class="tile-more"><a href=${fieldsHref(this.app, table.slug)}>${t('home.fields', { n: table.fields.length })}</a><a href=${importHref(this.app, table.slug)}>${t('home.import')}</a></p>`}</li>`;
  }

  #spark() {
    const days = perDay(this.#changes.list), most = Math.max(1, ...days.map(d => d.n)), sum = days.reduce((all, d) => all + d.n, 0);
    const words = t(this.#changes.more ? 'home.spark.more' : 'home.spark', { n: sum, days: days.length });
    return html`<figure class="spark"><svg viewBox="0 0 300 44" preserveAspectRatio="none" aria-hidden="true">${each(days, d => d.day, (d, i) => html`<svg><rect x=${i * 10 + 1} width="8" y=${44 - Math.max(1, d.n / most * 42)} height=${Math.max(1, d.n / most * 42)} data-none=${d.n ? null : ''}></rect></svg>`)}</svg>
      <figcaption>${words}</figcaption></figure>`;
  }

  #change(c) {
    const isThere = c.record && c.kind !== 'delete' && this.meta.tables.some(x => x.slug === c.schema);
    return html`<li><time datetime=${c.at}>${formatStamp(c.at)}</time><span class="change-what">${isThere ? html`<a href=${recordHref(this.app, c.schema, c.record)}>${c.label}</a>` : c.label}</span><span class="change-who">${c.by}</span></li>`;
  }

  #going() {
    if (!this.#changes) return null;
    const { list } = this.#changes;
    return html`<section><h2>${t('home.latest')}</h2>${list.length
      ? html`${this.#spark()}<ul class="changes">${each(list.slice(0, LATEST), c => c.seq, c => this.#change(c))}</ul>`
      : html`<p class="hint">${t('home.nothing')}</p>`}</section>`;
  }

  content() {
    const { app, tables } = this.meta;
    return html`<div class="page-col">${app.description && html`<p class="lead">${app.description}</p>`}
      <section><h2>${t('home.tables')}</h2>
        ${tables.length ? null : html`<p class="hint">${t('home.empty')}</p>`}
        <ul class="cards tiles">${each(tables, x => x.slug, x => this.#tile(x))}</ul>
        ${mayMake(tables) && html`<p class="row"><a class="btn line" href=${`/_/${encodeURIComponent(app.slug)}/new-table`}>${icon('plus')}${t('table.new')}</a><a class="btn line" href=${importHref(app.slug)}>${icon('upload')}${t('home.fromfile')}</a></p>`}
      </section>${this.#going()}</div>`;
  }
}
define('screen-home', Home);
