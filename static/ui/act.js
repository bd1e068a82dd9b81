// One act of the history: what was done, by whom and through what, its changes once it is opened, and the way back, with what stands in it.
// Not here: the list (screens/history.js), what entries mean (app/told.js), taking back (app/edit.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { takeBack } from '../app/edit.js';
import { loadAct } from '../app/history.js';
import { t } from '../app/i18n.js';
import { recordHref } from '../app/meta.js';
import { note } from '../app/notes.js';
import { NAMES_IN_PANEL, loadNames, numbered } from '../app/records.js';
import { stepsOf, timeOf, valueText } from '../app/told.js';
import { formatStamp } from '../app/types.js';
import { bars, icon } from './parts.js';

const STEPS_IN_SIGHT = 3;

class Act extends El {
  // change: as the list has it. names: of records that it refers to. through: words for the dialect. word: what taking back is called here.
  // isAlone: this entry and not its whole act. onToggle: opens or closes it.
  static props = { app: null, change: null, tables: [], names: null, through: '', canUndo: false, word: null, isAlone: false, isOpen: false, onToggle: null };
  #full = null;
  #fault = null;
  #names = null;
  #clash = null;
  #busy = false;
  #asked = null;

  get #table() { return this.tables.find(x => x.slug === this.change.schema) ?? null; }
  get #isRedo() { return !!this.change.undone_by && !this.isAlone; }

