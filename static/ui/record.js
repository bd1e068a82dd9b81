// One record, in the panel beside the grid (below 900 px a bottom sheet) or as a page of its own: its fields, the records that point to it, its history,
// and how it was. Not here: finding the record and its neighbours (screens/table.js, screens/record.js), the parts (recordfields.js, lines.js, recordlog.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { go, here, withQuery } from '../lib/router.js';
import { changeRecord, isSame, removeRecords } from '../app/edit.js';
import { pointersTo } from '../app/links.js';
import { recordPageHref } from '../app/meta.js';
import { note } from '../app/notes.js';
import { isEditable } from '../app/parse.js';
import { pointedFrom } from '../app/pointing.js';
import { loadPast, mayIn, mayWith } from '../app/recordlog.js';
import { numbered, recordName } from '../app/records.js';
import { rights } from '../app/session.js';
import { columnsOf, formatStamp } from '../app/types.js';
import { t } from '../app/i18n.js';
import { offerUndo } from '../app/undo.js';
import { ask } from './ask.js';
import { bars, icon } from './parts.js';
import { failure, notice } from './notice.js';
import './lines.js';
import './menu.js';
import './recordfields.js';
import './recordlog.js';

const TABS = ['record', 'history'];

class RecordPanel extends El {
  // place: "4 of 140", or null when the record is not among the rows in sight. fault: why it could not be shown. isPage: it stands alone.
  // recordId: the record that is asked for, also while it is not here.
  static props = { table: null, record: null, recordId: null, context: null, place: null, isFirst: false, isLast: false, fault: null, isPage: false, onClose: null, onStep: null, onRetry: null };
  #may = null;
  #mayOf = '';
  #past = null;
  #pastOf = '';
  #pastFault = null;

