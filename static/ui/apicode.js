// The request as something to paste elsewhere: curl, JavaScript, Python; with a token of one's own, made here for an hour.
// Not here: how each is written (app/snippets.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { makeToken } from '../app/account.js';
import { t } from '../app/i18n.js';
import { person } from '../app/session.js';
import { curl, javascript, python, whoAsks } from '../app/snippets.js';
import './copybutton.js';

const WAYS = { curl, javascript, python }, KEY = 'ui:api:code', TIME = '1h';
// What was made in this visit, by person, kind and app. Nowhere else, for a secret is told once.
const secrets = new Map();

class ApiCode extends El {
  // auth: how the dialect's programs say who they are, or null when this one need not. app: the slug of the app that a token is for.
  static props = { request: null, auth: null, app: null };
  #way = 'curl';
  #fault = null;
  #busy = false;

  connected() {
    try { this.#way = localStorage.getItem(KEY) in WAYS ? localStorage.getItem(KEY) : 'curl'; } catch { /* The first. */ }
  }

  get #slot() { return `${person.get()?.id} ${this.auth} ${this.app}`; }
  /** The token that was made for this, while it is good. */
  get #secret() {
    const found = secrets.get(this.#slot);
    return found && Date.parse(found.expires_at) > Date.now() ? found : null;
  }

  #make = async () => {
    if (this.#busy) return;
    this.#busy = true;
    this.#fault = null;
    const { auth, app } = this, slot = this.#slot, name = t('api.token.name');
    try {
      secrets.set(slot, await makeToken({ kind: auth === 'key-secret' ? auth : 'personal', name, apps: [app], expires: TIME }));
      announce(t('api.token.ready'));
    } catch (fault) { this.#fault = fault; }
    this.#busy = false;
    this.update();
    whenRendered(() => this.querySelector('pre')?.focus());
  };

  #pick(way) {
    this.#way = way;
    try { localStorage.setItem(KEY, way); } catch { /* This visit has it. */ }
    this.update();
  }

  view() {
    const { method, path, headers, body } = this.request, secret = this.#secret;
    const text = WAYS[this.#way]({ method, url: location.origin + path, headers: [...(this.auth ? whoAsks(this.auth, secret) : []), ...headers], body });
    return html`<section class="api-code"><h3>${t('api.code')}</h3>
      <div class="row"><div class="api-ways" role="group" aria-label=${t('api.code')}>${each(Object.keys(WAYS), w => w, w => html`<button type="button" class="btn" aria-pressed=${String(w === this.#way)} @click=${() => this.#pick(w)}>${t(`api.code.${w}`)}</button>`)}</div>
        <ui-copy .text=${text} .what=${t('api.code.copy', { name: t(`api.code.${this.#way}`) })}></ui-copy></div>
      <pre class="code" tabindex="0" role="region" aria-label=${t('api.code.copy', { name: t(`api.code.${this.#way}`) })}>${text}</pre>
      ${this.auth && (secret ? html`<p class="hint">${t('api.token.made', { name: secret.name })}</p>` : html`<div class="row"><p class="hint">${t('api.token')}</p><button type="button" class="btn line" @click=${this.#make}>${t('api.token.make')}</button></div>`)}
      <p class="form-error" role="alert">${this.#fault?.message}</p></section>`;
  }
}
define('ui-apicode', ApiCode);