  prepare() {
    if (!this.isOpen || this.isAlone || this.#asked === this.change.seq) return;
    this.#asked = this.change.seq;
    this.#load();
  }

  #load = async () => {
    this.#fault = null;
    try {
      this.#full = await loadAct(this.app, this.change.seq, this.life);
      const names = new Map();
      for (const table of this.tables) {
        const held = this.#full.act.filter(e => e.schema === table.slug).flatMap(e => [e.data?.before, e.data?.after].filter(Boolean));
        if (held.length) for (const [key, name] of await loadNames(this.app, this.tables, table, held, NAMES_IN_PANEL, this.life)) names.set(key, name);
      }
      this.#names = names;
    } catch (e) { if (e.name !== 'AbortError') this.#fault = e; }
    this.update();
  };

  /** Takes back, or does again. What stands in the way is shown with both values, and decided here. */
  #take = async ({ onConflict = 'refuse', entry = null } = {}) => {
    if (this.#busy) return;
    this.#busy = true;
    this.#clash = null;
    this.update();
    const { change } = this, isRedo = !entry && this.#isRedo, what = { app: this.app, table: change.schema, change: entry?.seq ?? change.seq, isAlone: !!entry || this.isAlone, label: (entry ?? change).label };
    try {
      await takeBack({ ...what, isRedo, onConflict });
      const again = async () => { try { await takeBack({ ...what, isRedo: !isRedo, onConflict: 'refuse' }); } catch (e) { note(t('undo.failed', { what: what.label, why: e.message }), { bad: true }); } };
      note(t(isRedo ? 'undo.again' : 'undo.done', { what: what.label }), { actions: [{ text: t(isRedo ? 'undo.undo' : 'undo.redo'), run: again }] });
      this.#asked = null;
    } catch (e) {
      // Of what is brought back some may be there again: that is what was wanted.
      if (this.word && onConflict === 'refuse' && e.conflicts?.length && e.conflicts.every(c => c.code === 'there')) { this.#busy = false; this.#take({ onConflict: 'skip' }); return; }
      this.#clash = { list: e.conflicts ?? [], text: e.message, entry };
      announce(e.message);
    }
    this.#busy = false;
    this.update();
    if (this.#clash) whenRendered(() => this.querySelector('.clash button')?.focus());
  };

  #leave = () => { this.#clash = null; this.update(); whenRendered(() => this.querySelector('.act-back')?.focus()); };

  #value(c, value) {
    const table = this.tables.find(x => x.slug === c.schema), field = table?.fields.find(f => f.slug === c.field);
    const text = valueText(field, value, this.#names ?? this.names ?? new Map());
    return text === null ? html`<span class="faint">${t('edit.clear')}</span>` : html`<b>${text}</b>`;
  }

  #clashing() {
    const { list, text, entry } = this.#clash;
    const named = c => { const table = this.tables.find(x => x.slug === c.schema); return [table?.name ?? c.schema, table?.fields.find(f => f.slug === c.field)?.name ?? c.field].filter(Boolean).join(', '); };
    return html`<div class="clash" role="group" aria-label=${t('history.clash')}><p>${list.length ? t('history.clash') : text}</p>
      ${list.length ? html`<ul>${each(list, (_, i) => i, c => html`<li><p>${c.field ? html`${named(c)}${c.record && html` <a href=${recordHref(this.app, c.schema, c.record)}>${numbered(c.record)}</a>`}` : c.message}</p>
        ${c.field && html`<dl><div><dt>${t('history.mine')}</dt><dd>${this.#value(c, c.mine)}</dd></div><div><dt>${c.by ? t('history.theirs.by', { who: c.by, at: formatStamp(c.at) }) : t('history.theirs')}</dt><dd>${this.#value(c, c.theirs)}</dd></div></dl>`}</li>`)}</ul>` : null}
      <div class="row">${list.length ? html`<button type="button" class="btn line" @click=${() => this.#take({ onConflict: 'overwrite', entry })}>${t('undo.anyway')}</button>
        <button type="button" class="btn line" @click=${() => this.#take({ onConflict: 'skip', entry })}>${t('history.skip')}</button>` : null}
        <button type="button" class="btn" @click=${this.#leave}>${t('history.leave')}</button></div></div>`;
  }

  #step(s, isUpdate) {
    const side = (text, word) => (text === null ? html`<span class="faint"><span class="quiet">${word} </span>${t('edit.clear')}</span>` : html`<span class="prose"><span class="quiet">${word} </span>${text}</span>`);
    // What came or went has one side only.
    const hasBoth = isUpdate || (s.before !== null && s.after !== null), was = html`<span class="step-was">${side(s.before, t('history.before'))}</span>`, is = html`<span class="step-is">${side(s.after, t('history.after'))}</span>`;
    return html`<li class="step"><span class="step-of">${s.name}</span>${hasBoth ? html`${was}<span class="step-to" aria-hidden="true">→</span>${is}` : s.after === null ? was : is}</li>`;
  }

  #steps(entry, most = Infinity) {
    const steps = stepsOf(entry, this.tables.find(x => x.slug === entry.schema) ?? null, this.#names ?? this.names ?? new Map()), shown = steps.slice(0, most);
    return steps.length ? html`<ul class="act-steps">${each(shown, (_, i) => i, s => this.#step(s, entry.kind === 'update'))}${steps.length > shown.length && html`<li class="hint">${t('history.more', { n: steps.length - shown.length })}</li>`}</ul>` : null;
  }

  #entry(e, i) {
    const table = this.tables.find(x => x.slug === e.schema), isThere = e.record && e.kind !== 'delete' && table;
    return html`<li class="act-entry"><p>${isThere ? html`<a href=${recordHref(this.app, e.schema, e.record)}>${e.label}</a>` : e.label}
      ${i > 0 && this.canUndo && !this.change.undone_by && html`<button type="button" class="btn" @click=${() => this.#take({ entry: e })}>${t('history.alone')}<span class="quiet"> ${e.label}</span></button>`}</p>${this.#steps(e)}</li>`;
  }

  #opened() {
    if (this.#fault) return html`<p class="form-error" role="alert">${this.#fault.message} <button type="button" class="btn" @click=${this.#load}>${t('again')}</button></p>`;
    if (!this.#full) return html`<div class="skeleton">${bars(2)}</div>`;
    const { act, entries } = this.#full;
    return html`<ul class="act-entries">${each(act, e => e.seq, (e, i) => this.#entry(e, i))}</ul>${entries > act.length && html`<p class="hint">${t('history.more', { n: entries - act.length })}</p>`}`;
  }

  view() {
    const { change: c, isOpen } = this, table = this.#table, isOne = c.entries === 1 || this.isAlone, isPlain = isOne && c.kind === 'update' && c.undoes === null;
    const meta = [c.by, this.through.toLowerCase() !== c.by && this.through, c.token && t('history.token', { name: c.token }), table?.name, !isOne && t('history.entries', { n: c.entries })].filter(Boolean);
    const back = this.canUndo && (c.can_undo || c.undone_by), word = this.#isRedo ? t('undo.redo') : this.word ?? t('undo.undo'), said = isPlain || this.isAlone ? c.label : c.sentence;
    return html`<div class="act" data-undone=${c.undone_by ? '' : null} data-open=${isOpen ? '' : null}>
      <time datetime=${c.at} title=${formatStamp(c.at)}>${timeOf(c.at)}</time>
      <div class="act-main">${this.onToggle ? html`<button type="button" class="act-face" aria-expanded=${String(isOpen)} @click=${() => this.onToggle(c.seq)}>${icon(isOpen ? 'down' : 'right')}<span>${said}</span></button>` : html`<p class="act-said">${said}</p>`}
        <p class="act-meta">${each(meta, (_, i) => i, (m, i) => html`${i > 0 && ' · '}${m}`)}${c.undone_by && html` <span class="tag" data-tint="grey">${t('history.undone')}</span>`}</p>
        ${!isOpen && isOne && !(this.word && c.kind === 'define') && this.#steps(c, STEPS_IN_SIGHT)}${isOpen && this.#opened()}${this.#clash && this.#clashing()}</div>
      ${back ? html`<button type="button" class="btn line act-back" aria-disabled=${String(this.#busy)} @click=${() => this.#take()}>${icon(this.#isRedo ? 'redo' : 'undo')}<span class="act-word">${word}</span><span class="quiet"> ${said}</span></button>` : null}</div>`;
  }
}
define('ui-act', Act);
