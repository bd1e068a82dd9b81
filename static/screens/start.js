// Signing in with a one-time link from the terminal: /_/start#t=<token>.
// Not here: the sign-in form (signin.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { title } from '../lib/a11y.js';
import { go } from '../lib/router.js';
import { appHref, loadApps } from '../app/meta.js';
import { signInByLink } from '../app/session.js';
import { bars, brand } from '../ui/parts.js';
import { failure, notice } from '../ui/notice.js';

// Only these mean that the link itself is no good; anything else is worth another try with the same token.
const USED = ['auth', 'invalid', 'gone', 'forbidden'];

class Start extends El {
  #token = null;
  #fault = null;
  #used = false;

  connected() {
    title('Sign-in link', 'Carryall');
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
    this.#used = !token;
    if (token) this.#enter();
  }

  #enter = async () => {
    this.#fault = null;
    this.#used = false;
    this.update();
    try {
      await signInByLink(this.#token);
      const apps = await loadApps(this.life);
      go(apps.length === 1 ? appHref(apps[0].slug) : '/_/apps', { replace: true });
    } catch (e) {
      if (e.name === 'AbortError') return;
      if (USED.includes(e.kind)) this.#used = true;
      else this.#fault = e;
      this.update();
    }
  };

  #content() {
    if (this.#fault) return failure(this.#fault, this.#enter);
    if (!this.#used) return html`<h1>Signing in</h1><div class="skeleton">${bars(3)}</div>`;
    return notice({
      title: 'This link does not work',
      text: html`This link has been used or has expired. Run <code>carryall link</code> in a terminal for a new one, or sign in.`,
      actions: html`<a class="btn main-act tall" href="/_/sign-in">Sign in</a>`,
    });
  }

  view() {
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet">${brand()}${this.#content()}</div></main>`;
  }
}
define('screen-start', Start);
