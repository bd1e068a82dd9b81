// The choices of a field: label, what is stored, colour, id, order. Removing one that records hold asks what they hold then.
// Not here: choosing one in a record.
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { changeOption, deleteOption, makeOption } from '../app/design.js';
import { slugFor } from '../app/guess.js';
import { t } from '../app/i18n.js';
import { TINTS, choiceOf } from '../app/types.js';
import { icon } from './parts.js';
import './menu.js';

class Options extends El {
  // onChange: called after every change, to load the field anew.
  static props = { app: null, table: null, field: null, onChange: null };
  #wrong = null;
  // The option that records hold, while it is asked what they hold then.
  #held = null;

  #do = async (work, words) => {
    this.#wrong = null;
    try {
      await work();
      announce(words);
      await this.onChange();
      return true;
    } catch (fault) {
      this.#wrong = fault.message;
      this.update();
      return false;
    }
  };

  #change(choice, body) {
    return this.#do(() => changeOption(this.app, this.table, this.field.slug, choice.value, body), t('save.done', { name: choice.label ?? choice.value }));
  }

  #move(choice, at) {
    return this.#change(choice, { position: at });
  }

  async #remove(choice) {
    this.#held = null;
    try {
      await deleteOption(this.app, this.table, this.field.slug, choice.value, null);
      announce(t('options.removed', { name: choice.label }));
      await this.onChange();
    } catch (fault) {
      this.#wrong = null;
      this.#held = { choice, text: fault.message };
      this.update();
      whenRendered(() => this.querySelector('.ask select')?.focus());
    }
  }

  #replace = async e => {
    e.preventDefault();
    const { choice } = this.#held, replace = new FormData(e.target).get('replace');
    if (await this.#do(() => deleteOption(this.app, this.table, this.field.slug, choice.value, replace), t('options.removed', { name: choice.label }))) this.#held = null;
    this.update();
  };

  #addNew = async e => {
    e.preventDefault();
    const input = this.querySelector('#new-option'), label = input.value.trim();
    if (!label) return;
    const color = TINTS[this.field.choices.length % TINTS.length];
    const value = slugFor(label, this.field.choices.map(c => c.value), 'choice');
    if (await this.#do(() => makeOption(this.app, this.table, this.field.slug, { value, label, color }), t('options.added', { name: label }))) input.value = '';
    input.focus();
  };

  #row(choice, i) {
    const { length } = this.field.choices, { tint } = choiceOf(this.field, choice.value), name = choice.label ?? choice.value;
    const items = [
      ...(i > 0 ? [{ text: t('options.up'), sign: 'up', run: () => this.#move(choice, i - 1) }] : []),
      ...(i < length - 1 ? [{ text: t('options.down'), sign: 'down', run: () => this.#move(choice, i + 1) }] : []),
      { text: t('options.remove'), sign: 'bin', run: () => this.#remove(choice) },
    ];
    const typed = key => e => { if (e.target.value.trim()) this.#change(choice, { [key]: e.target.value.trim() }); else e.target.value = choice[key] ?? choice.value; };
    return html`<li class="option"><span class="dot" data-tint=${tint} aria-hidden="true"></span>
      <select aria-label=${t('options.color.of', { name })} @change=${e => this.#change(choice, { color: e.target.value })}>${each(TINTS, x => x, x => html`<option value=${x} .selected=${x === tint}>${t(`tint.${x}`)}</option>`)}</select>
      <input type="text" aria-label=${t('options.label.of', { name })} .defaultValue=${name} autocomplete="off" @change=${typed('label')}>
      <input type="text" class="mono" aria-label=${t('options.value.of', { name })} .defaultValue=${choice.value} autocomplete="off" spellcheck="false" @change=${typed('value')}>
      <span class="hint" title=${t('options.id')}>${choice.id}</span>
      <ui-menu .label=${t('options.menu', { name })} .face=${icon('more')} .look=${'btn square'} .groups=${[{ label: t('options.menu', { name }), items }]}></ui-menu></li>`;
  }

  #ask() {
    const { choice, text } = this.#held;
    return html`<form class="ask" @submit=${this.#replace}><p>${text}</p><label class="field"><span>${t('options.replace')}</span><select name="replace" class="tall">
        ${each(this.field.choices.filter(c => c.value !== choice.value), c => c.value, (c, i) => html`<option value=${c.value} ?selected=${i === 0}>${c.label ?? c.value}</option>`)}<option value="">${t('options.nothing')}</option></select></label>
      <div class="row"><button type="submit" class="btn danger">${t('remove.yes')}</button><button type="button" class="btn line" @click=${() => { this.#held = null; this.update(); }}>${t('remove.no')}</button></div></form>`;
  }

  view() {
    const { choices = [] } = this.field;
    return html`<section class="options"><h3>${t('options.head')}</h3>
      ${choices.length ? html`<p class="option option-head" aria-hidden="true"><span></span><span>${t('options.color')}</span><span>${t('options.label')}</span><span>${t('options.value')}</span><span>${t('options.id')}</span><span></span></p>` : null}
      <ul>${each(choices, c => c.id, (c, i) => this.#row(c, i))}</ul>${this.#held && this.#ask()}
      <form class="addfield-line" @submit=${this.#addNew}>${icon('plus')}<input id="new-option" type="text" autocomplete="off" aria-label=${t('options.new')} placeholder=${t('options.type')}></form>
      ${this.#wrong && html`<p class="form-error" role="alert">${this.#wrong}</p>`}</section>`;
  }
}
define('ui-options', Options);
