// The clipboard of the grid: cells out as text and as a table, cells in from any spreadsheet, with a look at what will happen first.
// By the events of the browser, which need no permission and work at every address. Not here: the two text forms (app/clip.js).
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { get } from '../app/api.js';
import { fromTsv, toTable, toTsv } from '../app/clip.js';
import { HEAD } from '../app/layout.js';
import { isEditable, parseValue, typedText } from '../app/parse.js';
import { nameOf, numbered } from '../app/records.js';
import { t } from '../app/i18n.js';

const CELLS_SILENT = 20, PROBLEMS_SHOWN = 5, HITS = 5, LOOKUPS_AT_ONCE = 4, ROWS_MOST = 50_000;
const isTyping = e => e.target.closest?.('input:not([type="checkbox"]), textarea');

export class Clip {
  constructor(grid) { this.grid = grid; }

  /** A value as a spreadsheet shows it. */
  #text(field, value) {
    if (value === null || value === undefined) return '';
    const { names } = this.grid.context, named = id => nameOf(names, field.target, id) ?? numbered(id);
    return field.target ? [value].flat().map(named).join(', ') : typedText(field, value);
  }

  #cells() {
    const { grid } = this, { top, bottom, left, right } = grid.range, rows = [];
    const fields = grid.columns.slice(Math.max(1, left) - 1, right);
    if (!grid.pick.isEmpty) {
      for (let r = 0; r < grid.rows.length; r++) { const record = grid.rows.at(r); if (record && grid.pick.has(record.id)) rows.push(grid.columns.map(f => this.#text(f, record[f.slug]))); }
      return rows;
    }
    if (bottom === HEAD) return [fields.map(f => f.name)];
    for (let r = Math.max(0, top); r <= bottom; r++) { const record = grid.rows.at(r); if (record) rows.push(fields.map(f => this.#text(f, record[f.slug]))); }
    return rows;
  }

  copy(e) {
    if (isTyping(e) || (!getSelection().isCollapsed && !this.grid.anchor)) return false;
    const rows = this.#cells();
    if (!rows.length) return false;
    e.clipboardData.setData('text/plain', toTsv(rows));
    e.clipboardData.setData('text/html', toTable(rows));
    e.preventDefault();
    announce(t('grid.copied', { n: rows.length * rows[0].length }));
    return true;
  }

  cut(e) { if (this.copy(e) && this.grid.pick.isEmpty) this.grid.edit.empty(); }

  /** `range`: where it was pasted. */
  async paste(e, range = this.grid.range) {
    if (isTyping(e) || !this.grid.can.write || this.grid.active.r === HEAD) return;
    const source = fromTsv(e.clipboardData.getData('text/plain')).slice(0, ROWS_MOST);
    e.preventDefault();
    if (!source.length || (source.length === 1 && source[0].length === 1 && source[0][0] === '')) return;
    const plan = await this.#plan(source, range);
    if (await this.#agreed(plan)) this.#do(plan);
  }

  /** Which record gets which values: { changed, made, problems, cut }. */
  async #plan(source, { top, bottom, left, right }) {
    const { grid } = this, c = Math.max(1, left);
    const isOne = source.length === 1 && source[0].length === 1, height = isOne ? bottom - top + 1 : source.length, width = isOne ? right - c + 1 : Math.max(...source.map(r => r.length));
    const fields = grid.columns.slice(c - 1, c - 1 + width), names = await this.#names(fields, source, isOne);
    const plan = { changed: [], made: [], base: {}, problems: [], cut: Math.max(0, width - fields.length), hasBlank: false };
    // The places of groups are passed over: a block goes on with the records behind them.
    const isGroup = at => !!grid.rows.groupAt?.(at), places = [];
    if (top >= 0) for (let at = top; places.length < height && at <= grid.lastRow; at++) if (isOne || !isGroup(at)) places.push(at);
    if (places.length) await grid.rows.need(top, places.at(-1));
    for (let i = 0; i < height; i++) {
      const texts = isOne ? fields.map(() => source[0][0]) : source[i], values = {};
      fields.forEach((field, j) => {
        if (j >= texts.length || !isEditable(field)) return;
        const { value, problem } = this.#value(field, texts[j], names);
        if (problem) plan.problems.push({ row: i + 1, text: problem });
        else values[field.slug] = value;
      });
      const record = i < places.length ? grid.rows.at(places[i]) : null;
      if (!Object.keys(values).length) continue;
      if (record) {
        plan.changed.push({ id: record.id, ...values });
        plan.base[record.id] = Object.fromEntries(Object.keys(values).map(f => [f, record[f] ?? null]));
      } else if (i < places.length) {
        if (!isGroup(places[i])) plan.problems.push({ row: i + 1, text: t('paste.away') });
      } else if (!isOne) plan.made.push(Object.fromEntries(Object.entries(values).filter(([, v]) => v !== null)));
    }
    return plan;
  }

  #value(field, text, names) {
    if (!field.target || !text.trim()) return parseValue(field, text);
    const ids = [];
    for (const part of field.type === 'references' ? text.split(/[,;]/).map(p => p.trim()).filter(Boolean) : [text.trim()]) {
      const id = names.get(`${field.target} ${part.toLowerCase()}`) ?? parseValue({ ...field, type: 'reference' }, part).value;
      if (!id) return { problem: t('edit.reference', { text: part }) };
      ids.push(id);
    }
    return { value: field.type === 'references' ? ids : ids[0] };
  }

  /** The ids of records that are pasted by their names. */
  async #names(fields, source, isOne) {
    const found = new Map(), wanted = new Map();
    fields.forEach((field, j) => {
      if (!field.target) return;
      for (const row of source) for (const part of (row[isOne ? 0 : j] ?? '').split(field.type === 'references' ? /[,;]/ : /$^/)) if (part.trim()) wanted.set(`${field.target} ${part.trim().toLowerCase()}`, { target: field.target, text: part.trim() });
    });
    const jobs = [...wanted];
    const work = async () => {
      for (let job = jobs.pop(); job; job = jobs.pop()) {
        const [key, { target, text }] = job, query = new URLSearchParams({ q: text, limit: HITS });
        const { results } = await get(`/api/apps/${encodeURIComponent(this.grid.context.app)}/schemas/${encodeURIComponent(target)}/lookup?${query}`);
        const hit = results.find(r => (r.display ?? '').toLowerCase() === text.toLowerCase());
        if (hit) found.set(key, hit.id);
      }
    };
    await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, work));
    return found;
  }

  /** A few cells that only change what is there need no question: one step takes them back. */
  async #agreed(plan) {
    const { changed, made, problems, cut } = plan, n = changed.length + made.length;
    if (!n && !problems.length) return false;
    if (!made.length && !problems.length && !cut && n * (Object.keys(changed[0]).length - 1) <= CELLS_SILENT) return true;
    const list = problems.slice(0, PROBLEMS_SHOWN), rest = problems.length - list.length;
    const body = html`<p>${t('paste.rows', { n: changed.length + made.length })} <b>${t('paste.update', { n: changed.length })}</b>, <b>${t('paste.new', { n: made.length })}</b>.</p>
      ${cut > 0 && html`<p>${t('paste.cut', { n: cut })}</p>`}
      ${list.length > 0 && html`<p>${t('paste.problems', { n: problems.length })}</p><ul class="ask-list">${each(list, (p, i) => i, p => html`<li>${t('paste.row', { row: p.row })} ${p.text}</li>`)}</ul>${rest > 0 && html`<p class="faint">${t('paste.more', { n: rest })}</p>`}`}`;
    const answers = [...(n ? [{ value: 'all', text: t('paste.do'), isMain: true }] : []), ...(made.length && changed.length ? [{ value: 'update', text: t('paste.only') }] : [])];
    const { ask } = await import('./ask.js');
    const answer = await ask({ title: t('paste.title'), body, answers });
    if (answer === 'update') plan.made = [];
    return !!answer;
  }

  async #do({ changed, made, base }) { await this.grid.edit.send(changed, made, base); }
}
