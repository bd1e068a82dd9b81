// Another type for a field: first what would become of its values, then doing it.
// Not here: converting, which the server does.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { changeField, rehearseField } from '../app/design.js';
import { t } from '../app/i18n.js';
import { choiceWord, typeChoices } from '../app/types.js';

const TARGETED = ['reference', 'references'];
// These have no values that something could become, or ever had.
const ENDS = ['lines', 'computed', 'sequence'];

const shown = value => (typeof value === 'string' ? `“${value}”` : JSON.stringify(value));

class Convert extends El {
  static props = { app: null, table: null, field: null, tables: [], onChange: null };
  #type = null;
  #target = null;
  #found = null;
  #wrong = null;
  #busy = false;

  get #body() { return { type: this.#type, ...(TARGETED.includes(this.#type) ? { target: this.#target ?? this.tables[0]?.slug } : {}) }; }

  #look = async () => {
    this.#found = this.#wrong = null;
    this.update();
    const type = this.#type;
    if (type === this.field.type) return;
    try {
      const { converted } = await rehearseField(this.app, this.table, this.field.slug, this.#body);
      if (type !== this.#type) return;
      this.#found = converted ?? { values: 0, lost: 0, examples: [], lost_examples: [] };
      announce(this.#words());
    } catch (fault) { this.#wrong = fault.message; }
    this.update();
  };

  #words() {
    const { values, lost } = this.#found;
    return [t(values - lost ? 'convert.kept' : values ? 'convert.none' : 'convert.empty', { n: values - lost }), lost ? t('convert.lost', { n: lost }) : ''].filter(Boolean).join(' ');
  }

  #go = async () => {
    if (this.#busy) return;
    this.#busy = true;
    try {
      await changeField(this.app, this.table, this.field.slug, this.#body);
      announce(t('convert.done'));
      this.#type = this.#found = null;
      await this.onChange();
    } catch (fault) { this.#wrong = fault.message; this.#found = null; }
    this.#busy = false;
    this.update();
  };

  #preview() {
    const { examples, lost, lost_examples: gone } = this.#found;
    return html`<div class="convert" role="group" aria-label=${t('convert.preview')}><p>${this.#words()}</p>
      ${examples.length ? html`<ul>${each(examples, x => x.id, x => html`<li><code>${shown(x.before)}</code> → <code>${shown(x.after)}</code></li>`)}</ul>` : null}
      ${gone.length ? html`<ul>${each(gone, x => x.id, x => html`<li><code>${shown(x.before)}</code> → ${t('convert.nothing')}</li>`)}</ul>` : null}
      <div class="row"><button type="button" class=${lost ? 'btn danger' : 'btn main-act'} @click=${this.#go}>${t('convert.go')}</button>
        <button type="button" class="btn line" @click=${() => { this.#type = this.#found = null; this.update(); this.querySelector('#field-type').focus(); }}>${t('convert.leave')}</button></div></div>`;
  }

  view() {
    const type = this.#type ?? this.field.type, fixed = ENDS.includes(this.field.type);
    return html`<div class="field"><label for="field-type">${t('fields.type')}</label>
      <select id="field-type" class="tall" ?disabled=${fixed} @change=${e => { this.#type = e.target.value; this.#look(); }}>${each(typeChoices.filter(c => c.type === this.field.type || !ENDS.includes(c.type)), c => c.type, c =>
        html`<option value=${c.type} .selected=${c.type === type}>${choiceWord(c.type)}</option>`)}</select></div>
      ${TARGETED.includes(this.#type) && html`<div class="field"><label for="convert-target">${t('fields.target')}</label><select id="convert-target" class="tall" @change=${e => { this.#target = e.target.value; this.#look(); }}>${each(this.tables, x => x.slug, (x, i) => html`<option value=${x.slug} ?selected=${i === 0}>${x.name}</option>`)}</select></div>`}
      ${this.#found && this.#preview()}${this.#wrong && html`<p class="form-error" role="alert">${this.#wrong}</p>`}`;
  }
}
define('ui-convert', Convert);
