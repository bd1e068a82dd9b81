// What can be done with the ticked records; stands in place of the tools while some are ticked.
// Not here: which are ticked (gridpick.js), sending (app/edit.js).
import { El, define } from '../lib/el.js';
import { html, each, render } from '../lib/view.js';
import { pasteRecords, removeRecords } from '../app/edit.js';
import { note } from '../app/notes.js';
import { isEditable } from '../app/parse.js';
import { listQuery, loadIds } from '../app/records.js';
import { columnsOf, plainText } from '../app/types.js';
import { t } from '../app/i18n.js';
import { offerUndo } from '../app/undo.js';
import { ask } from './ask.js';
import { icon } from './parts.js';

const MOST = 50_000, IDS_IN_ADDRESS = 100;

class BulkBar extends El {
  // picked: { n, all, ids }. list: { sort, filter, q } as it is shown. rows: those that were seen. can: { write }.
  static props = { table: null, context: null, picked: null, list: null, rows: null, can: null, onClear: null };

  async #ids() {
    const { picked, context, table, list } = this;
    return picked.all ? loadIds(context.app, table.slug, list, MOST) : picked.ids;
  }

  async #try(work) {
    try { await work(); } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
  }

  #remove = () => this.#try(async () => {
    const ids = await this.#ids(), { app } = this.context;
    await removeRecords({ app, table: this.table.slug, ids, label: t('change.removed', { n: ids.length }) });
    this.onClear();
    note(t('bulk.deleted', { n: ids.length }), { actions: offerUndo() });
  });

  #edit = () => this.#try(async () => {
    const { makeEditor } = await import('./editors/editors.js');
    const fields = columnsOf(this.table).filter(isEditable), { n } = this.picked;
    let field = fields[0], value;
    const host = document.createElement('div'), slot = document.createElement('div');
    slot.className = 'ask-field';
    const put = () => { value = undefined; slot.replaceChildren(makeEditor({ ...field, required: false }, { value: null, look: 'panel', context: this.context, label: field.name })); };
    slot.addEventListener('editdone', e => { ({ value } = e.detail); });
    render(html`<label class="ask-field">${t('bulk.field')} <select @change=${e => { field = fields.find(f => f.slug === e.target.value); put(); }}>${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f === field}>${f.name}</option>`)}</select></label>`, host);
    put();
    const body = html`<div class="ask-form"></div><p>${t('bulk.edit.text', { n })}</p>`;
    const asked = ask({ title: t('bulk.edit.title'), body, answers: [{ value: 'yes', text: t('bulk.edit.do', { n }), isMain: true }] });
    document.querySelector('dialog.ask .ask-form').append(host, slot);
    host.querySelector('select').focus();
    if (!await asked) return;
    const last = slot.firstElementChild?.read();
    if (last?.problem) { note(last.problem, { bad: true }); return; }
    await this.#change(field, value === undefined ? last?.value ?? null : value);
  });

  async #change(field, value) {
    const ids = await this.#ids(), { app } = this.context;
    // Of what was in sight it is known what stood there.
    const seen = ids.map(id => this.rows.find(id)).filter(Boolean), base = Object.fromEntries(seen.map(r => [r.id, { [field.slug]: r[field.slug] ?? null }]));
    const { sendMany } = await import('./clashes.js');
    if (!await sendMany({ app, table: this.table, context: this.context, rows: this.rows, changed: ids.map(id => ({ id, [field.slug]: value })), base, label: t('change.many', { n: ids.length }) })) return;
    note(t('bulk.edited', { field: field.name, value: plainText(field, value) || t('edit.clear'), n: ids.length }), { actions: offerUndo() });
  }

  #copy = () => this.#try(async () => {
    const { copiesOf } = await import('../app/duplicate.js'), { app } = this.context, { made, emptied } = await copiesOf(app, this.table, await this.#ids(), this.life);
    await pasteRecords({ app, table: this.table.slug, made, label: t('change.copied', { n: made.length }) });
    this.onClear();
    note([t('bulk.copied', { n: made.length }), emptied.length ? t('bulk.copied.without', { fields: emptied.map(f => f.name).join(', ') }) : ''].join(' ').trim(), { actions: offerUndo() });
  });

  /** The address of a file with the ticked records; more than an address holds are given as all that match. */
  #export() {
    const { picked, list, context, table } = this, query = listQuery({ sort: list.sort, filter: picked.all ? list.filter : `id in (${picked.ids.map(id => `'${id}'`).join(', ')})` });
    query.set('format', 'csv');
    return `/api/apps/${encodeURIComponent(context.app)}/schemas/${encodeURIComponent(table.slug)}/export?${query}`;
  }

  view() {
    const { picked, can, list } = this, exports = picked.all ? !list.q : picked.n <= IDS_IN_ADDRESS;
    return html`<div class="tools bulk" role="toolbar" aria-label=${t('bulk.name')} @keydown=${e => { if (e.key === 'Escape') this.onClear(); }}>
      <p>${t(picked.all ? 'bulk.all' : 'bulk.some', { n: picked.n })}</p>
      ${can.update && html`<button type="button" class="btn" @click=${this.#edit}>${icon('pen')}${t('bulk.edit')}</button>`}
      ${can.create && html`<button type="button" class="btn" @click=${this.#copy}>${icon('copy')}${t('bulk.copy')}</button>`}
      ${exports && html`<a class="btn" href=${this.#export()} download>${icon('export')}${t('bulk.export')}</a>`}
      ${can.remove && html`<button type="button" class="btn" @click=${this.#remove}>${icon('bin')}${t('bulk.delete')}</button>`}
      <button type="button" class="btn" @click=${this.onClear}>${t('bulk.clear')}</button></div>`;
  }
}
define('ui-bulkbar', BulkBar);
