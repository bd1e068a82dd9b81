// Editing in the grid: the editor in a cell, the row that new records are typed into, emptying, filling, and what to do when the server says no.
// Not here: the editors (ui/editors/), sending (app/edit.js), pasting (gridclip.js).
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { later } from '../lib/el.js';
import { changeRecord, createRecord, isSame, refusalOf, setRefusal } from '../app/edit.js';
import { ENTRY } from '../app/layout.js';
import { missed, note } from '../app/notes.js';
import { isEditable, parseValue, typedText } from '../app/parse.js';
import { recordName } from '../app/records.js';
import { person } from '../app/session.js';
import { plainText, wordOf } from '../app/types.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';
import { cell } from './value.js';

const draftKey = grid => `ui:draft:${person.get()?.id}:${grid.context.app}/${grid.table.slug}`;
let makeEditor = null;
const isEmpty = v => v === null || v === undefined || v === '' || (Array.isArray(v) && !v.length);
const emptyOf = field => parseValue(field, '').value;

export class Editing {
  #at = null;
  #editor = null;
  #draft = null;
  #draftOf = '';
  #missing = new Set();
  // A cell whose editor is on its way: what is typed meanwhile is kept for it.
  #opening = null;
  // Keys that came behind the end of an edit.
  #rest = [];
  #isReady = false;
  // Comes behind the first rows.
  #offerUndo = null;

  constructor(grid) { this.grid = grid; }

