// One table of an app: rail, bar, grid, foot and, with `?r=`, the record panel. The address says all of what is shown.
// Not here: how any of these parts looks or behaves (ui/), and loading (app/rows.js, app/meta.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { go, withQuery } from '../lib/router.js';
import { appHref, importHref, knownApp, knownApps, loadApp, loadApps, tableHref } from '../app/meta.js';
import { OneRecord, Rows } from '../app/rows.js';
import { count, isSortable } from '../app/types.js';
import { failure, notice } from '../ui/notice.js';
import { icon } from '../ui/parts.js';
import { PAGE_SIZE, PAGE_SIZES } from '../ui/pager.js';
import '../ui/grid.js';
import '../ui/rail.js';
import '../ui/record.js';
import '../ui/sorting.js';
import '../ui/tablemenu.js';

const STAMPS = ['id', 'created_at', 'updated_at'];
const PHONE = matchMedia('(max-width: 719px)');

class TableScreen extends El {
  static props = { app: null, table: null, query: null };
  #meta = null;
  #metaKey = '';
  #fault = null;
  #rows = new Rows(() => this.#rowsCame());
  #one = new OneRecord(() => this.update());
  #railOpen = false;
  // Set while a step left the page: -1 or 1 until the rows of the next page are here.
  #edge = 0;
  #place = null;

