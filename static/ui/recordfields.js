// The fields of one record, one below the other: each is shown for what it is, and edited in its place where that may be. What was refused, or somebody
// else changed in between, stands beside its field until it is dealt with. As it was at a moment, the fields are looked at and put back.
// Not here: the editors (editors/), saving (app/edit.js), records that point here (lines.js).
import { define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { asLeft, isSame, refusalOf, setRefusal } from '../app/edit.js';
import { note } from '../app/notes.js';
import { isEditable, typedText } from '../app/parse.js';
import { said, whoChanged } from '../app/recordlog.js';
import { columnsOf, typeOf } from '../app/types.js';
import { t } from '../app/i18n.js';
import { offerUndo } from '../app/undo.js';
import { makeEditor } from './editors/editors.js';
import { InPlace } from './editors/inplace.js';
import { icon } from './parts.js';
import { full } from './value.js';

const isEmpty = v => v === null || v === undefined || v === '' || (Array.isArray(v) && !v.length);
// More records in one field than this are shown as a list that is changed in the editor only.
const CHIPS = 50;
const STOPS = 'a[href], button, input, select, textarea, [tabindex="0"]';

class RecordFields extends InPlace {
  // may: { update }. past: the record as it was, or null. shown elsewhere: slugs of fields that have a part of their own.
  static props = { table: null, record: null, context: null, may: null, past: null, elsewhere: [] };

  get #now() { return asLeft(this.context.app, this.table.slug, this.record); }
  #refusal(field) { return refusalOf(this.context.app, this.table.slug, this.record.id, field.slug); }
  #deal(field) { setRefusal(this.context.app, this.table.slug, this.record.id, field.slug, null); }
  #rowOf(field) { return this.querySelector(`.field-row[data-slug="${CSS.escape(field.slug)}"]`); }

  #may(field) {
    return !this.past && this.may?.update && isEditable(field);
  }

  /** Ends what is edited: saved, or kept with its field when it cannot be read. True when nothing is left open. */
  leave() {
    if (!this.edited) return;
    const open = this.edited, { value, problem } = open.editor.read(), text = open.editor.input?.value ?? null;
    this.shut();
    if (problem) setRefusal(open.app, open.table.slug, open.record.id, open.field.slug, { text, value: null, problem, theirs: null });
    else this.#take(open, value, text);
  }

  prepare() {
    // Another record, while a field of the one before is still open.
    if (this.edited && (this.edited.record.id !== this.record?.id || this.edited.table.slug !== this.table.slug || this.edited.app !== this.context.app)) this.leave();
  }

  #edit(field, typed = null) {
    if (this.#isOpen(field)) return;
    this.settle();
    if (this.edited) this.leave();
    const refusal = this.#refusal(field), record = this.#now, row = this.#rowOf(field);
    const kept = refusal && !refusal.theirs ? refusal.text ?? typedText(field, refusal.value) : null;
    const editor = makeEditor(field, { value: record[field.slug] ?? null, context: this.context, label: field.name, typed: typed ?? kept });
    this.edited = { ...this.#of(field, record), editor };
    row.querySelector('.field-slot').append(editor);
    if (kept !== null && typed === null) editor.problem = refusal.problem;
    this.update();
    queueMicrotask(() => editor.start());
  }

  done(e) {
    const { value, move } = e.detail;
    // A tick box is always open.
    if (e.target.matches('edit-tick') && e.target !== this.edited?.editor) {
      if (!isSame(value, this.#now[e.target.field.slug])) this.#save(this.#of(e.target.field), value);
      return;
    }
    if (e.target !== this.edited?.editor) return;
    const text = e.target.input?.value ?? null, open = this.shut();
    this.#take(open, value, text);
    // The field can take the focus once it is shown again. Where somebody went with the pointer gets it first.
    if (move) queueMicrotask(() => this.#go(open.field, move));
    else requestAnimationFrame(() => { if (document.activeElement === document.body) this.#back(open.field); });
  }

  dropped(e) {
    if (e.target !== this.edited?.editor) return;
    const { field } = this.shut();
    // A conflict waits for its answer.
    if (!this.#refusal(field)?.theirs) this.#deal(field);
    this.#back(field);
  }

  /** Where the person went: Enter to the next field, Tab to whatever comes next. */
  #go(field, move) {
    const way = move === 'down' || move === 'right' ? 1 : -1, row = this.#rowOf(field), isByField = move === 'down' || move === 'up';
    if (isByField) {
      const stops = [...this.querySelectorAll('.field-edit, edit-tick input')], at = stops.indexOf(row.querySelector('.field-edit'));
      (stops[at + way] ?? stops[at]).focus();
      return;
    }
    const host = this.closest('[data-record]') ?? this, stops = [...host.querySelectorAll(STOPS)].filter(s => s.tabIndex >= 0 && s.checkVisibility()), own = row.querySelector('.field-edit');
    (way > 0 ? stops[stops.indexOf(own) + 1] ?? own : stops[stops.indexOf(own) - 1] ?? own).focus();
  }

  /** A field of a record, to be saved to whatever is shown by then. */
  #of(field, record = this.#now) { return { app: this.context.app, table: this.table, field, record }; }
  #isOpen(field) { return this.edited?.field.slug === field.slug; }

  #take(of, value, text = null) {
    const { app, table, field, record } = of, old = record[field.slug];
    if (!isSame(value, old) && !(isEmpty(value) && isEmpty(old))) this.#save(of, value, text);
    else if (!refusalOf(app, table.slug, record.id, field.slug)?.theirs) setRefusal(app, table.slug, record.id, field.slug, null);
  }

  #save(of, value, text = null) {
    const { app, table, field, record } = of;
    return this.saveField(of, value, text, e => {
      // What was refused is shown beside the field; whoever went on to another record learns it from a note.
      if (!this.isConnected || this.record?.id !== record.id || this.table !== table) note(t('save.why', { why: e.message }), { bad: true, stays: true });
      if (e.clash) this.#learn(app, table, field, record.id);
    });
  }

  /** Who was faster. */
  async #learn(app, table, field, id) {
    const who = await whoChanged(app, table, id, field), refusal = refusalOf(app, table.slug, id, field.slug);
    if (refusal?.theirs) setRefusal(app, table.slug, id, field.slug, { ...refusal, who });
  }

  #keepMine(field, refusal) { this.#save(this.#of(field, refusal.theirs), refusal.value, refusal.text); this.#back(field); }
  #takeTheirs(field) {
    this.#deal(field);
    announce(t('record.theirs.taken', { name: field.name }));
    this.#back(field);
  }

  /** The button that was pressed goes: reading goes on at the field. */
  #back(field) { queueMicrotask(() => this.#rowOf(field)?.querySelector('.field-edit, input')?.focus()); }

  /** Takes a record out of a field that refers to it. */
  async #unlink(field, id) {
    const record = this.#now, value = field.type === 'references' ? record[field.slug].filter(x => x !== id) : null, name = said(field, id, this.context.names);
    this.#rowOf(field).querySelector('.field-edit').focus();
    if (await this.#save(this.#of(field, record), value)) note(t('record.unlinked', { name, field: field.name }), { actions: offerUndo() });
  }

  // The button goes with the difference; reading goes on with the record.
  #putBack(field) {
    this.closest('[role="tabpanel"]').focus({ preventScroll: true });
    this.#save(this.#of(field), this.past[field.slug]);
  }

  #links(field, value) {
    const { required, type } = field, all = [value ?? []].flat();
    if (!field.target || !all.length || all.length > CHIPS || !this.#may(field) || (required && (type === 'reference' || all.length === 1))) return full(field, value, this.context);
    return html`<span class="ones">${each(all, id => id, id => html`<span class="one">${full({ ...field, type: 'reference' }, id, this.context)}<button type="button" class="btn square unlink"
      aria-label=${t('record.unlink', { name: said(field, id, this.context.names), field: field.name })} title=${t('record.unlink', { name: said(field, id, this.context.names), field: field.name })}
      @click=${() => this.#unlink(field, id)}>${icon('close')}</button></span>`)}</span>`;
  }

  #trouble(field, refusal) {
    if (refusal.theirs) {
      return html`<div class="clash" role="alert"><p>${t('record.clash', { who: refusal.who ?? t('who.somebody'), name: field.name })}</p>
        <dl><div><dt>${t('record.mine')}</dt><dd>${full(field, refusal.value, this.context)}</dd></div><div><dt>${t('record.theirs')}</dt><dd>${full(field, refusal.theirs[field.slug], this.context)}</dd></div></dl>
        <p class="row"><button type="button" class="btn line" @click=${() => this.#keepMine(field, refusal)}>${t('conflict.mine')}</button>
          <button type="button" class="btn line" @click=${() => this.#takeTheirs(field)}>${t('conflict.theirs')}</button></p></div>`;
    }
    const typed = refusal.text ?? said(field, refusal.value, this.context.names);
    return html`<div class="clash" role="alert"><p>${refusal.problem}</p>${typed && html`<p>${t('record.typed', { text: typed })}</p>`}
      <p class="row"><button type="button" class="btn line" @click=${() => this.#edit(field)}>${t('record.mend')}</button>
        <button type="button" class="btn line" @click=${() => { this.#deal(field); this.#back(field); }}>${t('record.leave')}</button></p></div>`;
  }

  #clicked(field, e) {
    if (!this.#may(field) || e.target.closest('a, button, input, textarea, label, pre') || e.target.closest('.clash, .field-slot') || String(getSelection())) return;
    if (field.type !== 'boolean') this.#edit(field);
  }

  #key(field, e) {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || !e.target.matches('.field-edit')) return;
    if (e.key === 'F2') this.#edit(field);
    else if (e.key === 'Delete' && !field.required) this.#take(this.#of(field), ['references', 'multiselect', 'checklist'].includes(field.type) ? [] : null);
    else if ([...e.key].length === 1 && e.key !== ' ') this.#edit(field, e.key);
    else return;
    e.preventDefault();
  }

  #value(field, record) {
    const value = record[field.slug];
    if (field.type === 'boolean' && this.#may(field)) {
      return html`<div class="field-tick"><edit-tick .field=${field} .value=${value ?? null} .label=${field.name} .look=${'panel'} .context=${this.context}></edit-tick><span aria-hidden="true">${t(value ? 'edit.yes' : value === false ? 'edit.no' : 'edit.clear')}</span></div>`;
    }
    return html`<div class="field-value">${this.#links(field, value)}</div>`;
  }

  #row(field) {
    const record = this.past ?? this.#now, may = this.#may(field), refusal = this.past ? null : this.#refusal(field), isOpen = this.#isOpen(field), differs = this.past && this.record && !isSame(this.past[field.slug], this.record[field.slug]);
    return html`<div class="field-row" data-slug=${field.slug} data-may=${may ? '' : null} data-open=${isOpen ? '' : null} data-past=${differs ? '' : null} @keydown=${e => this.#key(field, e)}>
      <dt title=${this.may?.update && !may && !this.past ? t('record.fixed', { word: typeOf(field).word }) : null}>${icon(typeOf(field).icon)}${field.name}</dt>
      <dd @click=${e => this.#clicked(field, e)}>
        ${may && field.type !== 'boolean' && html`<button type="button" class="btn square field-edit" aria-label=${t('record.edit', { name: field.name, value: said(field, record[field.slug], this.context.names).slice(0, 100) || t('edit.clear') })}
          title=${t('record.edit.tip')} @click=${() => this.#edit(field)}>${icon('pen')}</button>`}
        <div class="field-slot"></div>
        ${!isOpen && this.#value(field, record)}
        ${refusal && !isOpen && this.#trouble(field, refusal)}
        ${differs && html`<p class="was"><span>${t('record.now', { value: said(field, this.record[field.slug], this.context.names) || t('edit.clear') })}</span>
          ${this.may?.update && isEditable(field) && html`<button type="button" class="btn" aria-label=${t('record.putback.name', { name: field.name })} @click=${() => this.#putBack(field)}>${t('record.putback')}</button>`}</p>`}
      </dd></div>`;
  }

  view() {
    // What is computed is not kept: of a record as it was nobody knows it.
    const fields = columnsOf(this.table).filter(f => !this.elsewhere.includes(f.slug) && (!this.past || f.slug in this.past));
    return html`<dl class="fields">${each(fields, f => f.slug, f => this.#row(f))}</dl>`;
  }
}
define('ui-recordfields', RecordFields);
