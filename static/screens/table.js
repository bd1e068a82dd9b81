// One table of an app: rail, bar, tools, grid, foot and, with `?r=`, the record panel. The address says all of what is shown: sort, f (filter), q (words), r.
// Not here: how any of these parts looks or behaves (ui/), loading (app/rows.js, app/meta.js), changing (app/edit.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { go, withQuery } from '../lib/router.js';
import { happened, resumeEdits, saving } from '../app/edit.js';
import { compile, conditionFor, fromAddress, saidBy, toAddress } from '../app/filter.js';
import { t } from '../app/i18n.js';
import { ENTRY, keepLayout, loadLayout } from '../app/layout.js';
import { appHref, exportHref, fieldsHref, importHref, knownApp, knownApps, loadApp, loadApps, tableHref, viewHref } from '../app/meta.js';
import { OneRecord, Rows } from '../app/rows.js';
import { canWrite, loadPerson, rights } from '../app/session.js';
import { canGroup, isSortable } from '../app/types.js';
import { note } from '../app/notes.js';
import { watchUndo } from '../app/undo.js';
import { failure, noRecords, notice } from '../ui/notice.js';
import { icon } from '../ui/parts.js';
import { tools } from '../ui/tools.js';
import '../ui/grid.js';
import '../ui/rail.js';

const LATER = [() => import('../ui/savestatus.js'), () => import('../ui/tablemenu.js'), () => import('../ui/searchbox.js'), () => import('../ui/gridfoot.js'), () => import('../ui/record.js'), () => import('../ui/bulkbar.js'), () => import('../ui/sortbox.js'), () => import('../ui/fieldsbox.js'), () => import('../ui/viewsbox.js')];
const STAMPS = ['id', 'created_at', 'updated_at'];
const PHONE = matchMedia('(max-width: 719px)');
const FILTER_MS = 250, NOBODY = { n: 0, all: false, ids: [] };

class TableScreen extends El {
  static props = { app: null, table: null, view_: null, query: null };
  #meta = null;
  #metaKey = '';
  #fault = null;
  #list = new Rows(() => this.#rowsCame());
  // The rows in groups, once somebody wants groups.
  #grouped = null;
  #rows = this.#list;
  #one = new OneRecord(() => this.update());
  #railOpen = false;
  #layout = null;
  #layoutOf = '';
  // The saved views of this table, or null while they are not known.
  #views = null;
  #viewsOf = '';
  #picked = NOBODY;
  #cells = null;
  // The filter while it is built; the address follows a little later.
  #tree = null;
  #treeTimer = 0;
  // Where to go once the row is here: a step of the record panel.
  #edge = null;

