// Links by which somebody chooses a password: /_/invitation#t=<token> of who is new, /_/reset#t=<token> of who has forgotten theirs. Both sign in.
// Not here: taking the link (ui/linkscreen.js), links from the terminal (start.js), the sign-in form (signin.js).
import { define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go } from '../lib/router.js';
import { choosePassword } from '../app/session.js';
import { LinkScreen } from '../ui/linkscreen.js';

const WORDS = {
  invitation: { name: 'Invitation', head: 'You are invited', lead: 'Choose a password, and you are in.', button: 'Come in' },
  reset: { name: 'Another password', head: 'Choose another password', lead: 'From then on the one before is no longer good.', button: 'Save and sign in' },
};

class Choose extends LinkScreen {
  static props = { purpose: 'invitation' };
  #whose = null;

  get name() { return WORDS[this.purpose].name; }
  get head() { return WORDS[this.purpose].head; }
  get dead() { return 'This link has been used, was taken back, or has expired. Ask an admin for another one, or sign in.'; }

  async fits({ user, needs, purpose, for: whose }) {
    if (user) { go('/_/', { replace: true }); return null; }
    this.#whose = whose;
    return needs === 'password' && purpose === this.purpose;
  }

  #submit = e => {
    e.preventDefault();
    const password = this.querySelector('#password').value, name = this.querySelector('#name')?.value.trim();
    if (!password && !this.busy) { this.refuse('password', 'Choose a password.'); return; }
    this.send(async () => {
      await choosePassword(this.purpose, { token: this.token, password, ...(name ? { name } : {}) });
      go('/_/', { replace: true });
    }, name ? ['name', 'password'] : ['password']);
  };

  form() {
    const words = WORDS[this.purpose], called = this.marks('name'), pass = this.marks('password');
    return html`<p>${words.lead}</p>
      <form method="post" novalidate @submit=${this.#submit}>
        <div class="field"><label for="email">E-mail</label>
          <input id="email" name="email" type="email" value=${this.#whose.email} autocomplete="username" readonly></div>
        ${this.purpose === 'invitation' ? html`<div class="field"><label for="name">Your name</label>
          <input id="name" name="name" type="text" value=${this.#whose.name} autocomplete="name" aria-invalid=${called.bad} aria-describedby=${called.by}></div>` : null}
        <ui-password .auto=${'new-password'} .hint=${'8 characters or more; fewer are good on the server’s own machine only.'} .bad=${pass.bad} .by=${pass.by}></ui-password>
        ${this.trouble()}${this.button(words.button, 'One moment…')}
      </form>`;
  }
}
define('screen-choose', Choose);
