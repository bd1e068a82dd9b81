// Making a token: its kind, its name, what it is good for and for how long; then its secret, shown this once, with a call that works.
// Not here: the list of tokens (screens/tokens.js, screens/settings.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { makeToken } from '../app/account.js';
import { t } from '../app/i18n.js';
import './copybutton.js';

const ABILITIES = ['list', 'read', 'create', 'update', 'delete', 'export', 'manage'];
const KINDS = ['personal', 'key-secret'];
const TIMES = ['', '1d', '30d', '90d', '365d'];

class NewToken extends El {
  // apps: [{ slug, name }]. kind and app: when they are not to be chosen. onMade: called after a token was made.
  static props = { apps: [], kind: null, app: null, onMade: null, abilities: ABILITIES };
  #kind = 'personal';
  #some = false;
  #made = null;
  #wrong = null;
  #busy = false;

  #submit = async e => {
    e.preventDefault();
    if (this.#busy) return;
    const form = new FormData(e.target), abilities = form.getAll('ability'), apps = this.app ? [this.app] : form.getAll('app'), expires = form.get('expires');
    const name = form.get('name').trim(), kind = this.kind ?? form.get('kind');
    if (!name) { this.#refuse('name', t('token.noname')); return; }
    if (kind === 'key-secret' && !apps.length) { this.#refuse('app', t('token.noapp')); return; }
    this.#busy = true;
    this.#wrong = null;
    this.update();
    try {
      this.#made = await makeToken({ kind, name, ...(apps.length ? { apps } : {}), ...(this.#some ? { abilities } : {}), ...(expires ? { expires } : {}) });
      announce(t('token.made', { name }));
      this.onMade?.(this.#made);
    } catch (fault) {
      this.#wrong = { name: fault.field, text: fault.message };
    }
    this.#busy = false;
    this.update();
    whenRendered(() => this.querySelector(this.#made ? '.secret h3' : '[aria-invalid]')?.focus());
  };

  #refuse(name, text) {
    this.#wrong = { name, text };
    this.update();
    whenRendered(() => this.querySelector(`[name="${name}"]`)?.focus());
  }

  #line(name, text) {
    return html`<div class="secret-line"><span class="secret-name">${name}</span><code class="line">${text}</code><ui-copy .text=${text} .what=${name}></ui-copy></div>`;
  }

  #secret() {
    const made = this.#made, uuid = made.apps?.[0]?.uuid;
    return html`<section class="secret"><h3 tabindex="-1">${t('token.made', { name: made.name })}</h3><p class="warn">${t('token.once')}</p>
      ${made.token ? this.#line(t('token.token'), made.token) : html`${this.#line('x-api-key', made.key)}${this.#line('x-api-secret', made.secret)}${uuid && this.#line('appUUID', uuid)}`}
      ${this.#line(t('token.try'), made.curl)}
      <div class="row"><button type="button" class="btn line" @click=${() => { this.#made = null; this.update(); }}>${t('token.another')}</button></div></section>`;
  }

  #tick(name, value, text, on = false) {
    return html`<label class="tick"><input type="checkbox" name=${name} value=${value} ?checked=${on}>${text}</label>`;
  }

  view() {
    if (this.#made) return this.#secret();
    const kind = this.kind ?? this.#kind, bad = name => (this.#wrong?.name === name ? 'true' : null);
    return html`<form class="newtoken" novalidate @submit=${this.#submit}>
      ${this.kind ? null : html`<fieldset><legend>${t('token.kind')}</legend><div class="choices">${each(KINDS, k => k, k =>
        html`<label class="choice plainer"><input type="radio" name="kind" value=${k} .checked=${k === kind} @change=${() => { this.#kind = k; this.update(); }}><span class="choice-name">${t(`token.${k}`)}</span><span class="choice-text">${t(`token.${k}.text`)}</span></label>`)}</div></fieldset>`}
      <div class="pair"><div class="field"><label for="token-name">${t('token.name')}</label><input id="token-name" name="name" type="text" autocomplete="off" aria-invalid=${bad('name')} aria-describedby="token-wrong" placeholder=${t('token.name.hint')}></div>
        <div class="field"><label for="token-ends">${t('token.expires')}</label><select id="token-ends" name="expires" class="tall">${each(TIMES, x => x, x => html`<option value=${x} ?selected=${x === ''}>${t(`token.time.${x}`)}</option>`)}</select></div></div>
      ${this.app ? null : html`<fieldset><legend>${t('token.apps')}</legend><div class="ticks">${each(this.apps, a => a.slug, a => this.#tick('app', a.slug, a.name))}</div><p class="hint">${t(kind === 'personal' ? 'token.apps.all' : 'token.apps.some')}</p></fieldset>`}
      <fieldset><legend>${t('token.may')}</legend><div class="ticks"><label class="tick"><input type="checkbox" .checked=${!this.#some} @change=${e => { this.#some = !e.target.checked; this.update(); }}>${t('token.all')}</label>
        ${this.#some ? each(this.abilities, a => a, a => this.#tick('ability', a, t(`ability.${a}`), a === 'list' || a === 'read')) : null}</div></fieldset>
      <p class="form-error" id="token-wrong" role="alert">${this.#wrong?.text}</p>
      <div class="row"><button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${t('token.make')}</button></div></form>`;
  }
}
define('ui-newtoken', NewToken);
