// The record panel: every field of one record, read only, with steps to its neighbours. Below 900 px it is a bottom sheet.
// Not here: finding the record and its neighbours (screens/table.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { columnsOf, formatStamp, typeOf } from '../app/types.js';
import { recordName, numbered } from '../app/records.js';
import { t } from '../app/i18n.js';
import { bars, icon } from './parts.js';
import { failure, notice } from './notice.js';
import { full } from './value.js';

class RecordPanel extends El {
  // place: "4 of 140", or null when the record is not among the rows in sight. fault: why it could not be shown.
  static props = { table: null, record: null, context: null, place: null, isFirst: false, isLast: false, fault: null, onClose: null, onStep: null, onRetry: null };

  /** Called after a person opened the panel, so that reading goes on there. */
  focusHead() { this.querySelector('h2')?.focus(); }

  #step(sign, label, way, off) {
    return html`<button type="button" class="btn square" aria-label=${label} title=${label} aria-disabled=${String(off)}
      @click=${() => { if (!off) this.onStep(way); }}>${icon(sign)}</button>`;
  }

  #fields() {
    const { record, context } = this;
    return html`<dl class="fields">${each(columnsOf(this.table), f => f.slug, f => html`<div class="field-row">
        <dt>${icon(typeOf(f).icon)}${f.name}</dt>
        <dd>${full(f, record[f.slug], context)}</dd>
      </div>`)}</dl>
      <dl class="stamps">
        <div><dt>${t('record.created')}</dt><dd><time datetime=${record.created_at} title=${record.created_at}>${formatStamp(record.created_at)}</time></dd></div>
        <div><dt>${t('record.updated')}</dt><dd><time datetime=${record.updated_at} title=${record.updated_at}>${formatStamp(record.updated_at)}</time></dd></div>
        <div><dt>${t('record.id')}</dt><dd><code>${record.id}</code></dd></div>
      </dl>`;
  }

  #body() {
    if (this.fault?.kind === 'gone') return notice({ level: 3, title: t('record.gone'), text: t('record.gone.text') });
    if (this.fault) return failure(this.fault, this.onRetry, 3);
    return this.record ? this.#fields() : html`<div class="skeleton">${bars(6)}</div>`;
  }

  view() {
    const name = this.record ? recordName(this.table, this.record) : t('record.record');
    return html`<aside class="panel" aria-label=${t('record.record')}>
      <header class="panel-head">
        <p class="panel-where">${this.table.name}${this.record && ` · ${numbered(this.record.id)}`}${this.place && html`<span class="panel-place"> · ${this.place}</span>`}</p>
        <div class="steps">
          ${this.place && this.#step('up', t('record.previous'), -1, this.isFirst)}
          ${this.place && this.#step('down', t('record.next'), 1, this.isLast)}
          <button type="button" class="btn square" aria-label=${t('record.close')} title=${t('record.close')} @click=${this.onClose}>${icon('close')}</button>
        </div>
        <h2 tabindex="-1">${name}</h2>
      </header>
      <div class="panel-body" tabindex="0" role="group" aria-label=${t('record.fields')}>${this.#body()}</div>
    </aside>`;
  }
}
define('ui-record', RecordPanel);
