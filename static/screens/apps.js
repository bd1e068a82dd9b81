// All apps as cards. With none, what the first one may be.
// Not here: what is inside an app (table.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { title } from '../lib/a11y.js';
import { go } from '../lib/router.js';
import { appHref, knownApps, loadApps } from '../app/meta.js';
import { loadGoneApps, restoreApp } from '../app/design.js';
import { formatStamp } from '../app/types.js';
import { makeSample } from '../app/samples.js';
import { learn, t } from '../app/i18n.js';
import { DOOR } from '../i18n/en-door.js';
import { bars, brand, glyph, icon } from '../ui/parts.js';
import { failure } from '../ui/notice.js';
import '../ui/choice.js';
import '../ui/profile.js';

learn(DOOR);

class Apps extends El {
  static props = { query: null };
  #fault = null;
  #wrong = null;
  #busy = false;
  // Apps that were removed and can come back.
  #gone = [];

  connected() {
    title(t('apps.head'), t('app.name'));
    this.#load();
  }

  #load = async () => {
    this.#fault = null;
    this.update();
    try {
      [, this.#gone] = await Promise.all([loadApps(this.life), loadGoneApps(this.life)]);
    } catch (e) {
      if (e.name === 'AbortError') return;
      this.#fault = e;
    }
    this.update();
  };

  #make = async e => {
    e.preventDefault();
    if (this.#busy) return;
    const { value } = this.querySelector('ui-choice');
    this.#busy = true;
    this.#wrong = null;
    this.update();
    try {
      go(await makeSample(value));
    } catch (fault) {
      this.#wrong = fault.message;
    } finally {
      this.#busy = false;
      this.update();
    }
  };

  #restore = async gone => {
    try {
      await restoreApp(gone.change);
      go(appHref(gone.slug));
    } catch (fault) {
      this.#wrong = fault.message;
      this.update();
    }
  };

  #removed() {
    if (!this.#gone.length) return null;
    return html`<section class="gone"><h2>${t('apps.gone')}</h2><ul class="list">${each(this.#gone, a => a.change, a => html`<li class="listed"><div><h3>${a.name}</h3><p class="hint">${t('apps.gone.by', { who: a.by, at: formatStamp(a.at) })}</p></div>
      <button type="button" class="btn line" @click=${() => this.#restore(a)}>${icon('undo')}${t('apps.back')}<span class="quiet"> ${a.name}</span></button></li>`)}</ul>
      ${this.#wrong && html`<p class="form-error" role="alert">${this.#wrong}</p>`}</section>`;
  }

  #first() {
    return html`<form class="first" @submit=${this.#make}>
      <h2>${t('start.head')}</h2>
      <ui-choice @given=${() => go('/_/apps/import')}></ui-choice>
      <p class="form-error" role="alert">${this.#wrong}</p>
      <div class="steps"><button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${t(this.#busy ? 'start.busy' : 'apps.make')}</button></div>
    </form>`;
  }

  #card(app) {
    return html`<li class="card"><span class="card-glyph">${glyph(app, 'l')}</span>
      <h2><a href=${appHref(app.slug)}>${app.name}</a></h2>
      <p>${app.description || html`<code>/api/apps/${app.slug}</code>`}</p></li>`;
  }

  #content() {
    const apps = knownApps();
    if (this.#fault) return failure(this.#fault, this.#load, 2);
    if (!apps) return html`<div class="cards skeleton">${bars(3)}</div>`;
    if (this.query?.has('new')) return this.#first();
    return html`${apps.length ? html`<ul class="cards">${each(apps, a => a.slug, a => this.#card(a))}</ul>` : this.#first()}${this.#removed()}`;
  }

  view() {
    const apps = knownApps(), isNew = this.query?.has('new');
    return html`<div class="plain">
      <header class="plain-bar">${brand()}<ui-profile></ui-profile></header>
      <main id="main" tabindex="-1" class="plain-main">
        <div class="page-head"><h1 tabindex="-1">${t(isNew ? 'apps.new' : 'apps.head')}</h1>${apps?.length && !isNew ? html`<p class="hint">${t('apps.count', { n: apps.length })}</p>` : null}
          ${apps?.length ? html`<a class="btn line" href=${isNew ? '/_/apps' : '/_/apps?new=1'}>${isNew ? t('lost.apps') : html`${icon('plus')}${t('apps.new')}`}</a>` : null}</div>
        ${this.#content()}
      </main></div>`;
  }
}
define('screen-apps', Apps);
