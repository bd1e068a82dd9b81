// What came back: status, time, size, headers, and the body laid out with long values folded. Not here: the request (apirequest.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { laidOut } from '../app/jsontext.js';

const FOLD = 120, KB = 1024;

class ApiAnswer extends El {
  // answer: { status, headers, body | body_base64, ms }. name: whose it is among several, for those who do not see where it stands.
  static props = { answer: null, name: null };
  #isWhole = false;
  #of = null;

  prepare() { if (this.answer !== this.#of) { this.#of = this.answer; this.#isWhole = false; } }

  #size() {
    const { body, body_base64: coded } = this.answer, n = body === undefined ? Math.floor(coded.length * 3 / 4) : new TextEncoder().encode(body).length;
    return n < KB ? t('api.bytes', { n }) : t('api.kilobytes', { n: Math.round(n / KB * 10) / 10 });
  }

  #text() {
    const { body } = this.answer;
    if (body === undefined) return html`<p class="hint">${t('api.answer.binary', { n: Math.floor(this.answer.body_base64.length * 3 / 4) })}</p>`;
    if (!body) return html`<p class="hint">${t('api.answer.none')}</p>`;
    const { text, isCut } = laidOut(body, this.#isWhole ? Infinity : FOLD);
    return html`<pre class="code" tabindex="0" role="region" aria-label=${this.name ? `${t('api.answer')}, ${this.name}` : t('api.answer')}>${text}</pre>
      ${isCut || this.#isWhole ? html`<button type="button" class="btn" @click=${() => { this.#isWhole = !this.#isWhole; this.update(); }}>${t(this.#isWhole ? 'api.folded' : 'api.whole')}</button>` : null}`;
  }

  view() {
    const { status, headers, ms } = this.answer, isGood = status < 400;
    return html`<div class="api-answer">
      <p class="api-came"><b class="api-status" data-bad=${isGood ? null : ''}>${status}</b><span>${t('api.took', { ms, bytes: this.#size() })}</span></p>
      <details class="api-more"><summary>${t('api.answer.headers', { n: headers.length })}</summary><dl class="api-heads">${each(headers, (h, i) => i, ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></details>
      ${this.#text()}</div>`;
  }
}
define('ui-apianswer', ApiAnswer);
