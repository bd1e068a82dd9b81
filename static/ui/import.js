// Taking rows in, in four steps of one page, each of which can be come back to: file, columns, check, done.
// Not here: what is done with the rows (app/import.js), the look of the second and third step (mapping.js, problems.js).
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { makeApp, makeTable } from '../app/design.js';
import { rowsOf, takeOver } from '../app/handover.js';
import { guessMapping, makeRecords, newFields, readRows, rehearse, run } from '../app/import.js';
import { recallMapping, rememberMapping } from '../app/mapping.js';
import { loadTable, tableHref } from '../app/meta.js';
import { note } from '../app/notes.js';
import { t } from '../app/i18n.js';
import { displayField, formatDate } from '../app/types.js';
import { offerUndo, watchUndo } from '../app/undo.js';
import { icon } from './parts.js';
import './mapping.js';
import './problems.js';

const STEPS = ['file', 'columns', 'check', 'done'];
const KEYS = ['text', 'email', 'phone', 'url', 'integer', 'sequence', 'decimal', 'number'];
const FILES = '.csv,.tsv,.txt,.xlsx,.xlsm,.json,.ndjson,.jsonl';
/** `people-2026.csv` as a name for people. */
const nameFrom = file => { const words = file.replace(/\.\w+$/, '').replace(/[_-]+/g, ' ').trim(); return words.charAt(0).toUpperCase() + words.slice(1); };

class Import extends El {
  // app: null when it is to be made, table: null when that is to be made. onDone: called when the records are there.
  static props = { app: null, table: null, tables: [], onDone: null };
  #step = 'file';
  #given = null;
  #data = null;
  #plan = [];
  #match = null;
  #existing = 'update';
  #made = null;
  #found = null;
  #busy = null;
  #fault = null;
  #result = null;
  #turn = 0;
  #name = '';
  // The mapping of last time, when it is used again; and whether this one is kept.
  #recalled = null;
  #keeps = true;

