// Building a filter: rows of field, operator and value, groups of them, applied while they are built. Says how many records match, and what it means.
// Not here: what an operator means (app/filter.js), asking the server (screens/table.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { get } from '../app/api.js';
import { SPAN_NAMES, compile, conditionFor, filterFields, kindOf, needsValue, operatorsOf, partsOf, sentence } from '../app/filter.js';
import { nameFilter } from '../app/filternames.js';
import { nameOf, numbered, schemaAt } from '../app/records.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';
import { makeEditor } from './editors/editors.js';

const DAYS = new Set(['on', 'before', 'after']), LISTS = new Set(['anyof', 'noneof', 'hasany', 'hasnone']), NUMBERS = new Set(['eq', 'ne', 'gt', 'gte', 'lt', 'lte']), COUNTED = new Set(['lastn', 'nextn', 'ago']);
// Values of a field are looked for where that costs little; a longer table is not read through for a suggestion.
const SUGGESTS = new Set(['is', 'isnot', 'has', 'starts']), SUGGEST_ROWS_MOST = 100_000, SUGGESTED = 12;
const DEPTH_MOST = 2;

/** The field whose editor takes the value of an operator. */
function askedAs(field, operator) {
  const base = { ...field, required: false };
  if (DAYS.has(operator)) return { ...base, type: 'date' };
  if (LISTS.has(operator)) return { ...base, type: field.target ? 'references' : 'multiselect' };
  if (NUMBERS.has(operator)) return { ...base, type: 'number' };
  if (COUNTED.has(operator)) return { ...base, type: 'integer' };
  return operator === 'person' ? base : { ...base, type: 'text' };
}

/** What becomes of a value when a condition gets another operator: it stays if the other one can say it. */
function valueUnder(operator, [, before, value]) {
  if (operator === 'within') return 'month';
  if (COUNTED.has(operator)) return COUNTED.has(before) ? value : 7;
  return before === 'within' || COUNTED.has(before) ? null : value ?? null;
}

class FilterBox extends El {
  // tree: app/filter.js. total: how many match, or null while that is not known.
  static props = { table: null, tree: null, total: null, context: null, onChange: null };
  #focus = null;

