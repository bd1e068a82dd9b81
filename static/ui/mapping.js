// The second step of an import: which column is which field, how its days and numbers are read, what becomes of names that are not there.
// Not here: guessing it (app/import.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { doubts } from '../app/columns.js';
import { t } from '../app/i18n.js';
import { choiceWord, displayField, typeChoices, wordOf } from '../app/types.js';

const MADE = ['text', 'textarea', 'email', 'phone', 'url', 'integer', 'number', 'decimal', 'money', 'boolean', 'date', 'datetime', 'select', 'multiselect', 'json'];
const MATCHABLE = ['text', 'email', 'phone', 'url', 'integer', 'sequence', 'select'];
const EXAMPLE_CHARS = 60;

const shown = value => { const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value); return text.length > EXAMPLE_CHARS ? `${text.slice(0, EXAMPLE_CHARS)}…` : text; };

class Mapping extends El {
  // plan: an entry for each column, which a person changes. table: null when it is to be made. onChange: called with the plan's place and what changes.
  static props = { data: null, plan: [], table: null, tables: [], onChange: null, turn: 0 };

  #type(i) {
    const { to, type } = this.plan[i];
    return to === 'new' ? type : this.table?.fields.find(f => f.slug === to)?.type ?? null;
  }

  #target(column, i) {
    const { to } = this.plan[i], fields = (this.table?.fields ?? []).filter(f => !['computed', 'lines'].includes(f.type));
    const taken = new Set(this.plan.filter((p, at) => at !== i && p.to).map(p => p.to));
    return html`<select aria-label=${t('map.to', { column: column.heading })} @change=${e => this.onChange(i, { to: e.target.value || null })}>
      <option value="" .selected=${!to}>${t('map.skip')}</option>
      ${this.table && column.isIds && html`<option value="id" .selected=${to === 'id'}>${t('map.id')}</option>`}
      ${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f.slug === to} ?disabled=${taken.has(f.slug)}>${f.name}${f.required ? ` · ${t('fields.required')}` : ''}</option>`)}
      <option value="new" .selected=${to === 'new'}>${t('map.new', { column: column.heading })}</option></select>`;
  }

  #kind(column, i) {
    const { to, type } = this.plan[i];
    if (to !== 'new') return null;
    return html`<select aria-label=${t('map.type', { column: column.heading })} @change=${e => this.onChange(i, { type: e.target.value })}>${each(typeChoices.filter(c => MADE.includes(c.type)), c => c.type, c => html`<option value=${c.type} .selected=${c.type === type}>${choiceWord(c.type)}</option>`)}</select>`;
  }

  #form(column, i) {
    const ways = doubts(column, this.#type(i), this.data.rows);
    if (!ways.length) return null;
    return html`<fieldset class="ways"><legend>${t('map.doubt', { text: ways[0].text })}</legend>${each(ways, w => w.form, w =>
      html`<label class="tick"><input type="radio" name=${`form-${i}`} .checked=${this.plan[i].form === w.form} @change=${() => this.onChange(i, { form: w.form })}>${w.meaning}</label>`)}</fieldset>`;
  }

  #names(column, i) {
    const field = this.table?.fields.find(f => f.slug === this.plan[i].to), { match, missing } = this.plan[i];
    if (!field || (!field.target && !field.choices)) return null;
    const target = this.tables.find(x => x.slug === field.target), fields = target?.fields.filter(f => MATCHABLE.includes(f.type) || f === displayField(target)) ?? [];
    return html`<div class="ways">${target && html`<label class="way">${t('map.match', { table: target.name })}<select @change=${e => this.onChange(i, { match: e.target.value })}>
          ${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f.slug === match}>${f.name}</option>`)}<option value="id" .selected=${match === 'id'}>${t('map.byid')}</option></select></label>`}
      ${match !== 'id' && html`<label class="way">${t('map.missing')}<select @change=${e => this.onChange(i, { missing: e.target.value })}>${each(['empty', 'create', 'skip'], m => m, m => html`<option value=${m} .selected=${m === missing}>${t(`map.missing.${m}`)}</option>`)}</select></label>`}</div>`;
  }

  #row(column, i) {
    const type = this.#type(i);
    return html`<tr><th scope="row">${column.heading || t('map.unnamed', { n: i + 1 })}</th><td class="map-example"><span class="cut" title=${shown(column.example)}>${shown(column.example)}</span><span class="hint">${t('map.filled', { n: column.filled })}</span></td>
      <td><div class="map-to">${this.#target(column, i)}${this.#kind(column, i)}</div>${type && this.#form(column, i)}${this.#names(column, i)}</td>${this.table && html`<td class="map-type">${type ? wordOf(type) : this.plan[i].to === 'id' ? t('map.isid') : html`<span class="faint">–</span>`}</td>`}</tr>`;
  }

  view() {
    return html`<div class="wide-table" tabindex="0" role="group" aria-label=${t('map.head')}><table class="names mapping"><thead><tr><th scope="col">${t('map.column')}</th><th scope="col">${t('map.example')}</th><th scope="col">${t('map.field')}</th>${this.table && html`<th scope="col">${t('fields.type')}</th>`}</tr></thead>
      <tbody>${each(this.data.columns, c => c.at, (c, i) => this.#row(c, i))}</tbody></table></div>`;
  }
}
define('ui-mapping', Mapping);