  connected() {
    const signal = this.life, given = takeOver();
    document.addEventListener('dragover', e => e.preventDefault(), { signal });
    document.addEventListener('drop', e => { e.preventDefault(); this.#take(rowsOf(e.dataTransfer)); }, { signal });
    document.addEventListener('paste', e => { if (!e.target.closest?.('input, textarea')) this.#take(rowsOf(e.clipboardData)); }, { signal });
    // Leaving the page ends what is only looked at; an import that has begun goes on.
    signal.addEventListener('abort', () => { if (this.#busy?.word !== 'import.running') this.#busy?.end.abort(); });
    if (given) this.#take(given);
  }

  /** Runs one thing that takes a while, with its progress and a way to end it. */
  async #work(word, work) {
    const end = new AbortController();
    this.#busy = { word, end, job: null, isBlind: false };
    this.#fault = null;
    this.update();
    try {
      return await work(end.signal, job => { if (!this.#busy) return; this.#busy = { ...this.#busy, job: job ?? this.#busy.job, isBlind: !job && !this.#busy.job }; this.update(); });
    } catch (fault) {
      if (fault.name === 'AbortError' || end.signal.aborted) announce(t('import.cancelled'));
      else this.#fault = fault.kind === 'format' ? t('import.format') : fault.message;
      return null;
    } finally {
      this.#busy = null;
      this.update();
    }
  }

  #take = async (given, sheet = null) => {
    if (!given || this.#busy) return;
    const data = await this.#work('import.reading', signal => readRows(given, sheet, signal));
    if (!data) return;
    if (!data.rows.length) { this.#fault = t('import.empty'); this.update(); return; }
    this.#given = given;
    this.#data = data;
    this.#name = nameFrom(given.name);
    this.#guess();
    const kept = recallMapping(this.app, this.table, data.columns, this.#plan);
    if (kept) { this.#plan = kept.plan; this.#match = kept.match; this.#existing = kept.existing; }
    this.#recalled = kept?.at ?? null;
    this.#found = null;
    this.#go('columns');
  };

  #guess = () => {
    this.#plan = guessMapping(this.#data.columns, this.table, this.tables);
    this.#match = this.#plan.some(p => p.to === 'id') ? 'id' : this.#keys().find(f => f.unique)?.slug ?? null;
    this.#existing = 'update';
    this.#recalled = null;
    this.#found = null;
    this.update();
  };

  #go(step) {
    this.#step = step;
    this.#fault = null;
    this.update();
    whenRendered(() => this.querySelector('.import-head')?.focus());
  }

  // Fields by which a row can find its record.
  #keys() { return (this.table?.fields ?? []).filter(f => KEYS.includes(f.type) && this.#plan.some(p => p.to === f.slug)); }

  #change = (i, change) => {
    this.#plan = this.#plan.map((p, at) => {
      if (at !== i) return p;
      const next = { ...p, ...change }, field = this.table?.fields.find(f => f.slug === next.to);
      return field?.target && !next.match ? { ...next, match: displayField(this.tables.find(x => x.slug === field.target))?.slug ?? 'id' } : next;
    });
    if (this.#match && this.#match !== 'id' && !this.#keys().some(f => f.slug === this.#match)) this.#match = null;
    this.#found = null;
    this.update();
  };

  get #job() {
    const match = this.#existing === 'add' ? null : this.#match;
    return { app: this.app, table: this.table, rows: this.#data.rows, columns: this.#data.columns, plan: this.#plan, match, existing: this.#existing };
  }
  // Rows that are there already are left out before, so none of them finds a record.
  get #sent() { return this.#existing === 'skip' && this.#match !== 'id' ? { ...this.#job, match: null } : this.#job; }

  #check = async () => {
    if (!this.#plan.some(p => p.to)) { this.#fault = t('import.nocolumn'); this.update(); return; }
    const found = await this.#work('import.checking', async (signal, onProgress) => {
      const made = await makeRecords(this.#job, signal), bad = made.problems.map(p => p.at);
      if (!this.table) { const left = new Set(bad); return { made, created: made.records.length - left.size, updated: 0, problems: made.problems }; }
      const told = await rehearse(this.#sent, made, bad, onProgress, signal);
      return { made, ...told, problems: [...made.problems, ...told.problems].sort((a, b) => a.at - b.at) };
    });
    if (!found) return;
    this.#made = found.made;
    this.#found = { ...found, skipped: found.made.skipped };
    this.#turn++;
    this.#go('check');
    announce([t('tally.created', { n: found.created }), t('tally.updated', { n: found.updated }), t('tally.bad', { n: new Set(found.problems.map(p => p.at)).size })].join(', '));
  };

  #mend = (at, column, text) => {
    this.#data.rows[at][column] = text;
    this.#check();
  };

  #run = async () => {
    const result = await this.#work('import.running', async (signal, onProgress) => {
      const began = performance.now(), { app, table } = await this.#place();
      watchUndo(app);
      const done = await run({ ...this.#sent, app, table }, this.#made, this.#found.problems.map(p => p.at), onProgress, signal);
      return { ...done, app, table: await loadTable(app, table.slug), skipped: this.#made.skipped, bad: new Set(this.#found.problems.map(p => p.at)).size, s: (performance.now() - began) / 1000 };
    });
    if (!result) return;
    this.#result = result;
    if (this.#keeps) rememberMapping(result.app, result.table, this.#data.columns, { plan: this.#plan, match: this.#match, existing: this.#existing, made: this.#made.made });
    this.#go('done');
    note(this.#words(), { actions: offerUndo() });
    this.onDone?.(result);
  };

  /** The app and the table, made when they are not there yet. What was made stays, so a second try goes on with it. */
  async #place() {
    if (!this.app) {
      const made = await makeApp({ name: this.#name || t('import.unnamed') });
      this.app = made.slug;
    }
    if (!this.table) {
      const fields = newFields(this.#data.columns, this.#plan, null).map(m => m.field), named = fields.find(f => f.slug === 'name' || f.slug === 'title') ?? fields.find(f => f.type === 'text');
      const made = await makeTable(this.app, { name: this.#name || t('import.unnamed'), fields, ...(named ? { display_field: named.slug } : {}) });
      this.table = await loadTable(this.app, made.slug);
    }
    return { app: this.app, table: this.table };
  }

  #words() {
    const r = this.#result;
    return t('import.result', { added: r.created, updated: r.updated, skipped: r.skipped + r.bad, s: new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }).format(r.s) });
  }

  #file() {
    return html`<div class="dropbox"><p>${icon('upload')}${t('import.drop')}</p><div class="row"><label class="btn main-act tall filepick">${t('import.choose')}<input type="file" class="quiet" accept=${FILES} @change=${e => this.#take(rowsOf(e.target))}></label></div><p class="hint">${t('import.kinds')}</p></div>
      <div class="field"><label for="paste">${t('import.paste')}</label><textarea id="paste" rows="6" spellcheck="false" class="mono" placeholder=${t('import.paste.hint')}></textarea></div>
      <div class="row"><button type="button" class="btn line" @click=${() => { const text = this.querySelector('#paste').value; if (text.trim()) this.#take({ name: t('import.pasted'), text }); else this.querySelector('#paste').focus(); }}>${t('import.usepaste')}</button></div>`;
  }

  #columns() {
    const { rows, sheets, notes } = this.#data, keys = this.#keys(), isById = this.#plan.some(p => p.to === 'id');
    return html`<p class="hint">${t('import.about', { name: this.#given.name, n: rows.length })}${sheets.length > 1 && html` <label class="way">${t('import.sheet')}<select @change=${e => this.#take(this.#given, e.target.value)}>${each(sheets, s => s, (s, i) => html`<option value=${s} ?selected=${i === 0}>${s}</option>`)}</select></label>`}</p>
      ${this.#recalled && html`<p class="hint">${t('import.recalled', { at: formatDate(this.#recalled) })} <button type="button" class="btn" @click=${this.#guess}>${t('import.guess')}</button></p>`}
      ${notes.length ? html`<ul class="hint">${each(notes, (_, i) => i, n => html`<li>${n}</li>`)}</ul>` : null}
      ${this.table ? null : html`<div class="field narrow"><label for="table-name">${t('table.name')}</label><input id="table-name" type="text" autocomplete="off" .defaultValue=${this.#name} @input=${e => { this.#name = e.target.value.trim(); }}></div>`}
      <ui-mapping .data=${this.#data} .plan=${this.#plan} .table=${this.table} .tables=${this.tables} .onChange=${this.#change}></ui-mapping>
      ${this.table && (keys.length || isById) ? html`<fieldset class="ways"><legend>${t('import.exists')}</legend><label class="way">${t('import.match')}<select @change=${e => { this.#match = e.target.value || null; this.#found = null; this.update(); }}>
          <option value="" .selected=${!this.#match}>${t('import.nomatch')}</option>${isById && html`<option value="id" .selected=${this.#match === 'id'}>${t('map.id')}</option>`}${each(keys, f => f.slug, f => html`<option value=${f.slug} .selected=${f.slug === this.#match}>${f.name}</option>`)}</select></label>
        ${this.#match && this.#match !== 'id' ? each(['update', 'skip', 'add'], x => x, x => html`<label class="tick"><input type="radio" name="existing" .checked=${this.#existing === x} @change=${() => { this.#existing = x; this.#found = null; this.update(); }}>${t(`import.${x}`)}</label>`) : null}</fieldset>` : null}
      <label class="tick"><input type="checkbox" .checked=${this.#keeps} @change=${e => { this.#keeps = e.target.checked; }}>${t('import.keep')}</label>
      <div class="row"><button type="button" class="btn main-act tall" @click=${this.#check}>${t('import.check', { n: rows.length })}</button></div>`;
  }

  #checked() {
    const n = this.#found.created + this.#found.updated;
    return html`${each([this.#turn], x => x, () => html`<ui-problems .data=${this.#data} .plan=${this.#plan} .found=${this.#found} .name=${this.#given.name} .onMend=${this.#mend}></ui-problems>`)}
      <div class="row">${n ? html`<button type="button" class="btn main-act tall" @click=${this.#run}>${t(this.#found.problems.length ? 'import.good' : 'import.go', { n })}</button>` : null}
        <button type="button" class="btn line" @click=${() => this.#go('columns')}>${t('import.back')}</button></div>`;
  }

  #done() {
    const { app, table } = this.#result;
    return html`<p class="said"><span>${this.#words()}</span></p><div class="row"><a class="btn main-act tall" href=${tableHref(app, table.slug)}>${t('import.see', { table: table.name })}</a><button type="button" class="btn line" @click=${() => { this.#data = this.#result = null; this.#go('file'); }}>${t('import.again')}</button></div>`;
  }

  #progress() {
    // Whoever may not see the job of the server cannot end it, either: it goes on, and one step takes it back.
    const { word, job, end, isBlind } = this.#busy, total = job?.total, isGoing = isBlind && word === 'import.running';
    return html`<div class="working" role="status"><p>${t(word)}${job && total ? ` ${t('import.progress', { done: job.done, total })}` : ''}</p>${total ? html`<progress max=${total} value=${job.done} aria-label=${t(word)}></progress>` : html`<progress aria-label=${t(word)}></progress>`}
      ${isGoing ? html`<p class="hint">${t('import.goes')}</p>` : html`<button type="button" class="btn line" @click=${() => { end.abort(); this.update(); }} aria-disabled=${String(end.signal.aborted)}>${t(end.signal.aborted ? 'import.ending' : 'import.cancel')}</button>`}</div>`;
  }

  #stepbar() {
    const at = STEPS.indexOf(this.#step), reached = { file: true, columns: !!this.#data, check: !!this.#found, done: !!this.#result };
    return html`<ol class="stepbar">${each(STEPS, s => s, (s, i) => html`<li aria-current=${s === this.#step ? 'step' : null} data-past=${i < at ? '' : null}>${reached[s] && s !== this.#step && !this.#result
      ? html`<button type="button" @click=${() => this.#go(s)}><span>${i + 1}</span>${t(`step.${s}`)}</button>` : html`<span class="step-name"><span>${i + 1}</span>${t(`step.${s}`)}</span>`}</li>`)}</ol>`;
  }

  view() {
    const steps = { file: () => this.#file(), columns: () => this.#columns(), check: () => this.#checked(), done: () => this.#done() };
    return html`<div class="page-col import">${this.#stepbar()}<h2 class="import-head" tabindex="-1">${t(`step.${this.#step}.head`)}</h2>
      ${this.#fault && html`<p class="form-error" role="alert">${this.#fault}</p>`}${this.#busy ? this.#progress() : html`<section>${steps[this.#step]()}</section>`}</div>`;
  }
}
define('ui-import', Import);
