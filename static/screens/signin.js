// Sign in with e-mail and password, then on to where the person wanted to go.
// Not here: one-time links from the terminal (start.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { title } from '../lib/a11y.js';
import { go, here } from '../lib/router.js';
import { signIn } from '../app/session.js';
import { learn, t } from '../app/i18n.js';
import { DOOR } from '../i18n/en-door.js';
import { brand } from '../ui/parts.js';
import '../ui/password.js';

learn(DOOR);

/** Only addresses of this page: a foreign `next` must not send anyone away. */
function destination() {
  const next = here.get().query.get('next');
  return next?.startsWith('/_/') && !next.startsWith('/_/sign-in') ? next : '/_/';
}

class SignIn extends El {
  #fault = null;
  #busy = false;

  connected() { title(t('door.signin'), t('app.name')); }

  firstFocus() { this.querySelector('#username').focus(); }

  #fail(name, text) {
    this.#fault = { name, text };
    this.update();
    const input = this.querySelector(`#${name}`);
    input.focus();
    input.select();
  }

  #words(e) {
    if (e.kind === 'auth' || e.kind === 'invalid') return t('signin.wrong');
    if (e.kind === 'busy') return e.wait ? t('signin.wait', { n: e.wait }) : t('signin.waitlong');
    return e.message;
  }

  #submit = async e => {
    e.preventDefault();
    if (this.#busy) return;
    const username = this.querySelector('#username').value.trim(), password = this.querySelector('#password').value;
    if (!username) { this.#fail('username', t('signin.noemail')); return; }
    if (!password) { this.#fail('password', t('signin.nopassword')); return; }
    this.#busy = true;
    this.#fault = null;
    this.update();
    try {
      await signIn(username, password);
      go(destination(), { replace: true });
    } catch (fault) {
      this.#fail('password', this.#words(fault));
    } finally {
      this.#busy = false;
      this.update();
    }
  };

  #marks(name) {
    return this.#fault?.name === name ? { bad: 'true', by: 'sign-in-error' } : { bad: null, by: null };
  }

  view() {
    const user = this.#marks('username'), pass = this.#marks('password');
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet">
      ${brand()}
      <h1>${t('door.signin')}</h1>
      <form method="post" novalidate @submit=${this.#submit}>
        <div class="field"><label for="username">${t('door.email')}</label>
          <input id="username" name="username" type="email" autocomplete="username" autocapitalize="none" spellcheck="false" required
            aria-invalid=${user.bad} aria-describedby=${user.by}></div>
        <ui-password .bad=${pass.bad} .by=${pass.by}></ui-password>
        <p class="form-error" id="sign-in-error" role="alert">${this.#fault?.text}</p>
        <button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${t(this.#busy ? 'signin.busy' : 'door.signin')}</button>
      </form>
      <p class="hint">${t('signin.forgotten')} <code>carryall link</code></p>
    </div></main>`;
  }
}
define('screen-signin', SignIn);
