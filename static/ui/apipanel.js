// The API panel: what was just done as the request that does it, in each dialect that the server speaks, to be changed, sent, and taken along as a program.
// Not here: what a dialect says (app/said.js), the request's form (apirequest.js), its answer (apianswer.js), programs (apicode.js), all at once (apiall.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { wear } from '../lib/sheet.js';
import { go, withQuery } from '../lib/router.js';
import { loadTokens } from '../app/account.js';
import { OWN, loadDialects, sendAs } from '../app/dialects.js';
import { fromAddress, sentence } from '../app/filter.js';
import { learn, t } from '../app/i18n.js';
import { nameOf, recordName, recordNumber } from '../app/records.js';
import { operationSaid, said } from '../app/said.js';
import { person } from '../app/session.js';
import { API } from '../i18n/en-api.js';
import { DESIGN } from '../i18n/en-design.js';
import { failure } from './notice.js';
import { bars, icon } from './parts.js';
import './apianswer.js';
import './apiall.js';
import './apicode.js';
import './apirequest.js';
import './grip.js';

learn({ ...DESIGN, ...API });
// Without it the panel is bare and usable.
await wear('css/api.css').catch(() => {});

const FOLLOW = 'ui:api:follow', TAB = 'ui:api:dialect', PHONE = matchMedia('(max-width: 719px)');
const kept = (key, otherwise) => { try { return localStorage.getItem(key) ?? otherwise; } catch { return otherwise; } };
const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* This visit has it. */ } };
const DID = 'did:';

class ApiPanel extends El {
  // deeds: what was done, the newest first. near: the id of the record at hand. isOpened: whether a record panel waits under this one. takesFocus: once there is something to stand on.
  static props = { meta: null, table: null, deeds: [], context: null, rows: null, version: 0, near: null, isOpened: false, takesFocus: false, onClose: null };
  #dialects = null;
  #fault = null;
  #tokens = [];
  #tab = kept(TAB, null);
  #follows = kept(FOLLOW, 'yes') === 'yes';
  #shown = null;
  // An operation of the dialect that was chosen instead of what was done.
  #chosen = null;
  #as = 'caller';
  // By dialect, as long as they are about the same: what was changed in the request, and what came back.
  #edits = new Map();
  #answers = new Map();

