// Everything of one field: names, type, rules, default, options, what each dialect calls it, its end. Each thing saves on its own.
// Not here: adding one (addfield.js), changing the type (convert.js), options (options.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { changeField, changeTable, deleteField, valuesIn } from '../app/design.js';
import { t } from '../app/i18n.js';
import { typeOf, wordOf } from '../app/types.js';
import { icon } from './parts.js';
import './convert.js';
import './options.js';
import './remove.js';
import './setting.js';

const HAS_NO_DEFAULT = ['lines', 'computed', 'sequence', 'file', 'references', 'reference', 'multiselect', 'checklist', 'json', 'user'];
const HAS_NO_RULES = ['lines', 'computed', 'sequence'];
const NUMBERS = ['integer', 'number', 'decimal', 'money'];
// Which rules a type has besides those of all: how each is written.
const RULES = {
  text: { max_length: 'whole', pattern: 'text' }, textarea: { max_length: 'whole' },
  integer: { min: 'number', max: 'number' }, number: { min: 'number', max: 'number' },
  decimal: { min: 'number', max: 'number', precision: 'whole', scale: 'whole' }, money: { currency: 'text', min: 'number', max: 'number', scale: 'whole' },
  date: { min: 'text', max: 'text' }, datetime: { min: 'text', max: 'text' },
};
const READ = {
  text: text => text.trim() || null,
  number: (text, name) => readNumber(text, name),
  whole: (text, name) => readNumber(text, name),
};

function readNumber(text, name) {
  if (!text.trim()) return null;
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(t('fields.nonumber', { name, text: text.trim() }));
  return value;
}

class FieldPanel extends El {
  // tables: all of the app. dialects: null while they load. onChange: loads the table anew; gets the slug if that changed.
  static props = { app: null, table: null, field: null, tables: [], dialects: null, onChange: null, onClose: null, onGone: null };

