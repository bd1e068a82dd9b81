// The records of another table that point to this one, as a small table: edited in its cells, new ones typed into its last row with Enter only, others
// linked, unlinked or removed. One tab stop, arrows inside, as in the grid. Not here: which tables point here and their records (app/links.js).
import { define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { go } from '../lib/router.js';
import { createRecord, isSame, refusalOf, removeRecords, setRefusal } from '../app/edit.js';
import { allHref, columnsFor, neededFor, pointing } from '../app/links.js';
import { recordHref } from '../app/meta.js';
import { note } from '../app/notes.js';
import { isEditable, typedText } from '../app/parse.js';
import { Pointing } from '../app/pointing.js';
import { loadRecord, nameOf, numbered, recordName } from '../app/records.js';
import { mayIn, whoChanged } from '../app/recordlog.js';
import { person } from '../app/session.js';
import { columnDigits, count, displayField, isAtEnd } from '../app/types.js';
import { t } from '../app/i18n.js';
import { offerUndo } from '../app/undo.js';
import { ask } from './ask.js';
import { makeEditor } from './editors/editors.js';
import { InPlace } from './editors/inplace.js';
import { bars, icon } from './parts.js';
import { cell } from './value.js';

const IN_PANEL = 4, IN_PAGE = 8, ENTRY = 'new';
const isEmpty = v => v === null || v === undefined || v === '' || (Array.isArray(v) && !v.length);

class Lines extends InPlace {
  // pointer: one of app/links.js. record: the one that is pointed to. context: { app, table, tables, names } of that one. isWide: on a page, with room for more columns.
  static props = { pointer: null, record: null, context: null, isWide: false };
  #list = new Pointing(() => this.update());
  #at = { id: ENTRY, c: 0 };
  #wanted = false;
  #draft = {};
  #draftOf = '';
  #missing = new Map();
  #isLinking = false;

  connected() {
    super.connected();
    this.life.addEventListener('abort', () => this.#list.stop());
  }

  get #table() { return this.pointer.table; }
  get #app() { return this.context.app; }
  get #may() { return mayIn(this.#app, this.#table); }
  get #columns() { return columnsFor(this.pointer, this.isWide ? IN_PAGE : IN_PANEL); }
  // Names of the records that lines refer to; the editors note there what they find.
  get #ofLines() { return { app: this.#app, table: this.#table, tables: this.context.tables, names: this.#list.names }; }
  /** Whether new lines are typed here: the field that points here has to be theirs to write. */
  get #mayAdd() { return this.#may.create && this.pointer.via.writable !== false; }
  get #mayLink() { return this.#may.update && this.pointer.via.writable !== false; }
  #mayEdit(field) { return this.#may.update && isEditable(field); }
  #mayType(field) { return this.#mayAdd && isEditable(field); }
  #cellAt(id, c) { return this.querySelector(`tr[data-id="${CSS.escape(id)}"] > [data-c="${c}"]`); }
  #refusal(id, field) { return refusalOf(this.#app, this.#table.slug, id, field.slug); }
  #deal(id, field) { setRefusal(this.#app, this.#table.slug, id, field.slug, null); }

  prepare() {
    const key = `ui:draft:${person.get()?.id}:${this.#app}/${this.pointer.key}/${this.record.id}`;
    if (key !== this.#draftOf) {
      this.leave();
      this.#draftOf = key;
      this.#missing.clear();
      this.#wanted = this.#isLinking = false;
      this.#at = { id: ENTRY, c: 0 };
      try { this.#draft = JSON.parse(localStorage.getItem(key) ?? '{}'); } catch { this.#draft = {}; }
    }
    this.#list.want(this.#app, this.context.tables, this.pointer, this.record.id);
  }

  #setDraft(draft) {
    this.#draft = draft;
    try {
      if (Object.keys(draft).length) localStorage.setItem(this.#draftOf, JSON.stringify(draft));
      else localStorage.removeItem(this.#draftOf);
    } catch { /* It is in memory. */ }
    this.update();
  }

  /** Rows one can walk: the lines that are shown, and the one that new ones are typed into. */
  get #rows() { return [...this.#list.shown.map(r => r.id), ...this.#mayAdd ? [ENTRY] : []]; }

  #go(id, c) {
    const rows = this.#rows;
    if (!rows.includes(id)) return;
    this.#at = { id, c: Math.max(0, Math.min(this.#columns.length - 1, c)) };
    this.update();
    queueMicrotask(() => this.#cellAt(this.#at.id, this.#at.c)?.focus());
  }

  /** The next cell, in the row or the one below. */
  #next(id, c, way = 1) {
    const rows = this.#rows, columns = this.#columns, at = rows.indexOf(id) * columns.length + c + way;
    if (at < 0 || at >= rows.length * columns.length) return null;
    return { id: rows[Math.floor(at / columns.length)], c: at % columns.length };
  }

  #edit(id, c, typed = null) {
    const field = this.#columns[c], isNew = id === ENTRY, record = isNew ? this.#draft : this.#list.shown.find(r => r.id === id);
    if (!field || !record) return;
    if (isNew ? !this.#mayType(field) : !this.#mayEdit(field)) { announce(t('record.fixed.said', { name: field.name })); return; }
    if (field.type === 'boolean' && !isNew) { if (typed === null) this.#save(this.#of(field, record), !record[field.slug]); return; }
    this.leave();
    const refusal = isNew ? null : this.#refusal(id, field), kept = refusal ? refusal.text ?? typedText(field, refusal.value) : null;
    const editor = makeEditor(field, { value: record[field.slug] ?? null, context: this.#ofLines, label: `${field.name}, ${isNew ? t('lines.new') : recordName(this.#table, record)}`, typed: typed ?? kept });
    this.edited = { app: this.#app, table: this.#table, id, c, field, record, editor };
    this.#at = { id, c };
    this.#cellAt(id, c).querySelector('.line-slot').append(editor);
    if (kept !== null && typed === null) editor.problem = refusal.problem;
    else if (isNew && this.#missing.has(field.slug)) editor.problem = this.#missing.get(field.slug);
    this.update();
    queueMicrotask(() => editor.start());
  }

  /** Ends what is edited: saved, or kept with its cell when it cannot be read. */
  leave() {
    if (!this.edited) return;
    const open = this.edited, { id, field, editor } = open, { value, problem } = editor.read(), text = editor.input?.value ?? null;
    this.shut();
    if (id === ENTRY) { if (!problem) this.#typed(field, value); return; }
    if (problem) setRefusal(open.app, open.table.slug, id, field.slug, { text, value: null, problem, theirs: null });
    else this.#take(open, value, text);
  }

  done(e) {
    const { value, move } = e.detail;
    if (e.target.closest('.lines-pick')) { this.#picked(value); return; }
    if (e.target !== this.edited?.editor) return;
    const text = e.target.input?.value ?? null, open = this.shut(), { id, c, field } = open;
    if (id !== ENTRY) {
      this.#take(open, value, text);
      const to = move === 'down' || move === 'right' ? this.#next(id, c) : move ? this.#next(id, c, -1) : null;
      if (to?.id === ENTRY) this.#edit(to.id, to.c);
      else if (to) this.#go(to.id, to.c);
      else if (move) this.#go(id, c);
      return;
    }
    this.#typed(field, value);
    if (!move) return;
    const isOn = move === 'down' || move === 'right', typed = this.#columns.map((f, i) => (this.#mayType(f) ? i : -1)).filter(i => i >= 0), to = typed[typed.indexOf(c) + (isOn ? 1 : -1)];
    // Enter in an empty row is the way out of it.
    if (isOn && !Object.keys(this.#draft).length) this.#go(ENTRY, c);
    else if (to !== undefined) this.#edit(ENTRY, to);
    else if (isOn) this.#create();
    else this.#go(ENTRY, c);
  }

  dropped(e) {
    if (e.target.closest('.lines-pick')) { this.#link(false); return; }
    if (e.target !== this.edited?.editor) return;
    const { id, c, field } = this.shut();
    if (id !== ENTRY) this.#deal(id, field);
    this.#go(id, c);
  }

  #typed(field, value) {
    const draft = { ...this.#draft };
    if (isEmpty(value)) delete draft[field.slug]; else draft[field.slug] = value;
    this.#missing.delete(field.slug);
    this.#setDraft(draft);
  }

  #of(field, record) { return { app: this.#app, table: this.#table, field, record }; }

  #take(of, value, text = null) {
    const { app, table, field, record } = of, old = record[field.slug];
    if (isSame(value, old) || (isEmpty(value) && isEmpty(old))) setRefusal(app, table.slug, record.id, field.slug, null);
    else this.#save(of, value, text);
  }

  #save(of, value, text = null) {
    const { app, table, field, record } = of;
    return this.saveField(of, value, text, e => {
      if (e.clash) this.#clash({ app, table, field, record: e.record });
      else if (!this.isConnected || this.#columns.indexOf(field) < 0) note(t('save.why', { why: e.message }), { bad: true, stays: true });
    });
  }

  /** Both values and the choice, in a note: a cell has no room for it. */
  async #clash(of) {
    const { app, table, field, record } = of, who = await whoChanged(app, table, record.id, field), refusal = refusalOf(app, table.slug, record.id, field.slug);
    if (!refusal) return;
    const words = value => (field.target && value ? [value].flat().map(id => nameOf(this.#list.names, field.target, id) ?? id).join(', ') : typedText(field, value)) || t('edit.clear');
    const text = t('conflict.text', { who, field: field.name, mine: words(refusal.value), theirs: words(record[field.slug]) });
    const made = note(text, { bad: true, stays: true, actions: [{ text: t('conflict.mine'), run: () => this.#save(of, refusal.value) }, { text: t('conflict.theirs'), run: () => setRefusal(app, table.slug, record.id, field.slug, null) }] });
    setRefusal(app, table.slug, record.id, field.slug, { ...refusal, problem: text, note: made.id });
  }

  /** Makes a record of what is typed, which points here. What it needs and has no column is asked for. */
  async #create() {
    const table = this.#table, app = this.#app, draft = this.#draft, key = this.#draftOf, { via } = this.pointer, preset = { [via.slug]: pointing(via, null, this.record.id, true) };
    const missing = neededFor(table, { ...preset, ...draft }), seen = missing.find(f => this.#columns.includes(f));
    if (seen) {
      this.#missing.set(seen.slug, t('new.required', { name: seen.name }));
      this.#edit(ENTRY, this.#columns.indexOf(seen));
      return;
    }
    try {
      let made;
      if (missing.length) {
        const { askNew } = await import('./asknew.js');
        made = await askNew({ table, preset: { ...preset, ...draft }, start: Object.fromEntries(missing.map(f => [f.slug, null])), context: this.#ofLines });
        if (!made) { this.#go(ENTRY, 0); return; }
        this.#setDraft({});
      } else {
        this.#setDraft({});
        this.#edit(ENTRY, this.#columns.findIndex(f => this.#mayType(f)));
        made = await createRecord({ app, table: table.slug, values: { ...draft, ...preset }, label: t('change.added', { record: recordName(table, { id: '', ...draft }) }) });
      }
      note(t('grid.added', { name: recordName(table, made) }), { actions: offerUndo() });
    } catch (e) {
      // What was typed comes back; while the next one is under way, or another record is shown, in a dialog.
      if (key !== this.#draftOf || Object.keys(this.#draft).length || (this.edited?.id === ENTRY && this.edited.editor.input?.value)) {
        const mend = async () => (await import('./asknew.js')).askNew({ table, preset, start: draft, context: this.#ofLines });
        note(t('save.why', { why: e.message }), { bad: true, stays: true, actions: [{ text: t('record.mend'), run: mend }] });
        return;
      }
      this.#setDraft(draft);
      note(t('save.why', { why: e.message }), { bad: true, stays: true });
      const c = this.#columns.findIndex(f => f.slug === e.field);
      if (c < 0) return;
      this.#missing.set(e.field, e.message);
      this.#edit(ENTRY, c);
    }
  }

  /** Its reading goes on at its neighbour. */
  #leaving(id) {
    const rows = this.#rows, at = rows.indexOf(id);
    this.#go(rows[at + 1] ?? rows[at - 1] ?? ENTRY, this.#at.c);
  }

  #remove = async record => {
    const name = recordName(this.#table, record);
    this.#leaving(record.id);
    try {
      await removeRecords({ app: this.#app, table: this.#table.slug, ids: [record.id], label: t('change.removed', { n: 1 }) });
      note(t('lines.removed', { name }), { actions: offerUndo() });
    } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
  };

  #unlink = async record => {
    const { via } = this.pointer;
    this.#leaving(record.id);
    if (await this.#save(this.#of(via, record), pointing(via, record, this.record.id, false))) note(t('lines.unlinked', { name: recordName(this.#table, record) }), { actions: offerUndo() });
  };

  #takeAway(record) { if (this.#mayUnlink) this.#unlink(record); else if (this.#mayRemove) this.#remove(record); }
  /** What is owned goes altogether; what stands on its own only stops pointing here. */
  get #mayRemove() { return this.pointer.isOwned && this.#may.delete; }
  get #mayUnlink() { return !this.pointer.isOwned && this.#mayLink; }

  #link(isOn) {
    this.#isLinking = isOn;
    this.querySelector('.lines-pick').replaceChildren();
    this.update();
    if (!isOn) { queueMicrotask(() => this.querySelector('.lines-link')?.focus()); return; }
    const { via } = this.pointer, field = { slug: via.slug, name: t('lines.link', { name: this.#table.name }), type: 'reference', target: this.#table.slug, required: true, preset: { [via.slug]: pointing(via, null, this.record.id, true) } };
    const editor = makeEditor(field, { value: null, context: this.#ofLines, label: field.name });
    this.querySelector('.lines-pick').append(editor);
    queueMicrotask(() => editor.start());
  }

  /** The record that was chosen points here from now on; away from another one only if that is meant. */
  async #picked(id) {
    this.#link(false);
    if (!id) return;
    const table = this.#table, { via } = this.pointer, app = this.#app;
    try {
      const record = await loadRecord(app, table.slug, id), old = record[via.slug], name = recordName(table, record);
      if ([old].flat().includes(this.record.id)) { if (this.#list.records?.some(r => r.id === id)) note(t('lines.already', { name })); return; }
      if (via.type === 'reference' && old) {
        const other = await loadRecord(app, via.target, old).then(r => recordName(this.context.table, r), () => numbered(old));
        if (!await ask({ title: t('lines.move', { name }), body: html`<p>${t('lines.move.text', { name, field: via.name, other })}</p>`, answers: [{ value: 'yes', text: t('lines.move.do'), isMain: true }] })) return;
      }
      if (await this.#save(this.#of(via, record), pointing(via, record, this.record.id, true))) note(t('lines.linked', { name }), { actions: offerUndo() });
    } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
  }

  #key = e => {
    const td = e.target.closest('[data-c]');
    if (!td || e.target !== td || e.defaultPrevented) return;
    const { id } = td.parentElement.dataset, c = Number(td.dataset.c), rows = this.#rows, at = rows.indexOf(id), record = this.#list.shown.find(r => r.id === id), isPlain = !e.ctrlKey && !e.metaKey && !e.altKey;
    const to = isPlain && { ArrowUp: [rows[at - 1], c], ArrowDown: [rows[at + 1], c], ArrowLeft: [id, c - 1], ArrowRight: [id, c + 1], Home: [id, 0], End: [id, Infinity] }[e.key];
    if (to) { if (to[0]) this.#go(...to); }
    else if ((e.ctrlKey || e.metaKey) && e.key === 'Delete' && record) this.#takeAway(record);
    else if (!isPlain) return;
    else if (e.key === 'Enter' || e.key === 'F2') this.#edit(id, c);
    else if (e.key === ' ' && record) go(recordHref(this.#app, this.#table.slug, id));
    else if (e.key === 'Delete' && record) { const field = this.#columns[c]; if (this.#mayEdit(field)) this.#take(this.#of(field, record), Array.isArray(record[field.slug]) ? [] : null); }
    else if ([...e.key].length === 1 && e.key !== ' ') this.#edit(id, c, e.key);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  #clicked = e => {
    const td = e.target.closest('[data-c]');
    if (!td || e.target.closest('a, button, input, textarea, .line-slot') || String(getSelection())) return;
    this.#edit(td.parentElement.dataset.id, Number(td.dataset.c));
  };

  #cell(field, c, record, ends) {
    const id = record?.id ?? ENTRY, isOpen = this.edited?.id === id && this.edited.c === c, isAt = this.#at.id === id && this.#at.c === c;
    const value = record ? record[field.slug] : this.#draft[field.slug], refusal = record && this.#refusal(id, field), missing = !record && this.#missing.get(field.slug), hint = !record && c === 0 && isEmpty(value);
    const name = field === displayField(this.#table) && record && isEmpty(value) ? html`<span class="faint">${numbered(id)}</span>` : null;
    return html`<td role="gridcell" data-c=${c} tabindex=${isAt && !isOpen ? 0 : -1} data-end=${ends.has(field) ? '' : null} data-open=${isOpen ? '' : null} data-trouble=${refusal || missing ? '' : null}
      aria-invalid=${refusal || missing ? 'true' : null} aria-readonly=${(record ? this.#mayEdit(field) : this.#mayType(field)) ? null : 'true'} title=${refusal?.problem ?? missing ?? null}><div class="line-slot"></div>
      ${!isOpen && html`<div class="line-value">${hint ? html`<span class="faint">${t('lines.type')}</span>` : cell(field, value, this.#ofLines, ends.get(field)) ?? name}</div>`}</td>`;
  }

  #row(record, columns, ends) {
    const name = recordName(this.#table, record), stop = this.#at.id === record.id ? 0 : -1;
    return html`<tr role="row" data-id=${record.id}>${each(columns, f => f.slug, (f, c) => this.#cell(f, c, record, ends))}
      <td role="gridcell" class="line-acts"><div class="line-tools"><a class="btn square" tabindex=${stop} href=${recordHref(this.#app, this.#table.slug, record.id)} aria-label=${t('grid.open', { name })} title=${t('grid.open', { name })}>${icon('expand')}</a>${this.#mayUnlink
        ? html`<button type="button" class="btn square" tabindex=${stop} aria-label=${t('lines.unlink', { name })} title=${t('lines.unlink', { name })} @click=${() => this.#unlink(record)}>${icon('close')}</button>`
        : this.#mayRemove && html`<button type="button" class="btn square" tabindex=${stop} aria-label=${t('lines.remove', { name })} title=${t('lines.remove', { name })} @click=${() => this.#remove(record)}>${icon('bin')}</button>`}</div></td></tr>`;
  }

  #grid(shown) {
    const columns = this.#columns, ends = new Map(columns.filter(f => isAtEnd(f, shown.map(r => r[f.slug]))).map(f => [f, columnDigits(f, shown.map(r => r[f.slug]).filter(v => v !== null && v !== undefined))]));
    return html`<div class="lines-box"><table role="grid" class="lines" aria-label=${this.pointer.name} aria-rowcount=${this.#list.total + (this.#mayAdd ? 2 : 1)} @keydown=${this.#key} @click=${this.#clicked}>
      <thead><tr role="row">${each(columns, f => f.slug, f => html`<th scope="col" role="columnheader" data-end=${ends.has(f) ? '' : null}>${f.name}</th>`)}<th scope="col" role="columnheader"><span class="quiet">${t('lines.acts')}</span></th></tr></thead>
      <tbody>${each(shown, r => r.id, r => this.#row(r, columns, ends))}
        ${this.#mayAdd && html`<tr role="row" class="line-new" data-id=${ENTRY} aria-label=${t('lines.new')}>${each(columns, f => f.slug, (f, c) => this.#cell(f, c, null, ends))}<td role="gridcell" class="line-acts">${Object.keys(this.#draft).length > 0
          && html`<div class="line-tools"><button type="button" class="btn square" aria-label=${t('lines.add')} title=${t('lines.add')} @click=${() => { this.leave(); this.#create(); }}>${icon('tick')}</button></div>`}</td></tr>`}</tbody>
    </table></div>`;
  }

  #begin = () => { this.#wanted = true; this.update(); queueMicrotask(() => this.#edit(ENTRY, this.#columns.findIndex(f => this.#mayType(f)))); };

  #body(shown) {
    const list = this.#list;
    if (list.fault) return html`<p class="form-error" role="alert">${list.fault.message} <button type="button" class="btn" @click=${() => list.load()}>${t('again')}</button></p>`;
    if (!list.records) return html`<div class="skeleton">${bars(2)}</div>`;
    if (shown.length || this.pointer.isLines || this.#wanted || Object.keys(this.#draft).length) return html`${this.#grid(shown)}${list.hasMore && html`<button type="button" class="btn" @click=${() => list.more()}>${t('lines.more', { n: list.total - shown.length })}</button>`}`;
    return null;
  }

  view() {
    const { pointer } = this, list = this.#list, shown = list.shown, title = `lines-${pointer.key}`, isBare = !shown.length && !pointer.isLines && !this.#wanted;
    const words = html`${pointer.by ? t('lines.by', { name: pointer.name, field: pointer.by }) : pointer.name}${list.records && html` <span class="n">${count(list.total)}</span>`}`;
    return html`<section class="linked" aria-labelledby=${title}>
      <header class="linked-head">${this.isWide ? html`<h2 id=${title}>${words}</h2>` : html`<h3 id=${title}>${words}</h3>`}
        ${this.#mayAdd && isBare && html`<button type="button" class="btn square" aria-label=${t('lines.begin', { name: pointer.name })} title=${t('lines.begin', { name: pointer.name })} @click=${this.#begin}>${icon('plus')}</button>`}
        ${this.#mayLink && html`<button type="button" class="btn square lines-link" aria-expanded=${String(this.#isLinking)} aria-label=${t('lines.link', { name: this.#table.name })} title=${t('lines.link', { name: this.#table.name })} @click=${() => this.#link(!this.#isLinking)}>${icon('link')}</button>`}
        <a class="btn square" href=${allHref(this.#app, pointer, this.record.id)} aria-label=${t('lines.all', { name: pointer.name })} title=${t('lines.all', { name: pointer.name })}>${icon('table')}</a></header>
      <div class="lines-pick" ?hidden=${!this.#isLinking}></div>
      ${this.#body(shown)}</section>`;
  }
}
define('ui-lines', Lines);
