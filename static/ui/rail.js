// The rail: app switcher, tables with their record counts, profile. On a phone the shell shows it as a sheet.
// Not here: opening and closing that sheet (screens/table.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { appHref, tableHref } from '../app/meta.js';
import { count } from '../app/types.js';
import { bars, glyph, icon } from './parts.js';
import './menu.js';
import './profile.js';

class Rail extends El {
  static props = { app: null, apps: [], tables: null, current: null };

  #switcher() {
    const groups = [
      { label: 'Apps', items: this.apps.map(a => ({ text: a.name, sign: 'bag', href: appHref(a.slug), current: a.slug === this.app.slug })) },
      { label: 'More', items: [{ text: 'All apps', sign: 'apps', href: '/_/apps' }] },
    ].filter(g => g.items.length);
    const face = html`${glyph(this.app)}<span class="cut">${this.app.name}</span>${icon('down')}`;
    return html`<ui-menu .label=${`App: ${this.app.name}`} .groups=${groups} .face=${face} .look=${'btn wide switcher'}></ui-menu>`;
  }

  #table(t) {
    return html`<li><a href=${tableHref(this.app.slug, t.slug)} aria-current=${t.slug === this.current ? 'page' : null}>
      ${icon('table')}<span class="cut">${t.name}</span><span class="n">${t.records === null ? null : html`${count(t.records)}<span class="quiet"> records</span>`}</span></a></li>`;
  }

  view() {
    return html`<nav class="rail" aria-label="App">
      ${this.app ? this.#switcher() : html`<div class="switcher skeleton">${bars(1)}</div>`}
      <h2 class="rail-head">Tables</h2>
      <div class="rail-list">${this.tables
        ? html`<ul class="nav">${each(this.tables, t => t.slug, t => this.#table(t))}</ul>`
        : html`<div class="skeleton">${bars(4)}</div>`}</div>
      <ui-profile .wide=${true}></ui-profile>
    </nav>`;
  }
}
define('ui-rail', Rail);
