// Links by which somebody chooses a password: /_/invitation#t=<token> of who is new, /_/reset#t=<token> of who has forgotten theirs. Both sign in.
// Not here: taking the link (ui/linkscreen.js), links from the terminal (start.js), the sign-in form (signin.js).
import { define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go } from '../lib/router.js';
import { choosePassword } from '../app/session.js';
import { t } from '../app/i18n.js';
import { LinkScreen } from '../ui/linkscreen.js';

class Choose extends LinkScreen {
  static props = { purpose: 'invitation' };
  #whose = null;

  get name() { return t(`choose.${this.purpose}`); }
  get head() { return t(`choose.head.${this.purpose}`); }
  get waiting() { return t('choose.looking'); }
  get dead() { return t('choose.used'); }

  async fits({ user, needs, purpose, for: whose }) {
    if (user) { go('/_/', { replace: true }); return null; }
    this.#whose = whose;
    return needs === 'password' && purpose === this.purpose;
  }

  #submit = e => {
    e.preventDefault();
    const password = this.querySelector('#password').value, name = this.querySelector('#name')?.value.trim();
    if (!password && !this.busy) { this.refuse('password', t('door.nopassword')); return; }
    this.send(async () => {
      await choosePassword(this.purpose, { token: this.token, password, ...(name ? { name } : {}) });
      go('/_/', { replace: true });
    }, name ? ['name', 'password'] : ['password']);
  };

  form() {
    const called = this.marks('name'), pass = this.marks('password');
    return html`<p>${t(`choose.lead.${this.purpose}`)}</p>
      <form method="post" novalidate @submit=${this.#submit}>
        <div class="field"><label for="email">${t('door.email')}</label>
          <input id="email" name="email" type="email" value=${this.#whose.email} autocomplete="username" readonly></div>
        ${this.purpose === 'invitation' ? html`<div class="field"><label for="name">${t('choose.name')}</label>
          <input id="name" name="name" type="text" value=${this.#whose.name} autocomplete="name" aria-invalid=${called.bad} aria-describedby=${called.by}></div>` : null}
        <ui-password .auto=${'new-password'} .hint=${t('choose.hint')} .bad=${pass.bad} .by=${pass.by}></ui-password>
        ${this.trouble()}${this.button(t(`choose.do.${this.purpose}`), t('choose.busy'))}
      </form>`;
  }
}
define('screen-choose', Choose);
