// Links by which somebody chooses a password: /_/invitation#t=<token> of who is new, /_/reset#t=<token> of who has forgotten theirs. Both sign in.
// Not here: links from the terminal (start.js), the sign-in form (signin.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { go } from '../lib/router.js';
import { choosePassword, signInByLink } from '../app/session.js';
import { learn, t } from '../app/i18n.js';
import { DOOR } from '../i18n/en-door.js';
import { bars, brand } from '../ui/parts.js';
import { failure, notice } from '../ui/notice.js';
import '../ui/password.js';

learn(DOOR);

// Only these mean that the link itself is no good; anything else is worth another try with the same token.
const USED = ['auth', 'invalid', 'gone', 'forbidden'];

class Choose extends El {
  static props = { purpose: 'invitation' };
  #token = null;
  #fault = null;
  // looking, used, or form: which of the three the page shows.
  #step = 'looking';
  #whose = null;
  #wrong = null;
  #busy = false;

  connected() {
    title(t(`choose.${this.purpose}`), t('app.name'));
    this.#take();
    // Pasting a second link over the first changes only the fragment: the page is not loaded again.
    addEventListener('hashchange', () => this.#take(), { signal: this.life });
  }

  // The token sits in the fragment, which no server sees; it leaves the address bar and the history before it is used.
  #take() {
    const token = new URLSearchParams(location.hash.slice(1)).get('t');
    if (location.hash) history.replaceState(null, '', location.pathname);
    if (!token && this.#token) return;
    this.#token = token;
    this.#step = token ? 'looking' : 'used';
    if (token) this.#look();
  }

  firstFocus() { (this.querySelector('#password') ?? this.querySelector('#main')).focus({ preventScroll: true }); }

  #look = async () => {
    this.#fault = null;
    this.update();
    try {
      const answer = await signInByLink(this.#token);
      if (answer.user) { go('/_/', { replace: true }); return; }
      const fits = answer.needs === 'password' && answer.purpose === this.purpose;
      this.#step = fits ? 'form' : 'used';
      this.#whose = answer.for;
      if (fits) announce(t(`choose.head.${this.purpose}`));
    } catch (e) {
      if (e.name === 'AbortError') return;
      if (USED.includes(e.kind)) this.#step = 'used';
      else this.#fault = { e, again: this.#look };
    }
    this.update();
    if (this.#step === 'form') requestAnimationFrame(() => this.firstFocus());
  };

  #refuse(name, text) {
    this.#wrong = { name, text };
    this.update();
    const input = this.querySelector(`#${name}`);
    input.focus();
    input.select();
  }

  #submit = async e => {
    e.preventDefault();
    if (this.#busy) return;
    const password = this.querySelector('#password').value, name = this.querySelector('#name')?.value.trim();
    if (!password) { this.#refuse('password', t('door.nopassword')); return; }
    this.#busy = true;
    this.#wrong = null;
    this.update();
    try {
      await choosePassword(this.purpose, { token: this.#token, password, ...(name ? { name } : {}) });
      go('/_/', { replace: true });
    } catch (fault) {
      if (fault.kind === 'auth') this.#step = 'used';
      else this.#refuse(fault.field === 'name' && name ? 'name' : 'password', fault.message);
    } finally {
      this.#busy = false;
      this.update();
    }
  };

  #form() {
    const marks = name => this.#wrong?.name === name ? { bad: 'true', by: 'choose-error' } : { bad: null, by: null };
    const called = marks('name'), pass = marks('password');
    return html`<h1>${t(`choose.head.${this.purpose}`)}</h1>
      <p>${t(`choose.lead.${this.purpose}`)}</p>
      <form method="post" novalidate @submit=${this.#submit}>
        <div class="field"><label for="email">${t('door.email')}</label>
          <input id="email" name="email" type="email" value=${this.#whose.email} autocomplete="username" readonly></div>
        ${this.purpose === 'invitation' ? html`<div class="field"><label for="name">${t('choose.name')}</label>
          <input id="name" name="name" type="text" value=${this.#whose.name} autocomplete="name" aria-invalid=${called.bad} aria-describedby=${called.by}></div>` : null}
        <ui-password .auto=${'new-password'} .hint=${t('choose.hint')} .bad=${pass.bad} .by=${pass.by}></ui-password>
        <p class="form-error" id="choose-error" role="alert">${this.#wrong?.text}</p>
        <button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${this.#busy ? t('choose.busy') : t(`choose.do.${this.purpose}`)}</button>
      </form>`;
  }

  #content() {
    if (this.#fault) return failure(this.#fault.e, this.#fault.again);
    if (this.#step === 'form') return this.#form();
    if (this.#step === 'looking') return html`<h1>${t('choose.looking')}</h1><div class="skeleton">${bars(3)}</div>`;
    return notice({
      title: t('door.used'),
      text: t('choose.used'),
      actions: html`<a class="btn main-act tall" href="/_/sign-in">${t('door.signin')}</a>`,
    });
  }

  view() { return html`<main id="main" tabindex="-1" class="center"><div class="sheet">${brand()}${this.#content()}</div></main>`; }
}
define('screen-choose', Choose);