  connected() {
    PHONE.addEventListener('change', () => this.#showRail(false), { signal: this.life });
    this.addEventListener('keydown', this.#key, { signal: this.life });
    this.life.addEventListener('abort', () => { this.#list.stop(); this.#grouped?.stop(); this.#one.stop(); this.#metaKey = ''; });
    this.use(rights);
    this.use(saving);
    // What was taken back may be a field, or a table.
    happened.on(what => { if (what?.app === this.app && what.job?.kind === 'undo') this.#loadMeta(); }, this.life);
    if (!rights.get()) loadPerson().catch(() => {});
    resumeEdits();
    // What the first rows do not need comes right behind them.
    requestAnimationFrame(() => LATER.forEach(load => load()));
  }

  get #table() { return this.#meta?.tables.find(x => x.slug === this.table) ?? null; }
  get #grid() { return this.querySelector('ui-grid'); }
  /** The view that the address names, once it is known. */
  get #view() { return this.#views?.find(v => v.slug === this.view_) ?? null; }
  /** What the address says goes before what the view says. */
  get #asked_() { return this.query.has('f') ? fromAddress(this.query.get('f')) : saidBy(this.#view).tree ?? fromAddress(null); }
  get #filter() { return this.#tree ?? this.#asked_; }

  /** The query, with everything this table cannot do replaced by what it can. */
  get #ask() {
    const isKnown = key => { const slug = key.replace(/^-/, ''); return STAMPS.includes(slug) || this.#table.fields.some(f => f.slug === slug && isSortable(f)); };
    const sort = (this.query.get('sort') ?? saidBy(this.#view).sort ?? '').split(',').filter(isKnown).join(',');
    // A view without a tree was made by a program: its filter goes to the server as it is.
    const view = this.#view, written = view && !this.query.has('f') && !view.options?.tree ? view.filter : null;
    const group = this.#groupField?.slug;
    return { sort: sort || null, filter: written ?? compile(this.#asked_, this.#table), q: this.query.get('q') || null, ...(group && { group, folded: this.#folded }) };
  }

  /** The field that the address groups by. A search by words has no groups. */
  get #groupField() { return this.query.get('q') ? null : this.#table?.fields.find(f => f.slug === this.query.get('g') && canGroup(f)) ?? null; }
  get #folded() { try { return [JSON.parse(this.query.get('gf') ?? '[]')].flat().map(String); } catch { return []; } }

  /** The list, or the list in groups; false while the latter is on its way. */
  #chooseRows() {
    const inGroups = !!this.#groupField;
    if (inGroups && !this.#grouped) { this.#loadGroups(); return false; }
    const rows = inGroups ? this.#grouped : this.#list;
    if (rows !== this.#rows) { this.#rows.stop(); this.#rows = rows; }
    return true;
  }

  async #loadGroups() {
    const { Groups } = await import('../app/groups.js');
    this.#grouped ??= new Groups(() => this.#rowsCame());
    this.update();
  }

  #search = q => this.#asked({ q });
  #group = slug => this.#asked({ g: slug, gf: null });
  #fold = ({ key }) => {
    const folded = this.#folded, next = folded.includes(key) ? folded.filter(k => k !== key) : [...folded, key];
    go(withQuery({ gf: next.length ? JSON.stringify(next) : null }), { replace: true });
  };

  prepare() {
    const key = JSON.stringify([this.app, this.table]);
    if (key !== this.#metaKey) {
      // The move from an app to its first table needs nothing new; any other move refreshes the counts.
      const settled = this.#metaKey === JSON.stringify([this.app, null]) && this.#meta;
      this.#railOpen = false;
      this.#metaKey = key;
      this.#meta = knownApp(this.app);
      this.#tree = null;
      this.#picked = NOBODY;
      if (!settled) this.#loadMeta();
    }
    watchUndo(this.app);
    if (!this.#meta) return;
    const table = this.#table, { app, tables } = this.#meta;
    title(table?.name ?? app.name, table ? app.name : t('app.name'));
    if (!this.table && tables.length) { go(tableHref(app.slug, tables[0].slug), { replace: true }); return; }
    if (!table) return;
    if (key !== this.#viewsOf) { this.#viewsOf = key; this.#views = null; this.#loadViews(key); }
    // A view is asked with what it says, so its rows wait for it.
    if (this.view_ && !this.#views) return;
    const arranged = JSON.stringify([this.app, this.table, this.view_]);
    if (arranged !== this.#layoutOf) {
      this.#layoutOf = arranged;
      this.#layout = saidBy(this.#view).layout ?? loadLayout(app.slug, table);
      this.#tree = null;
    }
    if (!this.#chooseRows()) return;
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
    if (this.#rows.total === null) this.#rows.want(this.app, this.#meta.tables, this.#table, this.#ask, true);
    else this.#rows.reload();
    this.update();
  };

  #rowsCame() {
    if (this.#rows.fault?.kind === 'many') { note(t('group.many', { name: this.#rows.fault.message })); this.#group(null); return; }
    if (this.#edge !== null) {
      const next = this.#rows.at(this.#edge);
      if (next) { this.#edge = null; go(withQuery({ r: next.id }), { replace: true }); }
    }
    // Where to come back to next time; a browser without storage simply starts at the list of apps.
    try { localStorage.setItem('ui:last', withQuery({ r: null })); } catch { /* nothing stored */ }
    this.update();
  }

  #asked(changes) {
    this.#grid?.pick.clear();
    this.#grid?.scrollUp();
    go(withQuery(changes));
  }

  #sort = sort => {
    this.#asked({ sort: this.#address(sort) });
    const said = (sort ?? '').split(',').filter(Boolean).map(key => {
      const name = this.#table.fields.find(f => f.slug === key.replace(/^-/, ''))?.name ?? t('grid.number');
      return t(key[0] === '-' ? 'sort.said.down' : 'sort.said.up', { name });
    });
    announce(said.length ? t('sort.said', { what: said.join(', ') }) : t('sort.said.none'));
  };

  #refine = tree => {
    this.#tree = tree;
    this.update();
    clearTimeout(this.#treeTimer);
    this.#treeTimer = setTimeout(() => {
      this.#tree = null;
      if (toAddress(tree) !== this.query.get('f')) this.#asked({ f: this.#address(toAddress(tree)) });
      else this.update();
    }, FILTER_MS);
  };

  #filterBy = field => {
    const tree = structuredClone(this.#filter);
    if (tree.all) tree.all.push(conditionFor(field)); else tree.any.push(conditionFor(field));
    // Shown as it is; a condition without a value yet is no question to the server.
    go(withQuery({ f: toAddress(tree) }), { replace: true });
    requestAnimationFrame(() => this.querySelector('.filter-drop').open());
  };

  #arrange = layout => {
    this.#layout = layout;
    // The arrangement of a view is kept with it, when it is saved.
    if (!this.#view) keepLayout(this.app, this.#table, layout);
    this.update();
  };

  async #loadViews(key) {
    let found = [];
    try {
      const { loadViews } = await import('../app/views.js');
      found = await loadViews(this.app, this.table, this.life);
    } catch (e) { if (e.name === 'AbortError') return; }
    if (key !== this.#viewsOf) return;
    this.#views = found;
    if (this.view_ && !this.#view) { note(t('views.gone', { name: this.view_ })); go(tableHref(this.app, this.table), { replace: true }); }
    this.update();
  }

  get #shown() { return { tree: this.#asked_, sort: this.#ask.sort, layout: this.#layout }; }
  get #isViewChanged() { return this.query.has('f') || this.query.has('sort') || JSON.stringify(saidBy(this.#view).layout) !== JSON.stringify(this.#layout); }

  #makeView = async (name, isShared) => {
    const { makeView } = await import('../app/views.js'), made = await makeView(this.app, this.#table, name, isShared, this.#shown);
    this.#views = [...this.#views ?? [], made];
    go(viewHref(this.app, this.table, made.slug));
  };

  #saveView = async () => {
    const { saveView } = await import('../app/views.js'), saved = await saveView(this.app, this.#table, this.view_, this.#shown);
    this.#views = this.#views.map(v => (v.slug === this.view_ ? saved : v));
    go(withQuery({ f: null, sort: null }), { replace: true });
    this.update();
  };

  #dropView = async () => {
    const { view_ } = this, { dropView } = await import('../app/views.js');
    await dropView(this.app, this.#table, view_);
    this.#views = this.#views.filter(v => v.slug !== view_);
    go(tableHref(this.app, this.table), { replace: true });
  };

  /** A filter or an order in the address; under a view also that there is none. */
  #address(value) { return value ?? (this.#view ? '' : null); }

  #pickedChanged = told => {
    const grid = this.#grid, { top, bottom, left, right } = grid.range, cells = [];
    if (grid.anchor && (bottom - top + 1) * (right - left + 1) <= 5_000) {
      for (let r = Math.max(0, top); r <= bottom; r++) for (const f of grid.columns.slice(Math.max(1, left) - 1, right)) cells.push(this.#rows.at(r)?.[f.slug] ?? null);
    }
    if (told === this.#picked && cells.length === (this.#cells?.length ?? 0) && cells.every((v, i) => v === this.#cells[i])) return;
    this.#picked = told;
    this.#cells = cells.length ? cells : null;
    this.update();
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
    const at = this.#rows.indexOf(this.query.get('r')), to = at + way;
    if (at < 0 || to < 0 || to >= this.#rows.length) return;
    const next = this.#rows.at(to);
    this.#grid?.reveal(to, 1);
    if (next) go(withQuery({ r: next.id }), { replace: true });
    else { this.#edge = to; this.#rows.need(to, to); }
  };

  #newRecord = () => {
    const grid = this.#grid;
    grid.box.scrollTop = 0;
    grid.go(ENTRY, 1);
    grid.edit.open(ENTRY, 1);
  };

  #key = e => {
    if (e.defaultPrevented || e.target.closest('[popover], dialog')) return;
    if (e.key === 'Escape' && this.#railOpen) this.#showRail(false);
    else if (e.key === 'Escape' && this.query.get('r')) this.#close();
    else if (e.altKey && (e.key === 'ArrowDown' || e.key === 'ArrowUp') && this.query.get('r')) this.#step(e.key === 'ArrowDown' ? 1 : -1);
    else return;
    e.preventDefault();
  };

  /** What can be done here, for the palette and for keys. */
  deeds() {
    const { app } = this, table = this.#table;
    if (!table) return [];
    return [
      ...(this.#grid?.can?.write ? [{ id: 'new', text: t('tools.new'), sign: 'plus', key: 'Alt+N', run: this.#newRecord }] : []),
      { id: 'search', text: t('search.name', { name: table.name }), sign: 'search', key: '/', run: () => this.querySelector('ui-searchbox')?.focusInput() },
      { id: 'filter', text: t('tools.filter'), sign: 'filter', run: () => this.querySelector('.filter-drop')?.open() },
      ...(this.#view && this.#isViewChanged ? [{ id: 'save', text: t('views.save', { name: this.#view.name }), sign: 'eye', key: 'Ctrl+S', run: this.#saveView }] : []),
      { id: 'fields', text: t('table.fields'), sign: 'field', href: fieldsHref(app, table.slug) },
      ...(table.can?.create ? [{ id: 'import', text: t('table.import'), sign: 'upload', href: importHref(app, table.slug) }] : []),
      ...(table.can?.export ? [{ id: 'export', text: t('table.export'), sign: 'download', href: exportHref(app, table.slug) }] : []),
    ];
  }

  #showRail(open) {
    if (open === this.#railOpen) return;
    this.#railOpen = open;
    this.update();
    requestAnimationFrame(() => this.querySelector(open ? '.rail [aria-current], .rail button' : '.bar-menu')?.focus());
  }

  #content(table) {
    const { app, tables } = this.#meta;
    if (!tables.length) return notice({ level: 2, sign: 'table', title: t('table.none'), text: t('table.none.text'),
      actions: html`<a class="btn main-act" href=${`${appHref(app.slug)}/new-table`}>${t('rail.newtable')}</a> <a class="btn line" href=${importHref(app.slug)}>${t('table.fromfile')}</a>` });
    if (!this.table) return null;
    if (!table) return notice({ level: 2, title: t('lost.table', { table: this.table }), text: t('lost.text'),
      actions: html`<a class="btn line" href=${appHref(app.slug)}>${t('lost.open', { app: app.name })}</a>` });
    // Between two addresses nothing is arranged yet.
    if (this.#layoutOf !== JSON.stringify([this.app, this.table, this.view_])) return null;
    const rows = this.#rows, ask = this.#ask, { layout, can } = { layout: this.#layout, can: this.#can };
    if (rows.fault && rows.total === null) return failure(rows.fault, this.#again, 2);
    const context = this.#context(rows.names, table), picked = this.#picked.n > 0;
    return html`${picked ? html`<ui-bulkbar .table=${table} .context=${context} .picked=${this.#picked} .list=${ask} .can=${can} .onClear=${() => this.#grid.pick.clear()}></ui-bulkbar>` : this.#tools(table, context, can)}
      ${saving.get().word === 'waiting' && html`<div class="banner" role="status"><p>${t('save.offline', { n: saving.get().waiting })}</p></div>`}
      ${rows.fault && html`<div class="banner" role="alert"><p>${rows.fault.message}</p><button type="button" class="btn line" @click=${this.#again}>${t('again')}</button></div>`}
      <ui-grid .table=${table} .rows=${rows} .version=${rows.version} .context=${context} .sort=${ask.sort} .selected=${this.query.get('r')} .layout=${layout} .can=${can}
        .onSort=${this.#sort} .onOpen=${this.#open} .onLayout=${this.#arrange} .onPicked=${this.#pickedChanged} .onFilter=${this.#filterBy} .onGroup=${this.#group} .onFold=${this.#fold}></ui-grid>
      ${rows.total === 0 && !rows.fresh.length && noRecords({ table, canWrite: can.write, tree: this.#filter, ask, names: rows.names, onTree: this.#refine,
        onClear: () => this.#asked({ f: this.#address(null), q: null }) })}
      <ui-gridfoot .table=${table} .address=${`/api/apps/${encodeURIComponent(this.app)}/schemas/${encodeURIComponent(table.slug)}`} .filter=${ask.filter} .q=${ask.q}
        .version=${rows.edits} .total=${rows.total === null ? null : rows.count} .picked=${this.#picked.n} .cells=${this.#cells}></ui-gridfoot>`;
  }

  // The same object as long as the right is the same.
  #mays = { true: { write: true }, false: { write: false } };
  get #can() { return this.#mays[canWrite(this.app)]; }

  #tools(table, context, can) {
    return tools({
      app: this.app, table, context, canWrite: can.write, ask: this.#ask, tree: this.#filter, total: this.#rows.total, layout: this.#layout, group: this.#groupField,
      views: this.#views, view: this.#view, isViewChanged: !!this.#view && this.#isViewChanged, onFilter: this.#refine, onSort: this.#sort, onLayout: this.#arrange, onGroup: this.#group,
      onNew: this.#newRecord, onMakeView: this.#makeView, onSaveView: this.#saveView, onDropView: this.#dropView,
    });
  }

  // The same object as long as the names are the same: a new one would render the whole grid again.
  #contexts = new WeakMap();
  #context(names, table) {
    const known = this.#contexts.get(names);
    if (known?.table !== table || known?.app !== this.app) this.#contexts.set(names, { app: this.app, table, tables: this.#meta.tables, names });
    return this.#contexts.get(names);
  }

  #panel(table) {
    const one = this.#one, rows = this.#rows, at = one.id && rows === this.#list ? rows.indexOf(one.id) : -1, place = at < 0 ? null : at + 1;
    return html`<ui-record ?inert=${this.#railOpen} .table=${table} .record=${one.record} .context=${this.#context(one.names, table)} .fault=${one.fault}
      .place=${place && t('record.place', { at: place, n: rows.length })} .isFirst=${at === 0} .isLast=${at === rows.length - 1} .onClose=${this.#close} .onStep=${this.#step}
      .onRetry=${() => { one.want(this.app, this.#meta.tables, table, one.id, rows, true); this.update(); }}></ui-record>`;
  }

  #lost() {
    const gone = this.#fault.kind === 'gone';
    if (gone) title(t('lost.title'), t('app.name'));
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet">${gone
      ? notice({ title: t('lost.app', { app: this.app }), text: t('lost.text'), actions: html`<a class="btn line" href="/_/apps">${t('lost.apps')}</a>` })
      : failure(this.#fault, this.#again)}</div></main>`;
  }

  view() {
    if (this.#fault && this.#fault.kind !== 'auth') return this.#lost();
    const meta = this.#meta, table = this.#table, panel = table && this.query.get('r');
    return html`<div class="shell" data-rail=${this.#railOpen ? 'open' : null}>
      <ui-rail .app=${meta?.app ?? null} .tables=${meta?.tables ?? null} .apps=${knownApps() ?? []} .current=${this.table}></ui-rail>
      <div class="scrim" @click=${() => this.#showRail(false)}></div>
      <header class="bar" ?inert=${this.#railOpen}>
        <button type="button" class="btn square bar-menu" aria-label=${t('shell.rail')} aria-expanded=${String(this.#railOpen)} @click=${() => this.#showRail(true)}>${icon('menu')}</button>
        ${meta && html`<nav class="crumbs" aria-label=${t('shell.crumbs')}><a href=${appHref(meta.app.slug)}>${meta.app.name}</a><span aria-hidden="true">/</span></nav>`}
        <h1 tabindex="-1">${table?.name ?? (meta ? t(this.table ? 'table.nosuch' : 'rail.tables') : null)}</h1>
        ${table && html`<ui-searchbox .q=${this.query.get('q')} .name=${table.name} .onSearch=${this.#search}></ui-searchbox><ui-savestatus .canWrite=${this.#can.write}></ui-savestatus>
          <ui-tablemenu .app=${meta.app.slug} .table=${table} .filter=${this.#ask.filter} .sort=${this.#ask.sort}></ui-tablemenu>`}
      </header>
      <main id="main" tabindex="-1" class="main" ?inert=${this.#railOpen}>${meta && this.#content(table)}</main>
      ${panel && this.#panel(table)}
    </div>`;
  }
}
define('screen-table', TableScreen);
