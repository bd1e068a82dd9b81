// The rail: app switcher, tables with their record counts, the app's other screens, profile. On a phone the shell shows it as a sheet.
// Not here: opening and closing that sheet (shell.js, screens/table.js).
import { El, define, later } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { appHref, counts, mayMake, tableHref } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { count } from '../app/types.js';
import { bars, glyph, icon } from './parts.js';
import './menu.js';

// With more apps than this, one types to find one.
const FILTER_FROM = 8;

class Rail extends El {
  // current: the slug of the open table; place: the screen beside the tables that is open.
  static props = { app: null, apps: [], tables: null, current: null, place: null };

  // What the first rows do not need comes behind them.
  connected() {
    this.use(counts);
    later(() => import('./profile.js'));
    later(() => import('./demobar.js'));
  }

  #switcher() {
    const groups = [
      { label: t('rail.apps'), items: this.apps.map(a => ({ text: a.name, sign: 'bag', href: appHref(a.slug), current: a.slug === this.app.slug })) },
      { label: t('rail.more'), items: [{ text: t('rail.newapp'), sign: 'plus', href: '/_/apps?new=1' }, { text: t('lost.apps'), sign: 'apps', href: '/_/apps' }] },
    ].filter(g => g.items.length);
    const face = html`${glyph(this.app)}<span class="cut">${this.app.name}</span>${icon('down')}`;
    return html`<ui-menu .label=${t('rail.app', { name: this.app.name })} .groups=${groups} .face=${face} .look=${'btn wide switcher'}
      .find=${this.apps.length >= FILTER_FROM ? t('rail.find') : null}></ui-menu>`;
  }

  #count(x) {
    const now = counts.get();
    return (now?.app === this.app.slug ? now.of.get(x.slug) : null) ?? x.records;
  }

  #table(x) {
    const records = this.#count(x);
    return html`<li><a href=${tableHref(this.app.slug, x.slug)} title=${x.name} aria-current=${x.slug === this.current ? 'page' : null}>
      ${icon('table')}<span class="cut">${x.name}</span><span class="n">${records === null ? null : html`${count(records)}<span class="quiet"> ${t('rail.records')}</span>`}</span></a></li>`;
  }

  #place(slug, name, sign) {
    return html`<a href=${`${appHref(this.app.slug)}/${slug}`} title=${name} aria-current=${slug === this.place ? 'page' : null}>${icon(sign)}<span class="cut">${name}</span></a>`;
  }

  #find = () => document.dispatchEvent(new Event('ui:palette'));

  #places() {
    return html`<div class="places">${this.#place('home', t('rail.home'), 'home')}${this.#place('history', t('rail.history'), 'clock')}${this.#place('diagram', t('rail.diagram'), 'diagram')}${this.#place('settings', t('rail.settings'), 'gear')}</div>`;
  }

  view() {
    return html`<nav class="rail" aria-label=${t('rail.name')}>
      ${this.app ? this.#switcher() : html`<div class="switcher skeleton">${bars(1)}</div>`}
      <button type="button" class="btn wide rail-find" aria-haspopup="dialog" @click=${this.#find}>${icon('search')}<span class="cut">${t('rail.search')}</span><kbd aria-hidden="true">Ctrl+K</kbd></button>
      <h2 class="rail-head">${t('rail.tables')}${this.app && mayMake(this.tables) && html`<a class="btn square" href=${`${appHref(this.app.slug)}/new-table`} aria-label=${t('rail.newtable')} title=${t('rail.newtable')}>${icon('plus')}</a>`}</h2>
      <div class="rail-list">${this.tables
        ? html`<ul class="nav">${each(this.tables, x => x.slug, x => this.#table(x))}</ul>`
        : html`<div class="skeleton">${bars(4)}</div>`}</div>
      ${this.app && this.#places()}
      <ui-demobar></ui-demobar>
      <ui-profile .wide=${true}></ui-profile>
    </nav>`;
  }
}
define('ui-rail', Rail);