  #put = async body => {
    const field = await changeField(this.app, this.table.slug, this.field.slug, body);
    await this.onChange(field.slug);
  };

  #tick(key, hint) {
    return html`<ui-setting .kind=${'tick'} .label=${t(`fields.${key}`)} .hint=${hint} .value=${this.field[key]} .save=${on => this.#put({ [key]: on })}></ui-setting>`;
  }

  #default() {
    const { field } = this, save = value => this.#put({ default: value }), label = t('fields.default');
    if (HAS_NO_DEFAULT.includes(field.type)) return null;
    if (field.type === 'boolean') {
      const choices = [{ value: '', text: t('fields.nothing') }, { value: 'true', text: t('fields.yes') }, { value: 'false', text: t('fields.no') }];
      return html`<ui-setting .kind=${'choice'} .label=${label} .choices=${choices} .value=${field.default === undefined || field.default === null ? '' : String(field.default)} .save=${v => save(v ? v === 'true' : null)}></ui-setting>`;
    }
    if (field.options) {
      const choices = [{ value: '', text: t('fields.nothing') }, ...field.choices.map(c => ({ value: c.value, text: c.label ?? c.value }))];
      return html`<ui-setting .kind=${'choice'} .label=${label} .choices=${choices} .value=${field.default ?? ''} .save=${v => save(v || null)}></ui-setting>`;
    }
    const isNumber = NUMBERS.includes(field.type);
    return html`<ui-setting .label=${label} .value=${field.default ?? ''} .save=${v => save(isNumber ? readNumber(v, label) : v.trim() || null)}></ui-setting>`;
  }

  #rule(key, kind) {
    const label = t(`rule.${key}`);
    return html`<ui-setting .label=${label} .value=${this.field[key] ?? ''} .save=${v => this.#put({ [key]: READ[kind](v, label) })}></ui-setting>`;
  }

  #leading() {
    const { field } = this;
    if (field.formula !== undefined) return html`<ui-setting .kind=${'long'} .label=${t('fields.formula')} .value=${field.formula} .save=${v => this.#put({ formula: v.trim() })}></ui-setting>`;
    if (!field.target) return null;
    const target = this.tables.find(x => x.slug === field.target)?.name ?? field.target;
    const choices = ['set_null', 'cascade', 'restrict'].map(value => ({ value, text: t(`fields.on_delete.${value}`) }));
    return html`<p class="hint">${t(field.type === 'lines' ? 'fields.lines' : 'fields.leads', { target })}</p>
      ${field.on_delete && html`<ui-setting .kind=${'choice'} .label=${t('fields.on_delete', { target })} .choices=${choices} .value=${field.on_delete} .save=${v => this.#put({ on_delete: v })}></ui-setting>`}`;
  }

  #dialects() {
    const { field } = this;
    return html`<section><h3>${t('fields.dialects')}</h3>${this.dialects && html`<table class="names"><thead><tr><th scope="col">${t('fields.dialect')}</th><th scope="col">${t('fields.id')}</th><th scope="col">${t('fields.type')}</th></tr></thead>
      <tbody>${each(this.dialects, d => d.id, d => html`<tr><th scope="row">${d.name}</th><td><code>${field.slug}</code></td><td><code>${d.types[field.type] ?? field.type}</code></td></tr>`)}</tbody></table>`}</section>`;
  }

  #ask = async () => {
    let n = null;
    // What is computed or lies in other tables has no values of its own to count.
    try { n = HAS_NO_RULES.includes(this.field.type) ? 0 : await valuesIn(this.app, this.table.slug, this.field.slug, this.life); } catch (e) { if (e.kind !== 'invalid') throw e; }
    return n ? t('fields.remove.ask', { n, name: this.field.name }) : t('fields.remove.empty', { name: this.field.name });
  };

  #remove = async () => {
    await deleteField(this.app, this.table.slug, this.field.slug);
    this.onGone(this.field);
  };

  #body() {
    const { field, table } = this, isOfRecords = !HAS_NO_RULES.includes(field.type), isName = table.display_field === field.slug;
    const change = slug => this.onChange(slug ?? field.slug);
    return html`<ui-setting .label=${t('fields.name')} .value=${field.name} .save=${v => this.#put({ name: v.trim() })}></ui-setting>
      <ui-setting .label=${t('fields.id')} .value=${field.slug} .hint=${t('fields.id.hint')} .save=${v => this.#put({ slug: v.trim() })}></ui-setting>
      <ui-convert .app=${this.app} .table=${table.slug} .field=${field} .tables=${this.tables} .onChange=${change}></ui-convert>
      ${this.#leading()}
      ${isOfRecords && html`<div class="tickset">${this.#tick('required', null)}${this.#tick('unique', null)}${this.#tick('index', null)}
        <ui-setting .kind=${'tick'} .label=${t('fields.display')} .value=${isName} .readonly=${isName} .save=${async () => { await changeTable(this.app, table.slug, { display_field: field.slug }); await change(); }}></ui-setting></div>`}
      ${this.#default()}
      ${RULES[field.type] && html`<div class="pair rules">${each(Object.entries(RULES[field.type]), ([key]) => key, ([key, kind]) => this.#rule(key, kind))}</div>`}
      ${field.options && html`<ui-options .app=${this.app} .table=${table.slug} .field=${field} .onChange=${change}></ui-options>`}
      ${this.#dialects()}
      <ui-remove .label=${t('fields.remove')} .ask=${this.#ask} .remove=${this.#remove}></ui-remove>`;
  }

  view() {
    const { field } = this;
    return html`<aside class="panel panel-wide" aria-label=${t('fields.panel')}><header class="panel-head"><p class="panel-where">${icon(typeOf(field).icon)} ${wordOf(field.type)}</p>
        <div class="steps"><button type="button" class="btn square" aria-label=${t('fields.close')} title=${t('fields.close')} @click=${this.onClose}>${icon('close')}</button></div>
        <h2 tabindex="-1">${field.name}</h2></header>
      <div class="panel-body fieldform" tabindex="0" role="group" aria-label=${field.name}>${each([field], f => f.slug, () => this.#body())}</div></aside>`;
  }
}
define('ui-fieldpanel', FieldPanel);
