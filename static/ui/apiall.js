// One record, read in every dialect that knows records, one answer under the other. Not here: the request of each (app/said.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { sendAs } from '../app/dialects.js';
import { t } from '../app/i18n.js';
import './apianswer.js';

class ApiAll extends El {
  // record, name: the record at hand, or null. say: gives what a dialect says, `{ request, notes }`.
  static props = { dialects: [], record: null, name: null, as: 'caller', say: null };
  #answers = null;
  #of = null;

  prepare() { if (this.record?.id !== this.#of) { this.#of = this.record?.id; this.#answers = null; } }

  #read = async () => {
    const { record, as, say } = this;
    const found = await Promise.all(this.dialects.map(async dialect => {
      const { request, notes } = say(dialect);
      if (!request) return { dialect, notes };
      try { return { dialect, request, answer: await sendAs(as, request) }; } catch (fault) { return { dialect, request, notes: [t('api.notsent', { why: fault.message })] }; }
    }));
    if (record.id !== this.#of) return;
    this.#answers = found;
    announce(t('api.all.done', { n: found.filter(x => x.answer).length }));
    this.update();
  };

  #one({ dialect, request, answer, notes }) {
    return html`<li><h4>${dialect.name}</h4>${request && html`<p class="api-sent"><code>${request.method} ${request.path}</code></p>`}
      ${answer ? html`<ui-apianswer .answer=${answer} .name=${dialect.name}></ui-apianswer>` : html`<ul class="api-notes">${each(notes, (n, i) => i, n => html`<li>${n}</li>`)}</ul>`}</li>`;
  }

  view() {
    return html`<section class="api-all"><h3>${t('api.all')}</h3>
      ${this.record ? html`<button type="button" class="btn line" @click=${this.#read}>${t('api.all.of', { name: this.name })}</button>` : html`<p class="hint">${t('api.norecord')}</p>`}
      ${this.#answers && html`<ul class="api-answers">${each(this.#answers, x => x.dialect.id, x => this.#one(x))}</ul>`}</section>`;
  }
}
define('ui-apiall', ApiAll);
