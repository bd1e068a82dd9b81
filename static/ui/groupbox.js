// The fields by which records stand in groups, outermost first, and closing or opening all groups at once.
// Not here: what is in a group (app/groups.js), the address that says it (screens/table.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { LEVELS_MOST } from '../app/asked.js';
import { canGroup, columnsOf } from '../app/types.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

class GroupBox extends El {
  // groups: fields. onGroup: called with slugs.
  static props = { table: null, groups: [], onGroup: null, onFoldAll: null };

  #row(field, i, fields) {
    const slugs = this.groups.map(f => f.slug), label = t('group.remove', { name: field.name });
    return html`<div class="filter-row">
      <select aria-label=${t(i ? 'group.then' : 'group.by')} @change=${e => this.onGroup(slugs.with(i, e.target.value))}>
        ${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f === field}>${f.name}</option>`)}</select>
      <button type="button" class="btn square" aria-label=${label} title=${label} @click=${() => this.onGroup(slugs.toSpliced(i, 1))}>${icon('close')}</button></div>`;
  }

  view() {
    const { groups } = this, all = columnsOf(this.table).filter(canGroup), free = all.filter(f => !groups.includes(f));
    return html`<div class="filterbox">${each(groups, f => f.slug, (f, i) => this.#row(f, i, all.filter(x => x === f || free.includes(x))))}
      ${groups.length < LEVELS_MOST && free.length > 0 && html`<label class="filter-add">${t(groups.length ? 'group.then' : 'group.by')} <select @change=${e => { if (e.target.value) this.onGroup([...groups.map(f => f.slug), e.target.value]); e.target.value = ''; }}>
        <option value="" .selected=${true}>${t('sort.choose')}</option>${each(free, f => f.slug, f => html`<option value=${f.slug}>${f.name}</option>`)}</select></label>`}
      ${groups.length > 0 && html`<div class="filter-more"><button type="button" class="btn" @click=${() => this.onFoldAll(true)}>${t('group.fold.all')}</button><button type="button" class="btn" @click=${() => this.onFoldAll(false)}>${t('group.open.all')}</button></div>`}</div>`;
  }
}
define('ui-groupbox', GroupBox);
