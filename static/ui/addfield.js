// Adding a field: type its name and press Enter. The type is guessed from the name; chips change it before.
// Not here: everything else of a field (fieldpanel.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { guessOptions, guessType, offered, slugFor } from '../app/guess.js';
import { t } from '../app/i18n.js';
import { choiceWord, typeChoices, typeOf } from '../app/types.js';
import { icon } from './parts.js';

const CHOSEN = ['select', 'radio', 'multiselect', 'checklist'];
const TARGETED = ['reference', 'references', 'lines'];

class AddField extends El {
  // add: takes the body of a field, may refuse by throwing.
  static props = { table: null, tables: [], add: null };
  #name = '';
  // What a person chose; null as long as the guess counts.
  #chosen = null;
  #target = null;
  #wrong = null;
  #busy = false;

  get #guess() { return guessType(this.#name, this.tables.filter(x => x.slug !== this.table.slug)); }
  get #type() { return this.#chosen ?? this.#guess.type; }

  focusName() { this.querySelector('#new-field').focus(); }

  #choose = type => {
    this.#chosen = type;
    this.#wrong = null;
    this.update();
  };

  #needs(type) {
    if (TARGETED.includes(type)) {
      const target = this.#target ?? this.#guess.target ?? this.tables[0]?.slug;
      return { target, ...(type === 'lines' ? { via: this.querySelector('#new-via')?.value } : {}) };
    }
    if (CHOSEN.includes(type)) {
      const labels = this.querySelector('#new-options').value.split(',').map(x => x.trim()).filter(Boolean), taken = [];
      return { options: [...new Set(labels)].map(label => { const value = slugFor(label, taken, 'choice'); taken.push(value); return { value, label }; }) };
    }
    return type === 'computed' ? { formula: this.querySelector('#new-formula')?.value.trim() } : {};
  }

  #submit = async e => {
    e.preventDefault();
    const name = this.#name.trim(), type = this.#type;
    if (this.#busy) return;
    if (!name) { this.#wrong = t('fields.noname'); this.update(); this.focusName(); return; }
    this.#busy = true;
    this.#wrong = null;
    this.update();
    try {
      await this.add({ slug: slugFor(name, this.table.fields.map(f => f.slug)), name, type, ...this.#needs(type) });
      this.#name = '';
      this.#chosen = this.#target = null;
      this.querySelector('#new-field').value = '';
    } catch (fault) { this.#wrong = fault.message; }
    this.#busy = false;
    this.update();
    this.focusName();
  };

  #chip(type) {
    const { icon: sign } = typeOf({ type });
    return html`<button type="button" class="btn chip" aria-pressed=${String(type === this.#type)} @click=${() => this.#choose(type)}>${icon(sign)}${choiceWord(type)}</button>`;
  }

  #more() {
    const type = this.#type, slug = this.#target ?? this.#guess.target ?? this.tables[0]?.slug, target = this.tables.find(x => x.slug === slug);
    if (type === 'computed') return html`<div class="field"><label for="new-formula">${t('fields.formula')}</label><input id="new-formula" type="text" autocomplete="off" spellcheck="false" placeholder=${t('fields.formula.example')}></div>`;
    if (CHOSEN.includes(type)) return html`<div class="field"><label for="new-options">${t('fields.options.new')}</label><input id="new-options" type="text" autocomplete="off" .defaultValue=${guessOptions(this.#name).join(', ')}></div>`;
    if (!TARGETED.includes(type)) return null;
    return html`<div class="field"><label for="new-target">${t('fields.target')}</label><select id="new-target" class="tall" @change=${e => { this.#target = e.target.value; this.update(); }}>${each(this.tables, x => x.slug, x => html`<option value=${x.slug} .selected=${x.slug === slug}>${x.name}</option>`)}</select></div>
      ${type === 'lines' && html`<div class="field"><label for="new-via">${t('fields.via')}</label><select id="new-via" class="tall">${each(target?.fields.filter(f => f.target === this.table.slug) ?? [], f => f.slug, (f, i) => html`<option value=${f.slug} ?selected=${i === 0}>${f.name}</option>`)}</select></div>`}`;
  }

  view() {
    const bad = this.#wrong ? 'true' : null, chips = offered(this.#guess.type, this.tables.length > 0);
    if (this.#chosen && !chips.includes(this.#chosen)) chips.push(this.#chosen);
    return html`<form class="addfield" novalidate @submit=${this.#submit}><div class="addfield-line">${icon('plus')}
        <input id="new-field" type="text" autocomplete="off" aria-label=${t('fields.new')} placeholder=${t('fields.type-a-name')} aria-invalid=${bad} aria-describedby="new-wrong"
          @input=${e => { this.#name = e.target.value; this.#wrong = null; this.update(); }}>
        ${this.#name.trim() && html`<button type="submit" class="btn main-act" aria-disabled=${String(this.#busy)}>${t('fields.add')}</button>`}</div>
      ${this.#name.trim() && html`<div class="chips" role="group" aria-label=${t('fields.type')}>${each(chips, c => c, c => this.#chip(c))}
          <select aria-label=${t('fields.more')} @change=${e => { if (e.target.value) this.#choose(e.target.value); e.target.value = ''; }}><option value="">${t('fields.more')}</option>
          ${each(typeChoices, c => c.type, c => html`<option value=${c.type}>${choiceWord(c.type)}</option>`)}</select></div>${this.#more()}`}
      <p class="form-error" id="new-wrong" role="alert">${this.#wrong}</p></form>`;
  }
}
define('ui-addfield', AddField);