  connected() {
    this.use(here);
    this.use(rights);
    this.addEventListener('keydown', this.#key, { signal: this.life, capture: true });
  }

  get #query() { return here.get().query; }
  get #tab() { return TABS.includes(this.#query.get('tab')) ? this.#query.get('tab') : 'record'; }
  /** The change of the log after which the record is shown, or null for now. */
  get #at() { return this.#query.get('at'); }
  get #parts() { return [...this.querySelectorAll('ui-recordfields, ui-lines')]; }

  /** Called after a person opened the panel, so that reading goes on there. */
  focusHead() { this.querySelector('h2')?.focus(); }

  /** Saves what is being typed; false when it cannot be read. */
  settle() { return this.#parts.every(p => p.settle()); }

  prepare() {
    const { context: { app }, table } = this, id = this.record?.id ?? this.recordId;
    const key = JSON.stringify([app, table.slug, id]);
    if (key !== this.#mayOf && id && rights.get()) {
      this.#mayOf = key;
      // What the table lets through is known at once; what rules say of this record comes behind.
      this.#may = mayIn(app, table);
      mayWith(app, table, id, this.life).then(may => { if (key === this.#mayOf) { this.#may = may; this.update(); } }, () => {});
    }
    const at = this.#at && JSON.stringify([key, this.#at]);
    if (at !== this.#pastOf) { this.#pastOf = at; this.#past = this.#pastFault = null; if (at && id) this.#loadPast(at, id); }
  }

  async #loadPast(of, id) {
    try {
      const past = await loadPast(this.context.app, this.table.slug, id, this.#at, this.life);
      if (of === this.#pastOf) this.#past = past;
    } catch (e) { if (e.name !== 'AbortError' && of === this.#pastOf) this.#pastFault = e; }
    this.update();
  }

  // Before the editors: these keys end what is typed.
  #key = e => {
    if (e.defaultPrevented || e.isComposing || e.target.closest('dialog, [popover]:not(.combo-list)')) return;
    const control = e.ctrlKey || e.metaKey, isLong = e.target.matches('textarea');
    if (control && !e.altKey && e.key.toLowerCase() === 's') this.settle();
    else if (control && e.key === 'Enter' && !isLong) { if (this.settle()) this.onClose(); }
    else if (e.altKey && !control && (e.key === 'ArrowUp' || e.key === 'ArrowDown')) { if (this.settle()) this.onStep(e.key === 'ArrowDown' ? 1 : -1); }
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  #show = (changes, isNew = false) => go(withQuery(changes), { replace: !isNew });
  #toTab = tab => { if (this.settle()) this.#show({ tab: tab === 'record' ? null : tab, at: null }); };
  #toPast = seq => {
    this.#show({ tab: null, at: seq }, true);
    whenRendered(() => this.querySelector('.timebar')?.focus());
  };
  #toNow = () => {
    this.#show({ at: null, tab: 'history' });
    whenRendered(() => this.querySelector('[role="tab"][aria-selected="true"]')?.focus());
  };

  /** All fields that were another way, as one change. */
  #restore = async () => {
    const { record, table, context: { app } } = this, past = this.#past;
    const fields = table.fields.filter(f => f.slug in past && isEditable(f) && !isSame(past[f.slug], record[f.slug]));
    try {
      await changeRecord({ app, table: table.slug, before: record, values: Object.fromEntries(fields.map(f => [f.slug, past[f.slug]])), label: t('record.restored.label', { record: recordName(table, record) }) });
      note(t('record.restored', { n: fields.length }), { actions: offerUndo() });
      this.#show({ at: null });
      whenRendered(() => this.focusHead());
    } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
  };

  /** What else happens is told first; what stands alone goes at once, and comes back by an undo. */
  #remove = async () => {
    const { record, table, context: { app, tables } } = this, name = recordName(table, record);
    try {
      const also = await pointedFrom(app, tables, table, record.id, this.life);
      if (also.length && !await ask({
        title: t('record.remove.ask', { name }),
        body: html`<ul class="ask-list">${each(also, x => x.pointer.key, ({ pointer, total }) => html`<li>${t(`record.ondelete.${pointer.via.on_delete ?? 'set_null'}`, { n: total, name: pointer.name, field: pointer.via.name })}</li>`)}</ul>`,
        answers: [{ value: 'yes', text: t('remove.record'), isMain: true }],
      })) return;
      await removeRecords({ app, table: table.slug, ids: [record.id], label: t('change.removed', { n: 1 }) });
      note(t('lines.removed', { name }), { actions: offerUndo() });
      this.onClose();
    } catch (e) { if (e.name !== 'AbortError') note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
  };

  #step(sign, label, way, off) {
    return html`<button type="button" class="btn square" aria-label=${label} title=${label} aria-disabled=${String(off)}
      @click=${() => { if (!off && this.settle()) this.onStep(way); }}>${icon(sign)}</button>`;
  }

  /** The record as a page, which knows of which list it is. */
  get #pageHref() {
    const query = new URLSearchParams([...this.#query].filter(([name]) => ['f', 'sort', 'q', 'g', 'tab'].includes(name))), view = /\/v\/([^/]+)$/.exec(here.get().path)?.[1];
    if (view) query.set('v', decodeURIComponent(view));
    const text = query.toString();
    return `${recordPageHref(this.context.app, this.table.slug, this.record.id)}${text && `?${text}`}`;
  }

  #menu() {
    const items = [
      ...this.isPage || !this.record ? [] : [{ text: t('record.page'), sign: 'expand', href: this.#pageHref }],
      ...this.#may?.delete && this.record ? [{ text: t('record.remove'), sign: 'bin', run: this.#remove }] : [],
    ];
    return items.length > 0 && html`<ui-menu .label=${t('record.menu')} .look=${'btn square'} .face=${icon('more')} .groups=${[{ label: t('record.menu'), items }]}></ui-menu>`;
  }

  #tabKey = e => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step) return;
    e.preventDefault();
    this.#toTab(TABS[(TABS.indexOf(this.#tab) + step + TABS.length) % TABS.length]);
    whenRendered(() => this.querySelector('[role="tab"][aria-selected="true"]').focus());
  };

  #tabs() {
    return html`<div class="tabs" role="tablist" aria-label=${t('record.parts')} @keydown=${this.#tabKey}>${each(TABS, x => x, x => html`<button type="button" role="tab" id=${`tab-${x}`} aria-controls="record-part"
      aria-selected=${String(this.#tab === x)} tabindex=${this.#tab === x ? 0 : -1} @click=${() => this.#toTab(x)}>${t(`record.tab.${x}`)}</button>`)}</div>`;
  }

  #timebar() {
    const past = this.#past, differ = past && this.record && this.#may?.update && columnsOf(this.table).some(f => f.slug in past && isEditable(f) && !isSame(past[f.slug], this.record[f.slug]));
    return html`<div class="timebar" role="status" tabindex="-1"><p>${this.#pastFault ? this.#pastFault.message : past ? t('record.past', { at: formatStamp(past.updated_at) }) : t('record.past.loading')}</p>
      <p class="row">${differ && html`<button type="button" class="btn line" @click=${this.#restore}>${t('record.restore')}</button>`}<button type="button" class="btn line" @click=${this.#toNow}>${t('record.tonow')}</button></p></div>`;
  }

  #stamps(record) {
    return html`<dl class="stamps">
        <div><dt>${t('sort.created')}</dt><dd><time datetime=${record.created_at} title=${record.created_at}>${formatStamp(record.created_at)}</time></dd></div>
        <div><dt>${t('sort.updated')}</dt><dd><time datetime=${record.updated_at} title=${record.updated_at}>${formatStamp(record.updated_at)}</time></dd></div>
        <div><dt>${t('record.id')}</dt><dd><code>${record.id}</code></dd></div>
      </dl>`;
  }

  // Lines that are shown as a table are no field beside it.
  #elsewhere(pointers) {
    return this.table.fields.filter(f => f.type === 'lines' && pointers.some(p => p.isLines && p.table.slug === f.target && p.via.slug === f.via)).map(f => f.slug);
  }

  #record() {
    const { table, record, context } = this, pointers = pointersTo(context.tables, table);
    return html`<div class="record-fields"><ui-recordfields .table=${table} .record=${record} .past=${null} .context=${context} .may=${this.#may} .elsewhere=${this.#elsewhere(pointers)}></ui-recordfields>${this.#stamps(record)}</div>
      ${pointers.length > 0 && html`<div class="record-links">${each(pointers, p => p.key, p => html`<ui-lines .pointer=${p} .record=${record} .context=${context} .isWide=${this.isPage}></ui-lines>`)}</div>`}`;
  }

  #asItWas() {
    const { table, record, context } = this, elsewhere = this.#elsewhere(pointersTo(context.tables, table));
    return html`${this.#timebar()}${this.#past && html`<ui-recordfields .table=${table} .record=${record} .past=${this.#past} .context=${context} .may=${this.#may} .elsewhere=${elsewhere}></ui-recordfields>`}`;
  }

  #body() {
    const { context, table, record, fault } = this, id = record?.id ?? this.recordId;
    if (this.#tab === 'history' && id) return html`<ui-recordlog .table=${table} .recordId=${id} .record=${record} .context=${context} .may=${this.#may} .onPast=${this.#toPast}></ui-recordlog>`;
    if (this.#at && id) return this.#asItWas();
    if (fault?.kind === 'gone') return notice({ level: 3, title: t('record.gone'), text: t('record.gone.text') });
    if (fault) return failure(fault, this.onRetry, 3);
    return record ? this.#record() : html`<div class="skeleton">${bars(6)}</div>`;
  }

  #head(name) {
    const { record, place } = this;
    return html`<header class="panel-head">
        <p class="panel-where">${this.table.name}${record && ` · ${numbered(record.id)}`}${place && html`<span class="panel-place"> · ${place}</span>`}</p>
        <div class="steps">
          ${place && this.#step('up', t('record.previous'), -1, this.isFirst)}
          ${place && this.#step('down', t('record.next'), 1, this.isLast)}
          ${this.#menu()}
          ${!this.isPage && html`<button type="button" class="btn square" aria-label=${t('record.close')} title=${t('record.close')} @click=${() => this.onClose()}>${icon('close')}</button>`}
        </div>
        ${!this.isPage && html`<h2 tabindex="-1">${name}</h2>`}
        ${this.#tabs()}
      </header>`;
  }

  view() {
    const name = this.record ? recordName(this.table, this.record) : t('record.record');
    const part = html`<div class="panel-body" id="record-part" tabindex="0" role="tabpanel" aria-labelledby=${`tab-${this.#tab}`}>${this.#body()}</div>`;
    if (this.isPage) return html`<div class="record-page" data-record>${this.#head(name)}${part}</div>`;
    return html`<aside class="panel" aria-label=${t('record.record')} data-record>${this.#head(name)}${part}</aside>`;
  }
}
define('ui-record', RecordPanel);
