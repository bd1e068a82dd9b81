// One thing that can be set: a labelled control that saves when it is left, says so, and says at the place why it did not. What is typed stays.
// Not here: where it is saved, which `save` knows.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { t } from '../app/i18n.js';

let last = 0;

class Setting extends El {
  // kind: text, long, tick or choice. choices: [{ value, text }]. save: gets the new value, may refuse by throwing.
  static props = { kind: 'text', label: '', value: '', hint: null, choices: [], save: null, readonly: false };
  #id = `setting-${++last}`;
  #state = null;
  #turn = 0;
  // A choice as it was made, while it is being saved.
  #mine = null;

  #saved = async e => {
    const control = e.target, turn = ++this.#turn, value = this.kind === 'tick' ? control.checked : control.value;
    this.#state = { word: t('save.saving') };
    this.#mine = { value };
    this.update();
    try {
      await this.save(value);
      if (turn !== this.#turn) return;
      this.#mine = null;
      this.#state = { word: t('save.saved') };
      announce(t('save.done', { name: this.label }));
    } catch (fault) {
      if (turn !== this.#turn) return;
      this.#mine = null;
      this.#state = { fault: fault.message };
      if (this.kind === 'tick') control.checked = !value;
    }
    this.update();
  };

  #key = e => {
    // What is on its way to the server is no longer something to take back.
    const kept = this.#mine ? this.#mine.value : this.value ?? '';
    if (e.key === 'Escape' && e.target.value !== kept) { e.stopPropagation(); e.target.value = kept; this.#state = null; this.update(); }
    if (e.key === 'Enter' && this.kind === 'text') { e.preventDefault(); e.target.blur(); e.target.focus(); }
  };

  #control(bad, by) {
    const id = this.#id, value = this.#mine ? this.#mine.value : this.value;
    switch (this.kind) {
      case 'tick': return html`<input id=${id} type="checkbox" .checked=${!!value} ?disabled=${this.readonly} aria-invalid=${bad} aria-describedby=${by} @change=${this.#saved}>`;
      case 'long': return html`<textarea id=${id} rows="3" .defaultValue=${this.value ?? ''} ?readonly=${this.readonly} aria-invalid=${bad} aria-describedby=${by} @keydown=${this.#key} @change=${this.#saved}></textarea>`;
      case 'choice': return html`<select id=${id} ?disabled=${this.readonly} aria-invalid=${bad} aria-describedby=${by} @change=${this.#saved}>${each(this.choices, c => c.value, c =>
        html`<option value=${c.value} .selected=${c.value === (value ?? '')}>${c.text}</option>`)}</select>`;
      default: return html`<input id=${id} type="text" .defaultValue=${this.value ?? ''} ?readonly=${this.readonly} autocomplete="off" spellcheck="false" aria-invalid=${bad} aria-describedby=${by} @keydown=${this.#key} @change=${this.#saved}>`;
    }
  }

  view() {
    const bad = this.#state?.fault ? 'true' : null;
    const by = [bad && `${this.#id}-wrong`, this.hint && `${this.#id}-hint`].filter(Boolean).join(' ') || null;
    return html`<div class="field setting" data-kind=${this.kind}><label for=${this.#id}>${this.label}</label>
      ${this.#control(bad, by)}<span class="setting-state" aria-hidden="true">${this.#state?.word}</span>
      ${this.hint && html`<p class="hint" id=${`${this.#id}-hint`}>${this.hint}</p>`}
      ${bad && html`<p class="form-error" role="alert" id=${`${this.#id}-wrong`}>${this.#state.fault}</p>`}</div>`;
  }
}
define('ui-setting', Setting);
