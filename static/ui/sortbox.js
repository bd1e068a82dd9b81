// The order of the records: by one field, then by others. Not here: sorting itself, which the server does.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { columnsOf, isSortable } from '../app/types.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

class SortBox extends El {
  // sort: "name,-age", or null.
  static props = { table: null, sort: null, onSort: null };

  get #keys() { return (this.sort ?? '').split(',').filter(Boolean).map(key => ({ slug: key.replace(/^-/, ''), isDown: key.startsWith('-') })); }

  #set(keys) { this.onSort(keys.map(k => (k.isDown ? '-' : '') + k.slug).join(',') || null); }

  #row(key, i, fields) {
    const keys = this.#keys, put = next => this.#set(next === null ? keys.filter((k, j) => j !== i) : keys.map((k, j) => (j === i ? next : k)));
    const turn = t(key.isDown ? 'sort.up' : 'sort.down');
    return html`<div class="filter-row">
      <select aria-label=${t(i ? 'sort.then' : 'sort.by')} @change=${e => put({ ...key, slug: e.target.value })}>
        ${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f.slug === key.slug}>${f.name}</option>`)}</select>
      <button type="button" class="btn square" aria-label=${turn} title=${turn} @click=${() => put({ ...key, isDown: !key.isDown })}>${icon(key.isDown ? 'down' : 'up')}</button>
      <button type="button" class="btn square" aria-label=${t('sort.remove')} title=${t('sort.remove')} @click=${() => put(null)}>${icon('close')}</button></div>`;
  }

  view() {
    const all = [{ slug: 'id', name: t('sort.number') }, ...columnsOf(this.table).filter(isSortable), { slug: 'created_at', name: t('sort.created') }, { slug: 'updated_at', name: t('sort.updated') }];
    const keys = this.#keys, free = all.filter(f => !keys.some(k => k.slug === f.slug));
    return html`<div class="filterbox">${each(keys, k => k.slug, (k, i) => this.#row(k, i, all.filter(f => f.slug === k.slug || free.includes(f))))}
      ${free.length > 0 && html`<label class="filter-add">${t(keys.length ? 'sort.then' : 'sort.by')} <select @change=${e => { if (e.target.value) this.#set([...keys, { slug: e.target.value, isDown: false }]); e.target.value = ''; }}>
        <option value="" .selected=${true}>${t('sort.choose')}</option>${each(free, f => f.slug, f => html`<option value=${f.slug}>${f.name}</option>`)}</select></label>`}</div>`;
  }
}
define('ui-sortbox', SortBox);
