// One-time links from the terminal: /_/start#t=<token>. They sign somebody in, or, in a new data file, make the first admin and the first app.
// Not here: the sign-in form (signin.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { go } from '../lib/router.js';
import { appHref, loadApps } from '../app/meta.js';
import { makeSample } from '../app/samples.js';
import { signInByLink, startAsAdmin } from '../app/session.js';
import { learn, t } from '../app/i18n.js';
import { DOOR } from '../i18n/en-door.js';
import { bars, brand } from '../ui/parts.js';
import { failure, notice } from '../ui/notice.js';
import '../ui/choice.js';
import '../ui/password.js';

learn(DOOR);

// Only these mean that the link itself is no good; anything else is worth another try with the same token.
const USED = ['auth', 'invalid', 'gone', 'forbidden'];
// Any address will do, for no mail is sent: it is there so that a password is all that has to be typed.
const EMAIL = 'admin@example.com';

class Start extends El {
  #token = null;
  #fault = null;
  // entering, used, or form: which of the three the page shows.
  #step = 'entering';
  #apps = 0;
  #wrong = null;
  #busy = false;
  #sample = null;

  connected() {
    title(t('start.title'), t('app.name'));
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
    this.#step = token ? 'entering' : 'used';
    if (token) this.#enter();
  }

  firstFocus() { (this.querySelector('#password') ?? this.querySelector('#main')).focus({ preventScroll: true }); }

  #enter = async () => {
    this.#fault = null;
    this.update();
    try {
      const { user, needs, apps } = await signInByLink(this.#token);
      if (user) { await this.#land(); return; }
      this.#apps = apps;
      // An invitation has a page of its own.
      this.#step = needs === 'first_admin' ? 'form' : 'used';
      if (this.#step === 'form') announce(t('start.first'));
    } catch (e) {
      if (e.name === 'AbortError') return;
      if (USED.includes(e.kind)) this.#step = 'used';
      else this.#fault = { e, again: this.#enter };
    }
    this.update();
    if (this.#step === 'form') requestAnimationFrame(() => this.firstFocus());
  };

  async #land() {
    const apps = await loadApps(this.life);
    go(apps.length === 1 ? appHref(apps[0].slug) : '/_/apps', { replace: true });
  }

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
    const email = this.querySelector('#email').value.trim(), password = this.querySelector('#password').value;
    if (!email) { this.#refuse('email', t('start.noemail')); return; }
    if (!password) { this.#refuse('password', t('door.nopassword')); return; }
    this.#sample = this.querySelector('ui-choice')?.value ?? null;
    this.#busy = true;
    this.#wrong = null;
    this.update();
    try {
      await startAsAdmin(this.#token, email, password);
      await this.#make();
    } catch (fault) {
      if (fault.kind === 'auth') this.#step = 'used';
      else this.#refuse(fault.field === 'email' ? 'email' : 'password', fault.message);
    } finally {
      this.#busy = false;
      this.update();
    }
  };

  // The admin is made by now, so what fails from here on is tried again without the form.
  #make = async () => {
    this.#fault = null;
    this.update();
    try {
      if (!this.#sample) { await this.#land(); return; }
      go(await makeSample(this.#sample), { replace: true });
    } catch (e) {
      if (e.name === 'AbortError') return;
      this.#fault = { e, again: this.#make };
      this.update();
    }
  };

  #form() {
    const marks = name => this.#wrong?.name === name ? { bad: 'true', by: 'start-error' } : { bad: null, by: null };
    const mail = marks('email'), pass = marks('password');
    return html`<h1>${t(this.#apps ? 'start.who' : 'start.head')}</h1>
      <form method="post" novalidate @submit=${this.#submit}>
        ${this.#apps ? null : html`<ui-choice></ui-choice>`}
        <div class="pair">
          <div class="field"><label for="email">${t('door.email')}</label>
            <input id="email" name="email" type="email" value=${EMAIL} autocomplete="username" autocapitalize="none" spellcheck="false" required
              aria-invalid=${mail.bad} aria-describedby=${mail.by ?? 'email-hint'}>
            <p class="hint" id="email-hint">${t('start.email.hint')}</p></div>
          <ui-password .auto=${'new-password'} .hint=${t('start.password.hint')} .bad=${pass.bad} .by=${pass.by}></ui-password>
        </div>
        <p class="form-error" id="start-error" role="alert">${this.#wrong?.text}</p>
        <button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${t(this.#busy ? 'start.busy' : 'start.do')}</button>
      </form>
      <p class="hint">${t('start.stays')}</p>`;
  }

  #content() {
    if (this.#fault) return failure(this.#fault.e, this.#fault.again);
    if (this.#step === 'form') return this.#form();
    if (this.#step === 'entering') return html`<h1>${t('start.entering')}</h1><div class="skeleton">${bars(3)}</div>`;
    return notice({
      title: t('door.used'),
      text: html`${t('start.used')} <code>carryall link</code>`,
      actions: html`<a class="btn main-act tall" href="/_/sign-in">${t('door.signin')}</a>`,
    });
  }

  view() {
    const wide = this.#step === 'form' && !this.#fault;
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet" data-wide=${wide ? '' : null}>${brand()}${this.#content()}</div></main>`;
  }
}
define('screen-start', Start);
