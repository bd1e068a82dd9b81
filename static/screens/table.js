// One table of an app: rail, bar, tools, grid, foot and what stands beside it. The address says all of what is shown: sort, f (filter), q (words), g (groups), gf (closed ones), r (record).
// Not here: how any of these parts looks or behaves (ui/), what the address asks (app/asked.js), loading (app/rows.js, app/meta.js), changing (app/edit.js).
import { El, define, later, looked, looking, whenRendered } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, holdKeys, title } from '../lib/a11y.js';
import { go, withQuery } from '../lib/router.js';
import { happened, resumeEdits, saving } from '../app/edit.js';
import { askOf, foldedOf, groupsOf, saysMore, treeOf } from '../app/asked.js';
import { conditionFor, saidBy, toAddress } from '../app/filter.js';
import { t } from '../app/i18n.js';
import { ENTRY, keepLayout, loadLayout } from '../app/layout.js';
import { appHref, exportHref, fieldsHref, importHref, knownApp, knownApps, loadApp, tableHref, viewHref } from '../app/meta.js';
import { schemaAt } from '../app/records.js';
import { Rows } from '../app/rows.js';
import { allowed, rights } from '../app/session.js';
import { missed, note } from '../app/notes.js';
import { failure, noApp, noRecords, noTable, noTables } from '../ui/notice.js';
import { icon } from '../ui/parts.js';
import { tools } from '../ui/tools.js';
import '../ui/grid.js';
import '../ui/rail.js';

