// What the screens behind a one-time link have in common: the token out of the address, what the server says of it, a form that is refused at its field.
// Not here: what a link is for and its form (screens/start.js, screens/choose.js).
import { El, whenRendered } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce, title } from '../lib/a11y.js';
import { learn, t } from '../app/i18n.js';
import { signInByLink } from '../app/session.js';
import { DOOR } from '../i18n/en-door.js';
import { bars, brand } from './parts.js';
import { failure, notice } from './notice.js';
import './password.js';

learn(DOOR);

// Only these mean that the link itself is no good; anything else is worth another try with the same token.
const USED = ['auth', 'invalid', 'gone', 'forbidden'];

export class LinkScreen extends El {
  token = null;
  // looking, used, or form: which of the three the page shows.
  step = 'looking';
  busy = false;
  #fault = null;
  #wrong = null;

  /** The name of the page, what it says while the link is looked at, and to whom it did not work. */
  get name() { return ''; }
  get waiting() { return ''; }
  get dead() { return null; }
  /** Whether the form fits what the server said of the link; what it said is kept here. May lead away. */
  async fits() { return false; }
  /** The form's heading, which is also announced. */
  get head() { return ''; }
  form() { return null; }
  /** Whether the form needs more room than a column. */
  get isWide() { return false; }

  connected() {
    title(this.name, t('app.name'));
    this.#take();
    // Pasting a second link over the first changes only the fragment: the page is not loaded again.
    addEventListener('hashchange', () => this.#take(), { signal: this.life });
  }

  // The token sits in the fragment, which no server sees; it leaves the address bar and the history before it is used.
  #take() {
    const token = new URLSearchParams(location.hash.slice(1)).get('t');
    if (location.hash) history.replaceState(null, '', location.pathname);
    if (!token && this.token) return;
    this.token = token;
    this.step = token ? 'looking' : 'used';
    if (token) this.try(this.#look);
  }

  firstFocus() { (this.querySelector('#password') ?? this.querySelector('#main')).focus({ preventScroll: true }); }

  /** Does something that may fail for a while, with the way to do it again. */
  async try(work) {
    this.#fault = null;
    this.update();
    try {
      await work();
    } catch (e) {
      if (e.name === 'AbortError') return;
      this.#fault = { e, again: () => this.try(work) };
    }
    this.update();
  }

  #look = async () => {
    try {
      const isForm = await this.fits(await signInByLink(this.token));
      if (isForm === null) return;
      this.step = isForm ? 'form' : 'used';
      if (!isForm) return;
      announce(this.head);
      this.update();
      whenRendered(() => this.firstFocus());
    } catch (e) {
      if (!USED.includes(e.kind)) throw e;
      this.step = 'used';
    }
  };

  /** What is wrong with a field of the form, at the field. */
  refuse(name, text) {
    this.#wrong = { name, text };
    this.update();
    const input = this.querySelector(`#${name}`);
    input.focus();
    input.select();
  }

  /** Sends the form once; what is refused is told at one of the `fields`, the last of them if at no other. */
  async send(work, fields) {
    if (this.busy) return;
    this.busy = true;
    this.#wrong = null;
    this.update();
    try {
      await work();
    } catch (fault) {
      if (fault.kind === 'auth') this.step = 'used';
      else this.refuse(fields.includes(fault.field) ? fault.field : fields.at(-1), fault.message);
    } finally {
      this.busy = false;
      this.update();
    }
  }

  /** `{ bad, by }` for a field: whether it is the wrong one, and what says why. */
  marks(name) { return this.#wrong?.name === name ? { bad: 'true', by: 'link-error' } : { bad: null, by: null }; }
  trouble() { return html`<p class="form-error" id="link-error" role="alert">${this.#wrong?.text}</p>`; }
  button(text, busy) { return html`<button type="submit" class="btn main-act tall" aria-disabled=${String(this.busy)}>${this.busy ? busy : text}</button>`; }

  #content() {
    if (this.#fault) return failure(this.#fault.e, this.#fault.again);
    if (this.step === 'form') return html`<h1>${this.head}</h1>${this.form()}`;
    if (this.step === 'looking') return html`<h1>${this.waiting}</h1><div class="skeleton">${bars(3)}</div>`;
    return notice({ title: t('door.used'), text: this.dead, actions: html`<a class="btn main-act tall" href="/_/sign-in">${t('door.signin')}</a>` });
  }

  view() {
    const wide = this.step === 'form' && !this.#fault && this.isWide;
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet" data-wide=${wide ? '' : null}>${brand()}${this.#content()}</div></main>`;
  }
}
