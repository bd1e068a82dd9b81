// Which fields are columns, and in which order. Not here: making and changing fields (the table's designer).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { moved, ordered } from '../app/layout.js';
import { typeOf } from '../app/types.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

class FieldsBox extends El {
  static props = { table: null, layout: null, onLayout: null };

  #turn(slug, isOn) {
    const { hidden } = this.layout;
    this.onLayout({ ...this.layout, hidden: isOn ? hidden.filter(s => s !== slug) : [...hidden, slug] });
  }

  #step(sign, key, field, way, isOff) {
    const label = t(key, { name: field.name });
    return html`<button type="button" class="btn square" aria-label=${label} title=${label} aria-disabled=${String(isOff)} @click=${() => { if (!isOff) this.onLayout(moved(this.table, this.layout, field.slug, way)); }}>${icon(sign)}</button>`;
  }

  view() {
    const all = ordered(this.table, this.layout), { hidden } = this.layout, shown = all.filter(f => !hidden.includes(f.slug));
    return html`<div class="filterbox fieldsbox"><ul>${each(all, f => f.slug, f => {
      const isOn = !hidden.includes(f.slug), at = shown.indexOf(f);
      return html`<li><label><input type="checkbox" .checked=${isOn} ?disabled=${isOn && shown.length === 1} @change=${e => this.#turn(f.slug, e.target.checked)}>${icon(typeOf(f).icon)}<span class="cut">${f.name}</span></label>
        ${this.#step('up', 'fields.up', f, -1, at <= 0)}${this.#step('down', 'fields.down', f, 1, at < 0 || at === shown.length - 1)}</li>`;
    })}</ul>
    <button type="button" class="btn" @click=${() => this.onLayout({ order: [], widths: {}, hidden: [], frozen: 1 })}>${t('fields.reset')}</button></div>`;
  }
}
define('ui-fieldsbox', FieldsBox);