  get isOpen() { return !!this.#editor; }
  /** Whether a key comes before its editor does, and is dealt with: what is typed is kept for it, and what ends an edit ends it as soon as it is there. */
  early({ key, shiftKey, altKey, ctrlKey, metaKey }) {
    const opening = this.#opening;
    if (!opening) return false;
    // What comes behind the end of an edit is for the cell that is next.
    if (opening.ends) { opening.rest.push({ key, shiftKey, altKey, ctrlKey, metaKey }); return true; }
    // The editor comes with its text selected.
    if (altKey || ctrlKey || metaKey) return key.toLowerCase() === 'a';
    if (key === 'Tab') opening.ends = shiftKey ? 'left' : 'right';
    else if (key === 'Enter') { if (opening.typed !== null) opening.ends = shiftKey ? 'up' : 'down'; }
    else if (key === 'Escape') this.#opening = null;
    else if (key === 'Backspace' || key === 'Delete') opening.typed = (opening.typed ?? '').slice(0, -1);
    else if ([...key].length === 1) opening.typed = (opening.typed ?? '') + key;
    return true;
  }
  /** The row whose node must not be given away, or null. */
  get row() { return this.#at?.r ?? null; }

  /** What was typed into a cell and refused: { text, problem }. */
  troubleOf(id, slug) { return refusalOf(this.grid.context.app, this.grid.table.slug, id, slug); }

  #deal(record, field) { setRefusal(this.grid.context.app, this.grid.table.slug, record.id, field.slug, null); }

  /** What is typed so far of a record that is not there yet. Kept in this browser. */
  get draft() {
    const key = draftKey(this.grid);
    if (key !== this.#draftOf) {
      this.#draftOf = key;
      this.#missing.clear();
      try { this.#draft = JSON.parse(localStorage.getItem(key) ?? '{}'); } catch { this.#draft = {}; }
    }
    return this.#draft;
  }

  #setDraft(draft) {
    this.#draft = draft;
    try {
      if (Object.keys(draft).length) localStorage.setItem(draftKey(this.grid), JSON.stringify(draft));
      else localStorage.removeItem(draftKey(this.grid));
    } catch { /* It is in memory. */ }
    this.grid.update();
  }

  entryRow(columns, { lefts, ends, slots, name }) {
    const { draft } = this, has = Object.keys(draft).length > 0, { layout, table } = this.grid;
    const word = (table.model ?? table.name).toLowerCase();
    return html`<tr role="row" class="entry" aria-rowindex="2" aria-label=${t('grid.entry.name')} data-has=${has ? '' : null}>
      <td role="gridcell" class="number frozen" tabindex="-1" aria-colindex="1" aria-label=${t('grid.entry.name')}>${icon('plus')}</td>
      ${each(columns, c => c.slug, (f, i) => html`<td role="gridcell" tabindex="-1" class=${i < layout.frozen ? 'frozen' : null} data-col=${i + 1} aria-colindex=${i + 2} data-end=${ends.has(f) ? '' : null}
        data-slot=${f === name ? 'name' : slots?.get(f.slug)} data-missing=${this.#missing.has(f.slug) ? '' : null} aria-invalid=${this.#missing.has(f.slug) ? 'true' : null}>
        ${isEmpty(draft[f.slug]) ? this.#hint(f, i, word, lefts) : cell(f, draft[f.slug], this.grid.context)}</td>`)}
    </tr>`;
  }

  #hint(field, i, word) {
    if (i === 0) return html`<span class="faint">${t(/^[aeiou]/.test(word) ? 'grid.entry.an' : 'grid.entry.a', { name: word })}</span>`;
    return this.#missing.has(field.slug) ? html`<span class="missing">${t('grid.entry.missing')}</span>` : null;
  }

  /** Opens the editor of a cell. `typed` is the character that began it, and replaces the value. */
  async open(r, c, typed = null) {
    const { grid } = this, field = grid.fieldAt(c), record = r === ENTRY ? this.draft : grid.rows.at(r);
    if (!field || !record || !(r === ENTRY ? grid.can.create : grid.can.update)) { if (field && record) announce(t('save.readonly')); return; }
    if (!isEditable(field)) { announce(t('edit.readonly', { name: field.name, word: wordOf(field.type) })); return; }
    if (field.type === 'boolean' && r !== ENTRY) {
      if (typed === null) this.save(record, { [field.slug]: !record[field.slug] });
      return;
    }
    const opening = this.#opening = { typed, ends: null, rest: [] };
    for (const key of this.#rest.splice(0)) this.early(key);
    // Once they are here, an editor opens with the key that asks for it.
    if (!makeEditor) ({ makeEditor } = await import('./editors/editors.js').catch(missed));
    // Called off, or another cell is asked for meanwhile.
    if (this.#opening !== opening) return;
    this.#opening = null;
    if (!makeEditor) return;
    this.#editor?.finish(null);
    const trouble = this.troubleOf(record.id, field.slug), td = grid.cellAt(r, c);
    if (!td || this.#editor) return;
    this.#at = { r, c, field, record };
    td.dataset.editing = '';
    // The row lies over those below it as long as the editor may reach beyond its cell.
    td.parentElement.dataset.edited = '';
    const editor = this.#editor = makeEditor(field, { value: record[field.slug] ?? null, context: grid.context, label: field.name, typed: opening.typed ?? (trouble && (trouble.text ?? typedText(field, trouble.value))) });
    td.append(editor);
    if (trouble && opening.typed === null) editor.problem = trouble.problem;
    queueMicrotask(() => {
      editor.start();
      if (!opening.ends) return;
      this.#rest = opening.rest;
      editor.finish(opening.ends);
      this.#goOn();
    });
  }

  /** Presses what is left again, where the grid is by now. An editor that opens takes it; one that stayed, for its value was refused, does not. */
  #goOn() {
    const { grid } = this;
    while (this.#rest.length && !this.isOpen) {
      const key = this.#rest.shift();
      (grid.cellAt(grid.active.r, grid.active.c) ?? grid.grid).dispatchEvent(new KeyboardEvent('keydown', { ...key, bubbles: true, cancelable: true }));
    }
    this.#rest = [];
  }

  #close() {
    const at = this.#at, editor = this.#editor;
    this.#at = this.#editor = null;
    const td = editor.parentElement;
    editor.remove();
    if (td) { delete td.dataset.editing; delete td.parentElement.dataset.edited; }
    return at;
  }

  done({ detail: { value, move }, target }) {
    if (target !== this.#editor) return;
    const text = target.input?.value ?? '', { r, c, field, record } = this.#close(), { grid } = this;
    if (r === ENTRY) { this.#typedNew(field, value, move, c); return; }
    const isNew = !isSame(value, record[field.slug]) && !(isEmpty(value) && isEmpty(record[field.slug]));
    this.#deal(record, field);
    if (isNew) this.save(record, { [field.slug]: value }, text);
    else grid.update();
    this.#move(r, c, move);
  }

  dropped({ target }) {
    if (target !== this.#editor) return;
    const { record, field } = this.#close();
    if (record.id) this.#deal(record, field);
    this.grid.focusActive();
    this.grid.update();
  }

  #move(r, c, move) {
    const { grid } = this, side = { left: -1, right: 1 }[move];
    if (side) {
      grid.go(r, c + side);
      if (grid.active.c !== c && grid.fieldAt(grid.active.c)?.type !== 'boolean') this.open(r, grid.active.c);
    } else if (move) grid.go(move === 'down' ? Math.min(r + 1, grid.lastRow) : Math.max(r - 1, grid.firstRow), c);
    else this.#backUnlessElsewhere();
  }

  /** The focus comes back to the grid, unless the person went somewhere with the pointer: that gets it first. */
  #backUnlessElsewhere() {
    requestAnimationFrame(() => { if (document.activeElement === document.body && !this.isOpen) this.grid.focusActive(); });
  }

  #typedNew(field, value, move, c) {
    const draft = { ...this.draft };
    if (isEmpty(value)) delete draft[field.slug]; else draft[field.slug] = value;
    this.#missing.delete(field.slug);
    this.#setDraft(draft);
    if (move === 'down') this.create();
    else if (move === 'left' || move === 'right') this.#move(ENTRY, c, move);
    else if (move) this.grid.focusActive();
    else this.#backUnlessElsewhere();
  }

  /** Makes a record of what is typed. While something required is empty it stays as it is, and is kept. */
  async create() {
    const { grid, draft } = this, { table, context } = grid;
    if (!Object.keys(draft).length) { grid.focusActive(); return; }
    const missing = table.fields.filter(f => f.required && isEditable(f) && isEmpty(draft[f.slug]) && isEmpty(f.default));
    this.#missing = new Set(missing.map(f => f.slug));
    if (missing.length) {
      const c = grid.columns.indexOf(missing[0]) + 1;
      announce(t('grid.entry.unsaved', { name: missing[0].name }));
      note(t('grid.entry.unsaved', { name: missing.map(f => f.name).join(', ') }));
      grid.update();
      if (c) { grid.go(ENTRY, c); this.open(ENTRY, c); }
      return;
    }
    this.#setDraft({});
    grid.go(ENTRY, 1);
    try {
      const made = await createRecord({ app: context.app, table: table.slug, values: draft, label: t('change.added', { record: recordName(table, { id: '', ...draft }) }) });
      note(t('grid.added', { name: recordName(table, made) }), { actions: this.#offerUndo?.() });
    } catch (e) {
      if (!Object.keys(this.draft).length) this.#setDraft(draft);
      const at = grid.columns.findIndex(f => f.slug === e.field) + 1;
      note(t('save.why', { why: e.message }), { bad: true, stays: true });
      if (at) { this.#missing.add(e.field); grid.update(); grid.go(ENTRY, at); }
    }
  }

  /** Saves some values of one record; what is refused stays at its cell, with the reason. */
  async save(record, values, text = null) {
    const { grid } = this, { app } = grid.context, { table } = grid, [slug] = Object.keys(values), field = table.fields.find(f => f.slug === slug);
    try {
      await changeRecord({ app, table: table.slug, before: record, values, text: text || null, label: t('change.field', { field: field.name, record: recordName(table, record) }) });
      announce(t('save.done', { name: field.name }));
    } catch (e) {
      if (e.clash) { this.#clash(field, e); return; }
      note(t('save.why', { why: e.message }), { bad: true, stays: true, actions: [{ text: t('grid.show'), run: () => this.#show(record.id, slug) }] });
      grid.rows.version++;
      grid.update();
    }
  }

  #show(id, slug) {
    const { grid } = this, r = grid.rows.indexOf(id), c = grid.columns.findIndex(f => f.slug === slug) + 1;
    if (r < 0 || !c) return;
    grid.go(r, c);
    this.open(r, c);
  }

  /** Both values, who was faster, and the choice. Nothing is overwritten before that; the record panel shows the same beside the field. */
  async #clash(field, fault) {
    const { grid } = this, { slug } = field, { record } = fault, { app } = grid.context, said = value => plainText(field, value) || t('edit.clear');
    const { whoChanged } = await import('../app/recordlog.js'), who = await whoChanged(app, grid.table, record.id, field);
    const refusal = refusalOf(app, grid.table.slug, record.id, slug);
    // Dealt with meanwhile, in the panel.
    if (!refusal) return;
    const text = t('conflict.text', { who, field: field.name, mine: said(refusal.value), theirs: said(record[slug]) });
    const made = note(text, {
      bad: true, stays: true,
      actions: [{ text: t('conflict.mine'), run: () => this.save(record, { [slug]: refusal.value }) }, { text: t('conflict.theirs'), run: () => { this.#deal(record, field); grid.focusActive(); } }],
    });
    setRefusal(app, grid.table.slug, record.id, slug, { ...refusal, problem: text, note: made.id });
  }

  /** The records of the range that are loaded, with their rows. */
  #inRange() {
    const { grid } = this, { top, bottom } = grid.range, found = [];
    for (let r = Math.max(0, top); r <= bottom; r++) { const record = grid.rows.at(r); if (record) found.push(record); }
    return found;
  }

  #fields() {
    const { grid } = this, { left, right } = grid.range;
    return grid.columns.slice(Math.max(1, left) - 1, right).filter(isEditable);
  }

  /** Empties the cells of the range. */
  empty() {
    const { grid } = this, fields = this.#fields();
    if (!grid.can.update || !fields.length) return;
    if (grid.active.r === ENTRY) {
      const draft = { ...this.draft };
      for (const f of fields) delete draft[f.slug];
      this.#setDraft(draft);
      return;
    }
    const rows = this.#inRange().filter(r => fields.some(f => !isEmpty(r[f.slug])));
    this.#many(rows.map(r => [r, Object.fromEntries(fields.map(f => [f.slug, emptyOf(f)]))]));
  }

  /** The values of the active row go to all rows of the range. */
  fill() {
    const { grid } = this, fields = this.#fields(), from = grid.rows.at(grid.active.r);
    if (!grid.can.update || !from || !grid.anchor) return;
    this.#many(this.#inRange().filter(r => r !== from && r.id !== from.id).map(r => [r, Object.fromEntries(fields.map(f => [f.slug, from[f.slug]]))]));
  }

  #many(pairs) {
    if (pairs.length === 1 && Object.keys(pairs[0][1]).length === 1) { this.save(...pairs[0]); return; }
    const seen = ([record, values]) => [record.id, Object.fromEntries(Object.keys(values).map(f => [f, record[f] ?? null]))];
    if (pairs.length) this.send(pairs.map(([record, values]) => ({ id: record.id, ...values })), [], Object.fromEntries(pairs.map(seen)));
  }

  /** Changes and makes many at once, all or none, and says so. `base`: the values as they were seen, by id. */
  async send(changed, made, base) {
    const { grid } = this, { app } = grid.context, n = changed.length + made.length;
    try {
      const { sendMany } = await import('./clashes.js');
      if (!await sendMany({ app, table: grid.table, context: grid.context, rows: grid.rows, changed, made, base, label: t('change.many', { n }) })) return false;
      note(made.length ? t('grid.pasted', { n: changed.length, m: made.length }) : t('grid.changed', { n }), { actions: this.#offerUndo?.() });
      return true;
    } catch (e) {
      note(t('save.why', { why: e.message }), { bad: true, stays: true });
      return false;
    }
  }

  /** The grid was drawn anew: editors are to be there before the first key. */
  rendered() {
    if (!this.grid.can.write || this.#isReady) return;
    this.#isReady = true;
    later(async () => { ({ makeEditor } = await import('./editors/editors.js')); });
    later(async () => { ({ offerUndo: this.#offerUndo } = await import('../app/undo.js')); });
  }
}
