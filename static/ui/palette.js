// The palette: one field that finds where to go, what to do and records. Letters in order are enough; what was used lately stands first.
// Not here: matching (app/find.js), where somebody was (app/recent.js), the key that opens it (keys.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { typeKeys } from '../lib/a11y.js';
import { go, here } from '../lib/router.js';
import { best, findRecords } from '../app/find.js';
import { learn, t } from '../app/i18n.js';
import { appAt, appHref, fieldsHref, importHref, knownApp, knownApps, loadApp, loadApps, mayMake, recordHref, tableHref, viewHref } from '../app/meta.js';
import { recent, remember } from '../app/recent.js';
import { numbered } from '../app/records.js';
import { redo, undo, undoable } from '../app/undo.js';
import { Views } from '../app/views.js';
import { FIND } from '../i18n/en-find.js';
import { keyView, openKeys } from './keyhelp.js';
import { icon } from './parts.js';

learn(FIND);

const SHOWN = 6, RECORDS = 8, TYPING_MS = 150, AGAIN_MS = 800, VIEWS_OF = 20, LATELY = 15;

class Palette extends El {
  #words = '';
  #at = 0;
  #meta = null;
  #views = [];
  #records = [];
  // searching or preparing, while records are on their way.
  #state = null;
  #timer = 0;
  #call = null;

