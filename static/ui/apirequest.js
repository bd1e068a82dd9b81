// A request as a form: method, address and body can be changed before it is sent, as oneself, as a guest or by one of one's tokens.
// Not here: sending it, and what was made of it is kept in the panel (apipanel.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { jsonProblem } from '../app/jsontext.js';
import { icon } from './parts.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'], JSON_TYPE = ['Content-Type', 'application/json'];
const LETTERS = 34, LINES_MOST = 14, LINES_LEAST = 2;

class ApiRequest extends El {
  // request: { method, path, headers, body }; original: as it was before it was changed. fault: why it was not sent, with the field it is about.
  static props = { request: null, original: null, fault: null, isSending: false, isRead: true, isAgain: true, as: 'caller', tokens: [], onEdit: null, onAs: null, onSend: null };

  #change(what) {
    const next = { ...this.request, ...what }, { original } = this;
    next.headers = next.body && !next.headers.some(([name]) => name === JSON_TYPE[0]) ? [JSON_TYPE, ...next.headers] : next.headers;
    this.onEdit(original && ['method', 'path', 'body'].every(key => (next[key] || null) === (original[key] || null)) ? null : next);
  }

  #key = e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); this.onSend(); }
  };

  // An address has one line, however long.
  #line = e => {
    if (e.key === 'Enter' && !e.ctrlKey && !e.metaKey) { e.preventDefault(); this.onSend(); }
  };

  #submit = e => { e.preventDefault(); this.onSend(); };

  #whom() {
    return html`<label class="api-as"><span>${t('api.as')}</span><select @change=${e => this.onAs(e.target.value)}>${each(['caller', 'guest'], x => x, x => html`<option value=${x} .selected=${x === this.as}>${t(`api.as.${x}`)}</option>`)}
      ${each(this.tokens, x => x.id, x => html`<option value=${String(x.id)} .selected=${String(x.id) === this.as}>${t('api.as.token', { name: x.name })}</option>`)}</select></label>`;
  }

  view() {
    const { method, path, headers, body } = this.request, { fault } = this, isBad = name => (fault?.field === name ? 'true' : null), problem = jsonProblem(body);
    const lines = Math.max(LINES_LEAST, Math.min(LINES_MOST, (body ?? '').split('\n').length)), isEdited = this.original && this.request !== this.original;
    return html`<form class="api-request" novalidate @submit=${this.#submit} @keydown=${this.#key}>
      <div class="api-line"><select class="api-method" aria-label=${t('api.method')} aria-invalid=${isBad('method')} @change=${e => this.#change({ method: e.target.value })}>${each(METHODS, m => m, m => html`<option value=${m} .selected=${m === method}>${m}</option>`)}</select>
        <textarea class="edit-input" data-code rows=${Math.ceil(path.length / LETTERS) || 1} aria-label=${t('api.path')} aria-invalid=${isBad('path')} aria-describedby="api-wrong" autocomplete="off" spellcheck="false" .value=${path}
          @keydown=${this.#line} @input=${e => this.#change({ path: e.target.value.replace(/\s*\n\s*/g, '') })}></textarea></div>
      ${headers.length ? html`<dl class="api-heads" aria-label=${t('api.headers')}>${each(headers, (h, i) => i, ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>` : null}
      ${body !== null || method !== 'GET' ? html`<label class="api-text"><span>${t('api.body')}</span><textarea class="edit-input edit-long" data-code rows=${lines} spellcheck="false" aria-describedby="api-json" .value=${body ?? ''} @input=${e => this.#change({ body: e.target.value || null })}></textarea></label>` : null}
      <p class="hint" id="api-json" role="status">${problem && t('api.body.bad', { why: problem })}</p>
      <p class="form-error" id="api-wrong" role="alert">${fault && t('api.notsent', { why: fault.message })}</p>
      <div class="row"><button type="submit" class="btn main-act" aria-disabled=${String(this.isSending)}>${icon('play')}${t(this.isSending ? 'api.sending' : this.isAgain ? 'api.again' : 'api.send')}</button>${this.#whom()}
        ${isEdited && html`<button type="button" class="btn line" @click=${() => this.onEdit(null)}>${t('api.reset')}</button>`}</div>
      ${this.isRead ? null : html`<p class="hint">${t('api.real')}</p>`}
    </form>`;
  }
}
define('ui-apirequest', ApiRequest);
