// What happened to one record, newest first: who, when, what it was and what it became; taken back one by one, and the way to how it was then.
// Not here: the changes themselves (app/recordlog.js), the record as it was (record.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { changeRecord, happened, isSame } from '../app/edit.js';
import { note } from '../app/notes.js';
import { isEditable } from '../app/parse.js';
import { differences, loadHistory, nameOfWho, said, since } from '../app/recordlog.js';
import { recordName } from '../app/records.js';
import { formatStamp } from '../app/types.js';
import { t } from '../app/i18n.js';
import { offerUndo, undoChange } from '../app/undo.js';
import { ask } from './ask.js';
import { failure } from './notice.js';
import { bars, icon } from './parts.js';

const CUT = 240, SOON_MS = 120;

class RecordLog extends El {
  // record: as it is now, or null when it is gone. may: { update, delete }. onPast: gets the number of a change.
  static props = { table: null, recordId: null, record: null, context: null, may: null, onPast: null };
  #found = null;
  #of = '';
  #fault = null;
  #timer = 0;
  #turn = 0;

  connected() {
    happened.on(what => {
      if (what?.app !== this.context.app) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => { if (this.isConnected) this.#load(); }, SOON_MS);
    }, this.life);
    this.life.addEventListener('abort', () => { clearTimeout(this.#timer); this.#of = ''; });
  }

  prepare() {
    const of = JSON.stringify([this.context.app, this.table.slug, this.recordId]);
    if (of === this.#of) return;
    this.#of = of;
    this.#found = this.#fault = null;
    this.#load();
  }

  #load = async (before = null) => {
    const of = this.#of, turn = ++this.#turn, { context: { app, tables }, table, recordId: id } = this, names = new Map([...this.context.names, ...this.#found?.names ?? []]);
    try {
      const found = await loadHistory(app, tables, table, id, { before, names }, this.life);
      if (of !== this.#of || turn !== this.#turn) return;
      if (before) found.changes = [...this.#found.changes, ...found.changes];
      this.#found = found;
      this.#fault = null;
    } catch (e) { if (e.name !== 'AbortError' && of === this.#of) this.#fault = e; }
    this.update();
  };

  #field(slug) { return this.table.fields.find(f => f.slug === slug) ?? { slug, name: slug, type: 'text' }; }

  #value(field, value) {
    const text = value === undefined || value === null ? '' : said(field, value, this.#found.names);
    return text ? html`<span class="log-value" title=${text.length > CUT ? text : null}>${text.length > CUT ? `${text.slice(0, CUT)}…` : text}</span>` : html`<span class="log-value faint">${t('edit.clear')}</span>`;
  }

  /** Only what this change did to this record, out of many that were changed in one step. */
  async #undoHere(change) {
    const { table, record, context: { app } } = this, own = differences(change).filter(d => { const f = table.fields.find(x => x.slug === d.slug); return f && isEditable(f); });
    const before = { ...record, ...Object.fromEntries(own.map(d => [d.slug, d.after ?? null])) }, values = Object.fromEntries(own.map(d => [d.slug, d.before ?? null]));
    // What was changed again since is not put back over it without a word.
    const later = own.filter(d => !isSame(record[d.slug], d.after));
    if (later.length && !await ask({ title: t('log.later'), body: html`<p>${t('log.later.text', { names: later.map(d => this.#field(d.slug).name).join(', ') })}</p>`, answers: [{ value: 'yes', text: t('undo.anyway'), isMain: true }] })) return;
    try {
      await changeRecord({ app, table: table.slug, before: later.length ? record : before, values, label: t('record.restored.label', { record: recordName(table, record) }) });
      note(t('undo.done', { what: change.label }), { actions: offerUndo() });
    } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
  }

  #undo = async change => {
    // The button goes with what it takes back; reading goes on in the list.
    this.closest('[role="tabpanel"]').focus({ preventScroll: true });
    const step = { app: this.context.app, table: this.table.slug, change: change.seq, label: change.sentence ?? change.label };
    if (change.entries <= 1) { undoChange(step); return; }
    const answers = [{ value: 'all', text: t('log.all', { n: change.entries }) }];
    if (change.kind === 'update' && this.record) answers.unshift({ value: 'here', text: t('log.here'), isMain: true });
    const answer = await ask({ title: t('undo.undo'), body: html`<p>${t('log.many', { n: change.entries })}</p>`, answers });
    if (answer === 'here') this.#undoHere(change);
    else if (answer === 'all') undoChange(step);
  };

  #mayUndo(c) {
    const needs = { create: 'delete', delete: 'create' }[c.kind] ?? 'update';
    return c.can_undo && !c.undone_by && this.may?.[needs];
  }

  #change(c) {
    const list = differences(c), isUpdate = c.kind === 'update' && list.length > 0;
    return html`<li class="log-entry">
      <p class="log-head"><b>${nameOfWho(c.by)}</b> <time datetime=${c.at} title=${formatStamp(c.at)}>${since(c.at)}</time>${c.via && c.via !== 'house' && html` <span class="faint">${c.token ? t('log.via.token', { via: c.via, token: String(c.token) }) : c.via}</span>`}</p>
      ${isUpdate ? html`<dl class="log-fields">${each(list, d => d.slug, d => { const f = this.#field(d.slug); return html`<div><dt>${f.name}</dt><dd>${this.#value(f, d.before)}${icon('right')}<span class="quiet">${t('log.became')}</span>${this.#value(f, d.after)}</dd></div>`; })}</dl>`
        : html`<p>${['create', 'delete'].includes(c.kind) ? t(`log.${c.kind}`) : c.sentence ?? c.label}</p>`}
      ${c.undone_by && html`<p class="faint">${t('log.undone')}</p>`}
      <p class="row">${this.#mayUndo(c) && html`<button type="button" class="btn line" aria-label=${t('undo.name', { what: c.sentence ?? c.label })} @click=${() => this.#undo(c)}>${icon('undo')}${t('undo.undo')}</button>`}
        ${c.kind !== 'create' && c.record && html`<button type="button" class="btn" aria-label=${t('log.then.name', { at: formatStamp(c.at), what: c.sentence ?? c.label })} @click=${() => this.onPast(c.seq - 1)}>${icon('clock')}${t('log.then')}</button>`}</p></li>`;
  }

  view() {
    if (this.#fault) return failure(this.#fault, () => this.#load(), 3);
    if (!this.#found) return html`<div class="skeleton">${bars(6)}</div>`;
    const { changes, before } = this.#found;
    if (!changes.length) return html`<p class="log-none">${t('log.none')}</p>`;
    return html`<ol class="log">${each(changes, c => c.seq, c => this.#change(c))}</ol>
      ${before && html`<button type="button" class="btn line" @click=${() => this.#load(before)}>${t('log.older')}</button>`}`;
  }
}
define('ui-recordlog', RecordLog);