  connected() {
    PHONE.addEventListener('change', () => this.#showRail(false), { signal: this.life });
    this.addEventListener('keydown', this.#key, { signal: this.life });
    this.life.addEventListener('abort', () => { this.#rows.stop(); this.#one.stop(); this.#metaKey = ''; });
  }

  get #table() { return this.#meta?.tables.find(t => t.slug === this.table) ?? null; }
  get #grid() { return this.querySelector('ui-grid'); }

  /** The query, with everything this table cannot do replaced by what it can. */
  get #ask() {
    const per = Number(this.query.get('per_page')), page = Math.trunc(Number(this.query.get('page')));
    const sort = this.query.get('sort'), slug = sort?.replace(/^-/, '');
    const sortable = STAMPS.includes(slug) || this.#table.fields.some(f => f.slug === slug && isSortable(f));
    return { page: page > 0 ? page : 1, per: PAGE_SIZES.includes(per) ? per : PAGE_SIZE, sort: sortable ? sort : null };
  }

  prepare() {
    const key = JSON.stringify([this.app, this.table]);
    if (key !== this.#metaKey) {
      // The move from an app to its first table needs nothing new; any other move refreshes the counts.
      const settled = this.#metaKey === JSON.stringify([this.app, null]) && this.#meta;
      this.#railOpen = false;
      this.#metaKey = key;
      this.#meta = knownApp(this.app);
      if (!settled) this.#loadMeta();
    }
    if (!this.#meta) return;
    const table = this.#table, { app, tables } = this.#meta;
    title(table?.name ?? app.name, table ? app.name : 'Carryall');
    if (!this.table && tables.length) { go(tableHref(app.slug, tables[0].slug), { replace: true }); return; }
    if (!table) return;
    this.#rows.want(app.slug, tables, table, this.#ask);
    this.#one.want(app.slug, tables, table, this.query.get('r'), this.#rows);
  }

  #loadMeta = async () => {
    const key = this.#metaKey;
    this.#fault = null;
    try {
      const [meta] = await Promise.all([loadApp(this.app, this.life), loadApps(this.life)]);
      if (key === this.#metaKey) this.#meta = meta;
    } catch (e) {
      if (e.name !== 'AbortError' && key === this.#metaKey) this.#fault = e;
    }
    this.update();
  };

  #again = () => {
    if (!this.#table) { this.#loadMeta(); return; }
    this.#rows.want(this.app, this.#meta.tables, this.#table, this.#ask, true);
    this.update();
  };

  #rowsCame() {
    const { records, pages, total, fault } = this.#rows, { page } = this.#ask;
    if (!fault && !records.length && total) { go(withQuery({ page: pages === 1 ? null : pages }), { replace: true }); return; }
    if (!fault && this.#edge) {
      const next = records.at(this.#edge > 0 ? 0 : -1);
      this.#edge = 0;
      go(withQuery({ r: next.id }), { replace: true });
    } else if (!fault) {
      this.#grid?.scrollUp();
      if (pages > 1) announce(`Page ${count(page)} of ${count(pages)}`);
    }
    // Where to come back to next time; a browser without storage simply starts at the list of apps.
    try { localStorage.setItem('ui:last', withQuery({ r: null })); } catch { /* nothing stored */ }
    this.update();
  }

  #sort = sort => {
    go(withQuery({ sort, page: null }));
    const name = this.#table.fields.find(f => f.slug === sort?.replace(/^-/, ''))?.name ?? 'No.';
    announce(sort ? `Sorted by ${name}, ${sort[0] === '-' ? 'descending' : 'ascending'}` : 'Not sorted');
  };

  #open = id => {
    go(withQuery({ r: id }), { replace: !!this.query.get('r') });
    requestAnimationFrame(() => this.querySelector('ui-record')?.focusHead());
  };

  #close = () => {
    const id = this.query.get('r');
    go(withQuery({ r: null }));
    requestAnimationFrame(() => { if (!this.#grid?.focusRecord(id)) this.querySelector('.grid [tabindex="0"]')?.focus(); });
  };

  #step = way => {
    const { records, busy, pages } = this.#rows, { page } = this.#ask;
    const at = records.findIndex(r => r.id === this.query.get('r')), next = records[at + way];
    if (busy || at < 0) return;
    if (next) { go(withQuery({ r: next.id }), { replace: true }); return; }
    if (page + way < 1 || page + way > pages) return;
    this.#edge = way;
    go(withQuery({ page: page + way === 1 ? null : page + way }), { replace: true });
  };

  #key = e => {
    if (e.defaultPrevented || e.target.closest('[popover]')) return;
    if (e.key === 'Escape' && this.#railOpen) this.#showRail(false);
    else if (e.key === 'Escape' && this.query.get('r')) this.#close();
    else if (e.altKey && (e.key === 'ArrowDown' || e.key === 'ArrowUp') && this.query.get('r')) this.#step(e.key === 'ArrowDown' ? 1 : -1);
    else return;
    e.preventDefault();
  };

  #showRail(open) {
    if (open === this.#railOpen) return;
    this.#railOpen = open;
    this.update();
    requestAnimationFrame(() => this.querySelector(open ? '.rail [aria-current], .rail button' : '.bar-menu')?.focus());
  }

  #content(table) {
    const { app, tables } = this.#meta;
    if (!tables.length) return notice({ level: 2, sign: 'table', title: 'No tables yet', text: 'Make the first one, or bring a spreadsheet.',
      actions: html`<a class="btn main-act" href=${`${appHref(app.slug)}/new-table`}>New table</a> <a class="btn line" href=${importHref(app.slug)}>From a spreadsheet</a>` });
    if (!this.table) return null;
    if (!table) return notice({ level: 2, title: `No table called “${this.table}”`, text: `${app.name} has no such table. It may have been renamed or removed.`,
      actions: html`<a class="btn line" href=${appHref(app.slug)}>Open ${app.name}</a>` });
    const rows = this.#rows, { page, per, sort } = this.#ask;
    if (rows.fault) return failure(rows.fault, this.#again, 2);
    if (rows.records && !rows.total) return notice({ level: 2, sign: 'table', title: 'No records yet', text: `Send the first record of ${table.name} through the API:`, code: `POST /api/apps/${app.slug}/schemas/${table.slug}/records` });
    return html`<ui-sorting .table=${table} .sort=${sort} .onSort=${this.#sort}></ui-sorting>
      <ui-grid .table=${table} .rows=${rows.records} .context=${this.#context(rows.names)} .sort=${sort} .selected=${this.query.get('r')}
        .first=${(page - 1) * per} .total=${rows.total} .busy=${rows.busy} .onSort=${this.#sort} .onOpen=${this.#open}></ui-grid>
      <ui-pager .page=${page} .pages=${rows.pages} .per=${per} .total=${rows.total}></ui-pager>`;
  }

  // The same object as long as the names are the same: a new one would render the whole grid again.
  #contexts = new WeakMap();
  #context(names) {
    if (!this.#contexts.has(names)) this.#contexts.set(names, { app: this.app, names });
    return this.#contexts.get(names);
  }

  #panel(table) {
    const one = this.#one, { records, total, pages } = this.#rows, { page, per } = this.#ask;
    const at = records?.findIndex(r => r.id === one.id) ?? -1;
    // While the next page is on its way the place stays, so that the pressed button does not vanish.
    if (!this.#edge) this.#place = at < 0 ? null : (page - 1) * per + at + 1;
    return html`<ui-record ?inert=${this.#railOpen} .table=${table} .record=${one.record} .context=${this.#context(one.names)} .fault=${one.fault}
      .place=${this.#place && `${count(this.#place)} of ${count(total)}`} .isFirst=${page === 1 && at === 0}
      .isLast=${page === pages && at === (records?.length ?? 0) - 1} .onClose=${this.#close} .onStep=${this.#step}
      .onRetry=${() => { one.want(this.app, this.#meta.tables, table, one.id, this.#rows, true); this.update(); }}></ui-record>`;
  }

  #lost() {
    const gone = this.#fault.kind === 'gone';
    if (gone) title('Not found', 'Carryall');
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet">${gone
      ? notice({ title: `No app called “${this.app}”`, text: 'The address may be mistyped, or the app was removed.', actions: html`<a class="btn line" href="/_/apps">All apps</a>` })
      : failure(this.#fault, this.#again)}</div></main>`;
  }

  view() {
    if (this.#fault && this.#fault.kind !== 'auth') return this.#lost();
    const meta = this.#meta, table = this.#table, panel = table && this.query.get('r');
    return html`<div class="shell" data-rail=${this.#railOpen ? 'open' : null}>
      <ui-rail .app=${meta?.app ?? null} .tables=${meta?.tables ?? null} .apps=${knownApps() ?? []} .current=${this.table}></ui-rail>
      <div class="scrim" @click=${() => this.#showRail(false)}></div>
      <header class="bar" ?inert=${this.#railOpen}>
        <button type="button" class="btn square bar-menu" aria-label="Tables and profile" aria-expanded=${String(this.#railOpen)} @click=${() => this.#showRail(true)}>${icon('menu')}</button>
        ${meta && html`<nav class="crumbs" aria-label="Breadcrumb"><a href=${appHref(meta.app.slug)}>${meta.app.name}</a><span aria-hidden="true">/</span></nav>`}
        <h1 tabindex="-1">${table?.name ?? (meta ? (this.table ? 'No such table' : 'Tables') : null)}</h1>
        ${table && html`<div class="bar-acts"><ui-tablemenu .app=${meta.app.slug} .table=${table}></ui-tablemenu></div>`}
      </header>
      <main id="main" tabindex="-1" class="main" ?inert=${this.#railOpen}>${meta && this.#content(table)}</main>
      ${panel && this.#panel(table)}
    </div>`;
  }
}
define('screen-table', TableScreen);