  connected() {
    this.#load();
    this.life.addEventListener('abort', () => { clearTimeout(this.#timer); this.#call?.abort(); });
  }

  get #app() { return appAt(here.get().path); }

  async #load() {
    const app = this.#app;
    this.#meta = app && knownApp(app);
    try {
      await Promise.all([knownApps() ?? loadApps(this.life), app && !this.#meta ? loadApp(app, this.life).then(meta => { this.#meta = meta; }) : null]);
      this.update();
      const tables = this.#meta?.tables.slice(0, VIEWS_OF) ?? [];
      const all = tables.map(table => ({ table, views: new Views(app, table.slug) }));
      await Promise.all(all.map(({ views }) => views.load(this.life)));
      this.#views = all.flatMap(({ table, views }) => views.list.map(view => ({ table, view })));
    } catch { /* What is known is offered; the screens say what is wrong. */ }
    this.update();
  }

  #places() {
    const { app, tables } = this.#meta ?? {}, base = app && appHref(app.slug);
    const ofApp = app ? [
      { text: t('rail.home'), sign: 'home', href: `${base}/home` }, { text: t('rail.history'), sign: 'clock', href: `${base}/history` },
      { text: t('rail.diagram'), sign: 'diagram', href: `${base}/diagram` }, { text: t('rail.settings'), sign: 'gear', href: `${base}/settings` },
      ...(mayMake(tables) ? [{ text: t('rail.newtable'), sign: 'plus', href: `${base}/new-table` }, { text: t('tables.file'), sign: 'upload', href: importHref(app.slug) }] : []),
      ...tables.map(x => ({ text: t('palette.fields', { table: x.name }), sign: 'field', href: fieldsHref(app.slug, x.slug) })),
    ] : [];
    return [...ofApp.map(x => ({ ...x, note: app.name })), { text: t('lost.apps'), sign: 'apps', href: '/_/apps' }, { text: t('rail.newapp'), sign: 'plus', href: '/_/apps?new=1' },
      { text: t('profile.mine'), sign: 'person', href: '/_/settings/account' }, { text: t('profile.tokens'), sign: 'key', href: '/_/tokens' }];
  }

  #doable() {
    const { undo: back, redo: again } = this.#app ? undoable.get() : {};
    const deeds = document.querySelector('#root > *')?.deeds?.() ?? [];
    // Found by their own words only: whoever looks for a record must not take back what was done to it.
    return [...deeds,
      ...(back ? [{ text: t('undo.undo'), shown: t('undo.name', { what: back }), sign: 'undo', key: 'Ctrl+Z', run: undo }] : []), ...(again ? [{ text: t('undo.redo'), shown: t('redo.name', { what: again }), sign: 'redo', key: 'Ctrl+Shift+Z', run: redo }] : []),
      { text: t('key.head'), sign: 'braces', key: '?', run: openKeys }];
  }

  #tables() {
    const { app, tables = [] } = this.#meta ?? {};
    return [...tables.map(x => ({ text: x.name, note: app.name, sign: 'table', href: tableHref(app.slug, x.slug) })),
      ...this.#views.map(({ table, view }) => ({ text: view.name, note: t('palette.view', { table: table.name }), sign: 'eye', href: viewHref(app.slug, table.slug, view.slug) }))];
  }

  /** What is shown: groups of items, each with the place of its first. The group with the best match comes first, records last. */
  get #groups() {
    const sign = /^[>#]/.exec(this.#words)?.[0], words = this.#words.replace(/^[>#]/, '').trim(), lately = recent(), bonus = new Map(lately.map((x, i) => [x.href, Math.max(0, LATELY - i)]));
    const of = (name, items, most = SHOWN) => ({ name, found: best(items.map(x => ({ ...x, bonus: bonus.get(x.href) ?? 0 })), words, most) });
    const deeds = of('deeds', this.#doable()), tables = of('tables', this.#tables(), sign ? 50 : SHOWN);
    if (sign) return this.#numbered(sign === '>' ? [{ ...deeds, found: best(this.#doable(), words, 50) }] : [tables]);
    const apps = of('apps', (knownApps() ?? []).map(a => ({ text: a.name, sign: 'bag', href: appHref(a.slug) })));
    if (!words) return this.#numbered([of('recent', lately.filter(x => x.href !== here.get().path).map(x => ({ ...x, sign: 'clock' }))), deeds, tables, of('places', this.#places()), apps]);
    const found = [deeds, tables, of('places', this.#places()), apps].sort((a, b) => (b.found[0]?.score ?? 0) - (a.found[0]?.score ?? 0));
    return this.#numbered([...found, { name: 'records', found: this.#records.map(item => ({ item })) }]);
  }

  #numbered(groups) {
    let at = 0;
    return groups.filter(g => g.found.length).map(({ name, found }) => ({ name, items: found.map(({ item }) => ({ ...item, at: at++ })) }));
  }

  #typed = e => {
    this.#words = e.target.value;
    this.#at = 0;
    clearTimeout(this.#timer);
    this.#call?.abort();
    const words = this.#words.trim();
    if (!words || /^[>#]/.test(words) || !this.#app) { this.#records = []; this.#state = null; }
    else { this.#state = 'searching'; this.#timer = setTimeout(() => this.#search(words), TYPING_MS); }
    this.update();
  };

  async #search(words) {
    const call = this.#call = new AbortController(), app = this.#app;
    let again = false;
    try {
      const { results, preparing } = await findRecords(app, words, RECORDS, call.signal);
      if (call.signal.aborted) return;
      const named = slug => this.#meta?.tables.find(x => x.slug === slug)?.name ?? slug;
      this.#records = results.map(r => ({ text: r.display || numbered(r.id), note: named(r.schema), pieces: r.snippet && !r.snippet.pieces.join('').startsWith(r.display ?? ' ') ? r.snippet.pieces : null, sign: 'rows', href: recordHref(app, r.schema, r.id) }));
      again = !!preparing;
    } catch (e) {
      if (e.name === 'AbortError' || call.signal.aborted) return;
      this.#records = [];
      again = e.kind === 'busy';
    }
    // A table that nobody has searched yet is made ready meanwhile.
    if (again) this.#timer = setTimeout(() => this.#search(words), AGAIN_MS);
    this.#state = again ? 'preparing' : null;
    this.update();
  }

  #key = e => {
    const all = this.#groups.flatMap(g => g.items), last = all.length - 1;
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') { e.preventDefault(); this.#close(); return; }
    if (e.key === 'Escape' || (e.key === 'Backspace' && !this.#words)) { e.preventDefault(); this.#close(); return; }
    if (e.key === 'Enter') { e.preventDefault(); if (all[this.#at]) this.#take(all[this.#at]); return; }
    const to = { ArrowDown: this.#at === last ? 0 : this.#at + 1, ArrowUp: this.#at <= 0 ? last : this.#at - 1, PageDown: Math.min(last, this.#at + SHOWN), PageUp: Math.max(0, this.#at - SHOWN) }[e.key];
    if (to === undefined || last < 0) return;
    e.preventDefault();
    this.#at = to;
    this.update();
  };

  #close() { this.closest('dialog').close(); }

  #take(item) {
    if (item.href) remember(item);
    this.#close();
    // The focus has gone back by then. On another screen it belongs to that.
    requestAnimationFrame(() => {
      if (!item.href) { item.run(); return; }
      document.activeElement?.blur();
      go(item.href);
    });
  }

  rendered() { this.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }); }

  #item(item) {
    const isAt = item.at === this.#at;
    return html`<div role="option" id=${`found-${item.at}`} aria-selected=${String(isAt)} @click=${() => this.#take(item)} @pointermove=${() => { if (!isAt) { this.#at = item.at; this.update(); } }}>
      ${icon(item.sign)}<span class="found-text cut">${item.shown ?? item.text}</span><span class="found-note cut">${item.note}${item.pieces && html` · ${each(item.pieces, (_, i) => i, (piece, i) => (i % 2 ? html`<mark>${piece}</mark>` : html`${piece}`))}`}</span>${item.key && keyView(item.key)}</div>`;
  }

  view() {
    const groups = this.#groups, n = groups.reduce((sum, g) => sum + g.items.length, 0);
    this.#at = Math.min(this.#at, Math.max(0, n - 1));
    const said = this.#state ? t(`palette.${this.#state}`) : n ? t('palette.found', { n }) : t('palette.none', { words: this.#words.trim() });
    return html`<label class="palette-field">${icon('search')}<span class="quiet">${t('palette.name')}</span><input type="text" role="combobox" aria-expanded=${String(n > 0)} aria-controls="palette-list" aria-autocomplete="list" aria-activedescendant=${n ? `found-${this.#at}` : null}
        placeholder=${t('palette.hint')} autocomplete="off" spellcheck="false" @input=${this.#typed} @keydown=${this.#key}></label>
      <div id="palette-list" role=${n ? 'listbox' : null} aria-label=${n ? t('palette.name') : null} tabindex=${n ? '0' : null} @keydown=${this.#key}>${each(groups, g => g.name, g => html`<div role="group" aria-label=${t(`palette.${g.name}`)}><span class="menu-head" aria-hidden="true">${t(`palette.${g.name}`)}</span>${each(g.items, i => `${i.href ?? ''} ${i.text}`, i => this.#item(i))}</div>`)}</div>
      <p class="palette-foot"><span role="status">${said}</span><span>${t('palette.foot')}</span></p>`;
  }
}
define('ui-palette', Palette);

/** Opens it; once. `keys`: what was typed into it already. */
export function openPalette(keys = []) {
  if (document.querySelector('dialog.palette')) return;
  const dialog = document.createElement('dialog'), before = document.activeElement;
  dialog.className = 'palette';
  dialog.setAttribute('aria-label', t('palette.name'));
  dialog.append(document.createElement('ui-palette'));
  document.body.append(dialog);
  dialog.addEventListener('click', e => { if (e.target === dialog) dialog.close(); });
  dialog.addEventListener('close', () => { dialog.remove(); if (before?.isConnected) before.focus({ preventScroll: true }); }, { once: true });
  dialog.showModal();
  whenRendered(() => {
    const input = dialog.querySelector('input');
    input.focus();
    typeKeys(input, keys);
  });
}
