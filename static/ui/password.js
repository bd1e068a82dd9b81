// The password of a form: a labelled input whose text can be shown.
// Not here: whether it is good, which the form asks the server.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { learn, t } from '../app/i18n.js';
import { DOOR } from '../i18n/en-door.js';

learn(DOOR);

class Password extends El {
  /** `auto` tells password managers which password it is; `hint` stands below; `bad` and `by` are the marks of an error. */
  static props = { auto: 'current-password', hint: null, bad: null, by: null };
  #shown = false;

  #toggle = () => { this.#shown = !this.#shown; this.update(); };

  view() {
    const described = [this.by, this.hint && 'password-hint'].filter(Boolean).join(' ');
    return html`<div class="field"><label for="password">${t('door.password')}</label>
      <div class="with-button">
        <input id="password" name="password" type=${this.#shown ? 'text' : 'password'} autocomplete=${this.auto} required
          aria-invalid=${this.bad} aria-describedby=${described || null}>
        <button type="button" class="btn" aria-pressed=${String(this.#shown)} aria-controls="password" @click=${this.#toggle}>${t('door.show')}<span class="quiet"> ${t('door.show.what')}</span></button>
      </div>${this.hint && html`<p class="hint" id="password-hint">${this.hint}</p>`}</div>`;
  }
}
define('ui-password', Password);
