// The views of a table: choosing one, saving what is shown to it or as a new one, taking one away.
// Not here: what a view holds (app/views.js), the address it has (screens/table.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { tableHref, viewHref } from '../app/meta.js';
import { icon } from './parts.js';

class ViewsBox extends El {
  // views: of the table. current: the one that is shown, or null. isChanged: whether what is shown is something else by now.
  static props = { app: null, table: null, views: [], current: null, isChanged: false, onMake: null, onSave: null, onDrop: null };
  #fault = null;

  #try = async work => {
    this.#fault = null;
    try { await work(); } catch (e) { this.#fault = e.message; }
    this.update();
  };

  #make = e => {
    e.preventDefault();
    const { name, shared } = e.target.elements;
    if (name.value.trim()) this.#try(async () => { await this.onMake(name.value.trim(), shared.checked); name.value = ''; this.closest('.drop').hidePopover(); });
    else name.focus();
  };

  #link(href, text, isOn, note = null) {
    return html`<li><a href=${href} aria-current=${isOn ? 'true' : null}><span class="cut">${text}</span>${note && html`<span class="faint">${note}</span>`}${isOn && icon('tick')}</a></li>`;
  }

  view() {
    const { current, views, app, table } = this;
    return html`<div class="filterbox viewsbox"><ul class="views-list">
        ${this.#link(tableHref(app, table.slug), t('views.all', { name: table.name }), !current)}
        ${each(views, v => v.slug, v => this.#link(viewHref(app, table.slug, v.slug), v.name, v.slug === current?.slug, v.shared ? t('views.shared') : null))}</ul>
      ${current && html`<div class="filter-more"><button type="button" class="btn line" aria-disabled=${String(!this.isChanged)} @click=${() => { if (this.isChanged) this.#try(this.onSave); }}>${t('views.save', { name: current.name })}</button>
        <button type="button" class="btn" @click=${() => this.#try(this.onDrop)}>${t('views.drop')}</button></div>`}
      <form class="views-new" @submit=${this.#make}><label>${t('views.new')} <input name="name" class="edit-input" maxlength="80" autocomplete="off" placeholder=${t('views.name')}></label>
        <label class="views-shared"><input type="checkbox" name="shared"> ${t('views.share')}</label><button type="submit" class="btn line">${t('views.make')}</button></form>
      <p class="form-error" role="alert">${this.#fault}</p></div>`;
  }
}
define('ui-viewsbox', ViewsBox);