  connected() {
    this.addEventListener('keydown', this.#key, { signal: this.life });
    PHONE.addEventListener('change', () => this.update(), { signal: this.life });
    this.#load();
  }

  #load = async () => {
    this.#fault = null;
    try {
      this.#dialects = await loadDialects();
      if (!this.#dialects.some(d => d.id === this.#tab)) this.#tab = this.#dialects[0].id;
    } catch (fault) { this.#fault = fault; }
    this.update();
    try { this.#tokens = await loadTokens(this.life); this.update(); } catch { /* Without them one asks as oneself. */ }
  };

  #key = e => {
    if (e.key !== 'Escape' || e.defaultPrevented) return;
    e.preventDefault();
    e.stopPropagation();
    this.onClose();
  };

  get #dialect() { return this.#dialects.find(d => d.id === this.#tab); }
  get #record() { const id = this.#shown?.id ?? this.#shown?.about ?? this.near; return id ? this.rows.find(id) ?? { id } : null; }
  get #newer() { return this.deeds[0] !== this.#shown && this.deeds[0]; }

  prepare() {
    // What somebody is changing in a request is not taken out of their hands.
    if (!this.#shown || !this.deeds.includes(this.#shown) || (this.#follows && this.#newer && !this.#edits.size && !this.#chosen)) this.#show(this.deeds[0]);
  }

  rendered() {
    if (!this.takesFocus || !this.#dialects) return;
    this.takesFocus = false;
    this.querySelector('[role="tab"][tabindex="0"]').focus();
  }

  #show(deed, chosen = null) {
    this.#shown = deed;
    this.#chosen = chosen;
    this.#edits.clear();
    this.#answers.clear();
    this.update();
  }

  #turn = e => {
    this.#follows = e.target.checked;
    keep(FOLLOW, this.#follows ? 'yes' : 'no');
    this.update();
  };

  #nameOf = (field, id) => nameOf(this.context.names, field.target, id) ?? (typeof id === 'string' ? t('api.number', { number: recordNumber(id) }) : t('api.user', { number: String(id) }));

  /** What was done, in words. */
  #words(deed) {
    const { table } = this, found = deed.id ?? deed.about, n = (deed.all ?? deed.ids)?.length;
    if (deed.kind === 'own') return deed.isUndo ? t(deed.path.endsWith('/redo') ? 'api.did.redo' : 'api.did.undo', { what: deed.label }) : t('api.did.move', { name: t('api.number', { number: recordNumber(deed.body.record) }) });
    if (n) return t(`api.did.${deed.kind}.many`, { n });
    if (deed.kind === 'list') {
      const what = deed.filter ? sentence(deed.tree ?? fromAddress(null), table, this.#nameOf) || deed.filter : null;
      return deed.q ? t('api.did.words', { q: deed.q, name: table.name }) : t(what ? 'api.did.filter' : 'api.did.list', { name: table.name, what });
    }
    return t(`api.did.${deed.kind}`, { name: deed.name ?? (found ? t('api.number', { number: recordNumber(found) }) : table.model ?? table.name) });
  }

  /** The request as the dialect says it, before anything was changed in it. */
  #saidIn(dialect) {
    const about = { app: this.meta.app, table: this.table, record: this.#record, isOwn: dialect.id === OWN, nameOf: this.#nameOf, email: person.get()?.email };
    const operation = this.#chosen && dialect.operations.find(o => o.id === this.#chosen);
    return operation ? operationSaid(dialect, operation, about) : said(dialect, this.#shown, about);
  }

  #send = async () => {
    const tab = this.#tab, dialect = this.#dialect, request = this.#edits.get(tab) ?? this.#saidIn(dialect).request, before = this.#answers.get(tab);
    if (before?.isSending) return;
    this.#answers.set(tab, { ...before, isSending: true });
    this.update();
    let come;
    try {
      const answer = await sendAs(this.#as, request);
      come = { answer };
      announce(t('api.answer.said', answer));
    } catch (fault) {
      come = { fault };
      announce(t('api.notsent', { why: fault.message }));
    }
    this.#answers.set(tab, come);
    this.update();
  };

  #edit = request => {
    if (request) this.#edits.set(this.#tab, request); else this.#edits.delete(this.#tab);
    this.update();
  };

  #choose = value => {
    if (value.startsWith(DID)) this.#show(this.deeds[Number(value.slice(DID.length))]);
    else this.#show(this.#shown, value);
  };

  #tabKey = e => {
    const at = this.#dialects.findIndex(d => d.id === this.#tab), last = this.#dialects.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[e.key];
    if (to === undefined || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    this.#pick(this.#dialects[to].id);
    this.querySelectorAll('[role="tab"]')[to].focus();
  };

  #pick(id) {
    this.#tab = id;
    keep(TAB, id);
    this.querySelector(`#api-tab-${CSS.escape(id)}`).scrollIntoView({ block: 'nearest', inline: 'nearest' });
    // Each dialect has operations of its own.
    if (this.#chosen && !this.#dialect.operations.some(o => o.id === this.#chosen)) this.#chosen = null;
    this.update();
  }

  #tabs() {
    return html`<div class="api-tabs" role="tablist" aria-label=${t('api.tabs')} @keydown=${this.#tabKey}>${each(this.#dialects, d => d.id, d => html`<button type="button" role="tab" id=${`api-tab-${d.id}`} class="btn"
      aria-selected=${String(d.id === this.#tab)} aria-controls="api-said" tabindex=${d.id === this.#tab ? '0' : '-1'} @click=${() => this.#pick(d.id)}>${d.name}</button>`)}</div>`;
  }

  #operations(dialect) {
    return html`<label class="api-op"><span>${t('api.operation')}</span><select @change=${e => this.#choose(e.target.value)}>
      <optgroup label=${t('api.operation.did')}>${each(this.deeds, (d, i) => `${i} ${this.deeds.length}`, (d, i) => html`<option value=${`${DID}${i}`} .selected=${!this.#chosen && d === this.#shown}>${this.#words(d)}</option>`)}</optgroup>
      <optgroup label=${t('api.operation.all')}>${each(dialect.operations, o => o.id, o => html`<option value=${o.id} .selected=${this.#chosen === o.id}>${o.name}</option>`)}</optgroup></select></label>`;
  }

  #body() {
    if (this.#fault) return failure(this.#fault, this.#load, 3);
    if (!this.#dialects) return html`<div class="skeleton">${bars(8)}</div>`;
    const dialect = this.#dialect, { request, notes, source } = this.#saidIn(dialect), shown = this.#edits.get(dialect.id) ?? request, come = this.#answers.get(dialect.id);
    const isRead = this.#chosen ? !['create', 'update', 'delete'].includes(this.#chosen) : ['list', 'read'].includes(this.#shown.kind), record = this.#record;
    return html`${this.#tabs()}
      <div id="api-said" class="api-said" role="tabpanel" aria-labelledby=${`api-tab-${dialect.id}`}>
        ${this.#operations(dialect)}
        ${notes.length ? html`<ul class="api-notes">${each(notes, (n, i) => i, n => html`<li>${n}</li>`)}</ul>` : null}
        ${source && html`<p class="hint">${t('api.source', { source })}${dialect.requests_per_minute_max ? html` · ${t('api.limit', { n: dialect.requests_per_minute_max })}` : null}</p>`}
        ${dialect.lacks.length && !notes.includes(dialect.lacks[0]) ? html`<details class="api-more"><summary>${t('api.lacks', { name: dialect.name })}</summary><ul class="api-lacks">${each(dialect.lacks, x => x, x => html`<li>${x}</li>`)}</ul></details>` : null}
        ${shown && html`<ui-apirequest .request=${shown} .original=${request} .fault=${come?.fault ?? null} .isSending=${!!come?.isSending} .isRead=${isRead} .isAgain=${!this.#chosen || !!come} .as=${this.#as} .tokens=${this.#tokens}
          .onEdit=${this.#edit} .onAs=${as => { this.#as = as; this.update(); }} .onSend=${this.#send}></ui-apirequest>
        ${come?.answer && html`<ui-apianswer .answer=${come.answer}></ui-apianswer>`}
        <ui-apicode .request=${shown} .auth=${dialect.manner && dialect.auth} .app=${this.meta.app.slug}></ui-apicode>`}
        <ui-apiall .dialects=${this.#dialects} .record=${record} .name=${record && recordName(this.table, record)} .as=${this.#as} .say=${d => said(d, { kind: 'read', id: record.id }, { app: this.meta.app, table: this.table, record })}></ui-apiall>
      </div>`;
  }

  #inside() {
    const newer = this.#dialects && this.#newer;
    return html`<ui-grip .label=${t('api.wider')}></ui-grip>
      <header class="panel-head">
        <p class="panel-where">${t('api.where', { name: this.table.name })}</p>
        <div class="steps">
          ${this.isOpened && html`<button type="button" class="btn" @click=${() => go(withQuery({ p: null }), { replace: true })}>${t('api.record')}</button>`}
          <button type="button" class="btn square" aria-label=${t('api.close')} title=${t('api.close')} @click=${this.onClose}>${icon('close')}</button>
        </div>
        <h2 tabindex="-1">${this.#shown && this.#words(this.#shown)}</h2>
        <label class="tick api-follow" title=${t('api.follow.hint')}><input type="checkbox" .checked=${this.#follows} @change=${this.#turn}>${t('api.follow')}</label>
        ${newer && (this.#edits.size || this.#chosen || !this.#follows) ? html`<p class="api-newer" role="status"><span>${t('api.newer', { what: this.#words(newer) })}</span><button type="button" class="btn line" @click=${() => this.#show(newer)}>${t('api.newer.show')}</button></p>` : null}
      </header>
      <div class="panel-body">${this.#body()}</div>`;
  }

  // On a phone it stands in place of the records, as a screen of its own.
  view() {
    return PHONE.matches ? html`<section class="panel api" role="main" aria-label=${t('api.name')}>${this.#inside()}</section>` : html`<aside class="panel api" aria-label=${t('api.name')}>${this.#inside()}</aside>`;
  }
}
define('ui-apipanel', ApiPanel);