  /** A copy of the tree with the group at a path changed. A path is the places of the groups on the way. */
  #change(path, edit) {
    const tree = structuredClone(this.tree);
    edit(path.reduce((group, i) => partsOf(group)[i], tree), tree);
    this.onChange(tree);
  }

  #push(path, part) { this.#focus = Array.isArray(part) ? path : [...path, partsOf(path.reduce((g, i) => partsOf(g)[i], this.tree)).length]; this.#change(path, g => partsOf(g).push(part)); }

  #set(path, i, part) { this.#change(path, g => { partsOf(g)[i] = part; }); }

  #editor(field, [slug, operator, value], path, i) {
    const asked = askedAs(field, operator), suggest = SUGGESTS.has(operator) && asked.type === 'text' && this.table.records <= SUGGEST_ROWS_MOST ? words => this.#suggest(field, words) : null, key = JSON.stringify([slug, operator, path, i]);
    // An editor is made once for its condition; another operator gets another.
    const made = host => {
      if (host.dataset.key === key) { const editor = host.firstElementChild; if (JSON.stringify(editor.value) !== JSON.stringify(value ?? null) && !editor.contains(document.activeElement)) editor.value = value ?? null; return; }
      host.dataset.key = key;
      host.replaceChildren(makeEditor(asked, { value: value ?? null, look: 'panel', context: this.context, suggest, label: t('filter.value', { name: field.name }) }));
    };
    return { key, made };
  }

  /** Values that records have, the most frequent first. */
  async #suggest({ slug }, words) {
    const query = new URLSearchParams({ group: slug, sort: '-count', limit: SUGGESTED }), filter = compile({ all: words ? [[slug, 'has', words]] : [[slug, 'filled']] }, this.table);
    query.set('filter', filter);
    const { rows } = await get(`${schemaAt(this.context.app, this.table.slug)}/aggregate?${query}`, this.life);
    return rows.map(row => ({ value: String(row[slug]), n: row.count }));
  }

  /** Records of a filter that came with the address are called by their names, too. */
  async connected() {
    try { if (await nameFilter(this.context, this.table, this.tree, this.life)) this.update(); } catch { /* They are shown by their numbers. */ }
  }

  #value(field, part, path, i) {
    const [slug, operator, value] = part;
    if (!needsValue(operator)) return null;
    if (operator === 'within') return html`<select aria-label=${t('filter.value', { name: field.name })} @change=${e => this.#set(path, i, [slug, operator, e.target.value])}>
      ${each(SPAN_NAMES, s => s, s => html`<option value=${s} .selected=${s === value}>${t(`filter.span.${s}`)}</option>`)}</select>`;
    const unit = COUNTED.has(operator) ? t(operator === 'ago' ? 'filter.days.unit.ago' : 'filter.days.unit') : null;
    return html`<span class="filter-value" data-unit=${unit} data-path=${JSON.stringify([...path, i])} @editdone=${e => { e.stopPropagation(); this.#set(path, i, [slug, operator, e.detail.value]); }} @editcancel=${e => e.stopPropagation()}></span>`;
  }

  #row(part, path, i) {
    const fields = filterFields(this.table), field = fields.find(f => f.slug === part[0]) ?? fields[0];
    return html`<div class="filter-row">
      <select aria-label=${t('filter.field')} @change=${e => this.#set(path, i, conditionFor(fields.find(f => f.slug === e.target.value)))}>${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f === field}>${f.name}</option>`)}</select>
      <select aria-label=${t('filter.operator')} @change=${e => this.#set(path, i, [field.slug, e.target.value, valueUnder(e.target.value, part)])}>
        ${each(operatorsOf(field), o => o, o => html`<option value=${o} .selected=${o === part[1]}>${t(`filter.op.${o}`)}</option>`)}</select>
      ${this.#value(field, part, path, i)}
      <button type="button" class="btn square" aria-label=${t('filter.remove', { name: field.name })} title=${t('filter.remove', { name: field.name })} @click=${() => this.#change(path, g => partsOf(g).splice(i, 1))}>${icon('close')}</button></div>`;
  }

  #turn(path, kind) {
    this.#change(path, (group, tree) => {
      const parts = partsOf(group);
      delete group.all;
      delete group.any;
      group[kind] = parts;
      return tree;
    });
  }

  #group(group, path) {
    const parts = partsOf(group), fields = filterFields(this.table), isTop = !path.length;
    return html`<div class="filter-group" role="group" aria-label=${t(isTop ? 'filter.title' : 'filter.group')} data-inner=${isTop ? null : ''} data-path=${JSON.stringify(path)}>
      <div class="filter-head">
        <label>${t('filter.where')} <select @change=${e => this.#turn(path, e.target.value)}>
          ${each(['all', 'any'], k => k, k => html`<option value=${k} .selected=${k === kindOf(group)}>${t(`filter.${k}`)}</option>`)}</select> ${t('filter.hold')}</label>
        ${!isTop && html`<button type="button" class="btn square" aria-label=${t('filter.group.remove')} title=${t('filter.group.remove')} @click=${() => this.#change(path.slice(0, -1), g => partsOf(g).splice(path.at(-1), 1))}>${icon('close')}</button>`}
      </div>
      ${each(parts, (p, i) => `${i} ${Array.isArray(p)}`, (p, i) => (Array.isArray(p) ? this.#row(p, path, i) : this.#group(p, [...path, i])))}
      <div class="filter-more">
        <button type="button" class="btn" @click=${() => this.#push(path, conditionFor(fields[0]))}>${icon('plus')}${t('filter.condition')}</button>
        ${path.length < DEPTH_MOST && html`<button type="button" class="btn" @click=${() => this.#push(path, { any: [conditionFor(fields[0])] })}>${icon('plus')}${t('filter.add.group')}</button>`}
      </div></div>`;
  }

  view() {
    const { tree, table, total } = this, named = (field, id) => nameOf(this.context.names, field.target, id) ?? (typeof id === 'string' ? numbered(id) : t('user.numbered', { n: String(id) }));
    const said = sentence(tree, table, named);
    return html`<div class="filterbox">${this.#group(tree, [])}
      <div class="filter-foot"><p role="status">${total === null ? null : t('filter.match', { n: total })}${said && html`<span class="filter-said">${said}</span>`}</p>
      <button type="button" class="btn" ?disabled=${!partsOf(tree).length} @click=${() => this.onChange({ all: [] })}>${t('filter.clear')}</button></div></div>`;
  }

  rendered() {
    // The values' editors: each belongs to its condition, so that typing goes on while others come and go.
    for (const host of this.querySelectorAll('.filter-value')) {
      const path = JSON.parse(host.dataset.path), i = path.pop(), part = partsOf(path.reduce((g, at) => partsOf(g)[at], this.tree))[i];
      const field = filterFields(this.table).find(f => f.slug === part[0]);
      if (field) this.#editor(field, part, path, i).made(host);
    }
    if (!this.#focus) return;
    const group = this.querySelector(`.filter-group[data-path="${JSON.stringify(this.#focus)}"]`);
    this.#focus = null;
    [...group?.querySelectorAll(':scope > .filter-row') ?? []].at(-1)?.querySelector('select')?.focus();
  }
}
define('ui-filterbox', FilterBox);