const LATER = [() => import('../ui/undo.js'), () => import('../ui/savestatus.js'), () => import('../ui/tablemenu.js'), () => import('../ui/searchbox.js'), () => import('../ui/gridfoot.js'), () => import('../ui/side.js'), () => import('../ui/bulkbar.js'), () => import('../ui/sortbox.js'), () => import('../ui/fieldsbox.js'), () => import('../ui/viewsbox.js'), () => import('../ui/apidock.js')];
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
  #railOpen = false;
  #layout = null;
  #layoutOf = '';
  // The saved views of this table, or null while they are not known: app/views.js.
  #saved = null;
  #viewsOf = '';
  #viewsFor = null;
  #picked = NOBODY;
  #cells = null;
  // The filter while it is built; the address follows a little later.
  #tree = null;
  #treeTimer = 0;
  #last = null;
  #watchUndo = null;

  connected() {
    looking();
    PHONE.addEventListener('change', () => this.#showRail(false), { signal: this.life });
    this.addEventListener('keydown', this.#key, { signal: this.life });
    this.life.addEventListener('abort', () => { this.#list.stop(); this.#grouped?.stop(); this.#metaKey = ''; });
    this.use(rights);
    this.use(saving);
    // What was taken back may be a field, or a table.
    happened.on(what => { if (what?.app === this.app && what.job?.kind === 'undo') this.#loadMeta(); }, this.life);
    resumeEdits();
    LATER.forEach(later);
    later(async () => { ({ watchUndo: this.#watchUndo } = await import('../app/undo.js')); this.update(); });
    later(async () => { const { watchLive } = await import('../app/live.js'); watchLive(() => (this.#table ? { app: this.app, table: this.#table, rows: this.#rows, ask: this.#ask } : null), this.life); });
  }

  /** Whether the first rows, or what stands in their place, are still to come: what they do not need waits for them. */
  isComing = true;

  rendered() {
    if (!this.isComing || !(this.#fault || (this.#meta && !this.#meta.tables.length) || (this.#meta && this.table && !this.#table) || this.#rows.fault || this.#rows.total !== null)) return;
    this.isComing = false;
    requestAnimationFrame(() => { performance.mark('ui:rows'); looked(); });
  }

  get #table() { return this.#meta?.tables.find(x => x.slug === this.table) ?? null; }
  get #grid() { return this.querySelector('ui-grid'); }
  /** The view that the address names, once it is known. */
  get #view() { return this.#saved?.list.find(v => v.slug === this.view_) ?? null; }
  get #filter() { return this.#tree ?? treeOf(this.query, this.#view); }
  get #ask() { return askOf(this.query, this.#view, this.#table); }
  get #groups() { return groupsOf(this.query, this.#view, this.#table); }

  /** The list, or the list in groups; false while the latter is on its way. */
  #chooseRows() {
    const inGroups = this.#groups.length > 0;
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
  #group = slugs => this.#asked({ g: this.#address(slugs.join(',') || null), gf: null });
  #fold = ({ key }) => {
    const folded = foldedOf(this.query, this.#view), next = folded.includes(key) ? folded.filter(k => k !== key) : [...folded, key];
    go(withQuery({ gf: this.#address(next.length ? JSON.stringify(next) : null) }), { replace: true });
  };

  #foldAll = isFolded => go(withQuery({ gf: this.#address(isFolded ? JSON.stringify(['*']) : null) }), { replace: true });

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
    this.#watchUndo?.(this.app);
    if (!this.#meta) return;
    const table = this.#table, { app, tables } = this.#meta;
    title(table?.name ?? app.name, table ? app.name : t('app.name'));
    if (!this.table && tables.length) { go(tableHref(app.slug, tables[0].slug), { replace: true }); return; }
    if (!table) return;
    if (key !== this.#viewsOf) {
      this.#viewsOf = key;
      this.#saved = this.#viewsFor = null;
      later(() => this.#loadViews(key));
    }
    // A view is asked with what it says, so its rows wait for it.
    if (this.view_ && !this.#saved) { this.#loadViews(key); return; }
    const arranged = JSON.stringify([this.app, this.table, this.view_]);
    if (arranged !== this.#layoutOf) {
      this.#layoutOf = arranged;
      this.#layout = this.#arranged();
      this.#tree = null;
    }
    if (!this.#chooseRows()) return;
    this.#rows.want(app.slug, tables, table, this.#ask);
  }

  #loadMeta = async () => {
    const key = this.#metaKey;
    this.#fault = null;
    try {
      const meta = await loadApp(this.app, this.life);
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
    if (this.#rows.fault?.kind === 'many') { note(t('group.many', { name: this.#rows.fault.message })); this.#group([]); return; }
    // Where to come back to next time; a browser without storage simply starts at the list of apps.
    const last = withQuery({ r: null, tab: null, at: null });
    try { if (last !== this.#last) localStorage.setItem('ui:last', last); } catch { /* nothing stored */ }
    this.#last = last;
    this.update();
    if (this.#rows.total === 0) this.#nameNone();
  }

  // Nothing matches: what is told about it calls linked records by their names.
  async #nameNone() {
    const { names } = this.#rows, { nameFilter } = await import('../app/filternames.js');
    try { if (await nameFilter(this.#context(names, this.#table), this.#table, this.#filter, this.life)) this.update(); } catch { /* They are shown by their numbers. */ }
  }

  #sortAgain = () => { this.#rows.settle(); this.update(); this.#grid?.focusActive(); };

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
    if (key !== this.#viewsOf || key === this.#viewsFor) return;
    this.#viewsFor = key;
    let found = null;
    try {
      const { Views } = await import('../app/views.js');
      found = new Views(this.app, this.table);
      await found.load(this.life);
    } catch (e) { if (e.name === 'AbortError') return; }
    if (key !== this.#viewsOf) return;
    this.#saved = found ?? { list: [] };
    if (this.view_ && !this.#view) { note(t('views.gone', { name: this.view_ })); go(tableHref(this.app, this.table), { replace: true }); }
    this.update();
  }

  get #shown() { return { tree: treeOf(this.query, this.#view), sort: this.#ask.sort, layout: this.#layout, groups: this.#groups.map(f => f.slug), folded: foldedOf(this.query, this.#view) }; }
  get #isViewChanged() { return !!this.#view && (saysMore(this.query) || JSON.stringify(this.#arranged()) !== JSON.stringify(this.#layout)); }
  // As the view has them, or as this person has them where it says nothing of columns.
  #arranged() { return saidBy(this.#view).layout ?? loadLayout(this.app, this.#table); }

  #makeView = async (name, isShared) => { go(viewHref(this.app, this.table, await this.#saved.make(this.#table, name, isShared, this.#shown))); };

  #saveView = async () => {
    await this.#saved.save(this.#table, this.view_, this.#shown);
    go(withQuery({ f: null, sort: null, g: null, gf: null }), { replace: true });
    this.update();
  };

  #dropView = async () => {
    await this.#saved.drop(this.view_);
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

  #open = async id => {
    go(withQuery({ r: id, at: null }), { replace: !!this.query.get('r') });
    // It may still be on its way.
    await import('../ui/side.js').catch(missed);
    if (this.query.get('r') === id) whenRendered(() => this.querySelector('ui-side')?.focusHead?.());
  };

  #close = () => {
    const id = this.query.get('r');
    go(withQuery({ r: null, tab: null, at: null }));
    whenRendered(() => { if (!this.#grid?.focusRecord(id)) this.querySelector('.grid [tabindex="0"]')?.focus(); });
  };

  #toSearch = async (typed = []) => {
    const taken = holdKeys(), { enterSearch } = await import('../ui/searchbox.js').catch(missed), keys = [...typed, ...taken()];
    enterSearch?.(this.querySelector('ui-searchbox'), keys);
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
    else if (e.altKey && (e.key === 'ArrowDown' || e.key === 'ArrowUp') && this.query.get('r')) this.querySelector('ui-side')?.step?.(e.key === 'ArrowDown' ? 1 : -1);
    else return;
    e.preventDefault();
  };

  /** What can be done here, for the palette and for keys. */
  deeds() {
    const { app } = this, table = this.#table;
    if (!table) return [];
    return [
      ...(this.#grid?.can?.create ? [{ id: 'new', text: t('tools.new'), sign: 'plus', key: 'Alt+N', run: this.#newRecord }] : []),
      { id: 'search', text: t('search.name', { name: table.name }), sign: 'search', key: '/', run: this.#toSearch },
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
    whenRendered(() => this.querySelector(open ? '.rail [aria-current], .rail button' : '.bar-menu')?.focus());
  }

  #content(table) {
    const { app, tables } = this.#meta;
    if (!tables.length) return noTables(app);
    if (!this.table) return null;
    if (!table) return noTable(app, this.table);
    // Between two addresses nothing is arranged yet.
    if (this.#layoutOf !== JSON.stringify([this.app, this.table, this.view_])) return null;
    const rows = this.#rows, ask = this.#ask, { layout, can } = { layout: this.#layout, can: this.#can };
    if (rows.fault && rows.total === null) return failure(rows.fault, this.#again, 2);
    const context = this.#context(rows.names, table), picked = this.#picked.n > 0;
    return html`${picked ? html`<ui-bulkbar .table=${table} .context=${context} .picked=${this.#picked} .list=${ask} .rows=${rows} .can=${can} .onClear=${() => this.#grid.pick.clear()}></ui-bulkbar>` : this.#tools(table, context, can)}
      ${saving.get().word === 'waiting' && html`<div class="banner" role="status"><p>${t('save.offline', { n: saving.get().waiting })}</p></div>`}
      ${rows.fault && html`<div class="banner" role="alert"><p>${rows.fault.message}</p><button type="button" class="btn line" @click=${this.#again}>${t('again')}</button></div>`}
      <ui-grid .table=${table} .rows=${rows} .version=${rows.version} .context=${context} .sort=${ask.sort} .selected=${this.query.get('r')} .layout=${layout} .groups=${this.#slugs(ask.groups)} .can=${can}
        .onSort=${this.#sort} .onOpen=${this.#open} .onLayout=${this.#arrange} .onPicked=${this.#pickedChanged} .onFilter=${this.#filterBy} .onGroup=${this.#group} .onFold=${this.#fold}></ui-grid>
      ${rows.total === 0 && !rows.fresh.length && noRecords({ table, canWrite: can.create, tree: this.#filter, ask, names: rows.names, onTree: this.#refine,
        onClear: () => this.#asked({ f: this.#address(null), q: null }) })}
      <ui-gridfoot .table=${table} .address=${schemaAt(this.app, table.slug)} .filter=${ask.filter} .q=${ask.q}
        .version=${rows.edits} .total=${rows.total === null ? null : rows.count} .picked=${this.#picked.n} .cells=${this.#cells} .strayed=${rows.strayed.size} .onAgain=${this.#sortAgain}></ui-gridfoot>`;
  }

  #slugsSeen = [];
  // The same list as long as it says the same.
  #slugs(slugs = []) { if (slugs.join() !== this.#slugsSeen.join()) this.#slugsSeen = slugs; return this.#slugsSeen; }

  get #can() { return allowed(this.app, this.#table); }

  #tools(table, context, can) {
    return tools({
      app: this.app, table, context, canWrite: can.create, ask: this.#ask, tree: this.#filter, total: this.#rows.total, layout: this.#layout, groups: this.#groups,
      views: this.#saved?.list ?? null, view: this.#view, isViewChanged: this.#isViewChanged, onFilter: this.#refine, onSort: this.#sort, onLayout: this.#arrange, onGroup: this.#group, onFoldAll: this.#foldAll,
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

  // What stands beside the grid.
  #side(table) {
    return html`<ui-side .app=${this.app} .table=${table} .tables=${this.#meta.tables} .rows=${this.#rows} .version=${this.#rows.version} .recordId=${this.query.get('r')} .contextOf=${this.#contextOf}
      .isOff=${this.#railOpen} .onReveal=${this.#reveal} .onClose=${this.#close}></ui-side>`;
  }
  // What was done here, as requests of any dialect.
  #api(table, isOpen) {
    return html`<ui-apidock .open=${isOpen} .meta=${this.#meta} .table=${table} .ask=${this.#ask} .tree=${treeOf(this.query, this.#view)} .selected=${this.query.get('r')} .rows=${this.#rows} .version=${this.#rows.version} .context=${this.#context(this.#rows.names, table)}></ui-apidock>`;
  }
  #contextOf = names => this.#context(names, this.#table);
  #reveal = r => this.#grid?.reveal(r, 1);

  view() {
    if (this.#fault && this.#fault.kind !== 'auth') return noApp(this.#fault, this.app, this.#again);
    const meta = this.#meta, table = this.#table, isApi = this.query.get('p') === 'api', side = table && !isApi && this.query.get('r');
    return html`<div class="shell" data-rail=${this.#railOpen ? 'open' : null}>
      <ui-rail .app=${meta?.app ?? null} .tables=${meta?.tables ?? null} .apps=${knownApps() ?? []} .current=${this.table}></ui-rail>
      <div class="scrim" @click=${() => this.#showRail(false)}></div>
      <header class="bar" ?inert=${this.#railOpen}>
        <button type="button" class="btn square bar-menu" aria-label=${t('shell.rail')} aria-expanded=${String(this.#railOpen)} @click=${() => this.#showRail(true)}>${icon('menu')}</button>
        ${meta && html`<nav class="crumbs" aria-label=${t('shell.crumbs')}><a href=${appHref(meta.app.slug)}>${meta.app.name}</a><span aria-hidden="true">/</span></nav>`}
        <h1 tabindex="-1">${table?.name ?? (meta ? t(this.table ? 'table.nosuch' : 'rail.tables') : null)}</h1>
        ${table && html`<ui-searchbox .q=${this.query.get('q')} .name=${table.name} .onSearch=${this.#search}></ui-searchbox>${this.#can.write && html`<ui-undo></ui-undo>`}<ui-savestatus .canWrite=${this.#can.write}></ui-savestatus>
          <ui-tablemenu .app=${meta.app.slug} .table=${table} .filter=${this.#ask.filter} .sort=${this.#ask.sort}></ui-tablemenu><ui-apibutton></ui-apibutton>`}
      </header>
      <main id="main" tabindex="-1" class="main" ?inert=${this.#railOpen}>${meta && this.#content(table)}</main>
      ${side && this.#side(table)}
      ${table && this.#layout && this.#api(table, isApi)}
    </div>`;
  }
}
define('screen-table', TableScreen);
