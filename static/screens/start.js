// One-time links from the terminal: /_/start#t=<token>. They sign somebody in, or, in a new data file, make the first admin and the first app.
// Not here: taking the link (ui/linkscreen.js), the sign-in form (signin.js).
import { define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go } from '../lib/router.js';
import { appHref, loadApps } from '../app/meta.js';
import { makeSample } from '../app/samples.js';
import { startAsAdmin } from '../app/session.js';
import { LinkScreen } from '../ui/linkscreen.js';
import { t } from '../app/i18n.js';
import '../ui/choice.js';

// Any address will do, for no mail is sent: it is there so that a password is all that has to be typed.
const EMAIL = 'admin@example.com';

class Start extends LinkScreen {
  #apps = 0;
  #sample = null;

  get name() { return t('start.title'); }
  get head() { return t(this.#apps ? 'start.who' : 'start.head'); }
  get waiting() { return t('start.entering'); }
  get isWide() { return true; }
  get dead() { return html`${t('start.used')} <code>carryall link</code>`; }

  async fits({ user, needs, apps }) {
    if (user) { await this.#land(); return null; }
    this.#apps = apps;
    // An invitation has a page of its own.
    return needs === 'first_admin';
  }

  async #land() {
    const apps = await loadApps(this.life);
    go(apps.length === 1 ? appHref(apps[0].slug) : '/_/apps', { replace: true });
  }

  #submit = e => {
    e.preventDefault();
    const email = this.querySelector('#email').value.trim(), password = this.querySelector('#password').value;
    if (!this.busy && !email) { this.refuse('email', t('start.noemail')); return; }
    if (!this.busy && !password) { this.refuse('password', t('door.nopassword')); return; }
    this.#sample = this.querySelector('ui-choice')?.value ?? null;
    this.send(async () => {
      await startAsAdmin(this.token, email, password);
      // The admin is made by now, so what fails from here on is tried again without the form.
      await this.try(this.#make);
    }, ['email', 'password']);
  };

  #make = async () => {
    if (!this.#sample) { await this.#land(); return; }
    go(await makeSample(this.#sample), { replace: true });
  };

  form() {
    const mail = this.marks('email'), pass = this.marks('password');
    return html`<form method="post" novalidate @submit=${this.#submit}>
        ${this.#apps ? null : html`<ui-choice></ui-choice>`}
        <div class="pair">
          <div class="field"><label for="email">${t('door.email')}</label>
            <input id="email" name="email" type="email" value=${EMAIL} autocomplete="username" autocapitalize="none" spellcheck="false" required
              aria-invalid=${mail.bad} aria-describedby=${mail.by ?? 'email-hint'}>
            <p class="hint" id="email-hint">${t('start.email.hint')}</p></div>
          <ui-password .auto=${'new-password'} .hint=${t('start.password.hint')} .bad=${pass.bad} .by=${pass.by}></ui-password>
        </div>
        ${this.trouble()}${this.button(t('start.do'), t('start.busy'))}
      </form>
      <p class="hint">${t('start.stays')}</p>`;
  }
}
define('screen-start', Start);
