// The tools of a table: its views, filter, order, columns, groups, and the button for a new record. Each is a button with a box under it.
// Not here: what is in the boxes (viewsbox.js, filterbox.js, sortbox.js, fieldsbox.js, groupbox.js), what they change (screens/table.js).
import { html } from '../lib/view.js';
import { countOf } from '../app/filter.js';
import { t } from '../app/i18n.js';
import { count } from '../app/types.js';
import { icon } from './parts.js';
import './drop.js';

const face = (sign, key, n) => html`${icon(sign)}<span>${t(key)}</span>${n > 0 && html`<b>${count(n)}</b>`}`;

function viewsTool({ app, table, views, view, isViewChanged, onMakeView, onSaveView, onDropView }) {
  return html`<ui-drop .label=${`${t('tools.views')}: ${view?.name ?? t('views.all', { name: table.name })}`} .isSet=${!!view}
    .face=${html`${icon('table')}<span class="cut">${view?.name ?? t('tools.views')}</span>${isViewChanged && html`<b aria-hidden="true">•</b>`}`} .on=${() => import('./viewsbox.js')}
    .body=${views && html`<ui-viewsbox .app=${app} .table=${table} .views=${views} .current=${view} .isChanged=${isViewChanged} .onMake=${onMakeView} .onSave=${onSaveView} .onDrop=${onDropView}></ui-viewsbox>`}></ui-drop>`;
}

function groupTool({ table, groups, onGroup, onFoldAll }) {
  return html`<ui-drop .label=${groups.length ? t('tools.group.by', { name: groups.map(f => f.name).join(', ') }) : t('tools.group')} .face=${face('rows', 'tools.group', groups.length)} .isSet=${groups.length > 0} .on=${() => import('./groupbox.js')}
    .body=${html`<ui-groupbox .table=${table} .groups=${groups} .onGroup=${onGroup} .onFoldAll=${onFoldAll}></ui-groupbox>`}></ui-drop>`;
}

/** `is` is what the list shows: { app, table, context, canWrite, ask, tree, total, layout, groups, views, view, isViewChanged } and who hears of a change. */
export function tools(is) {
  const { table, tree, ask, layout } = is, filters = countOf(tree, table), sorts = ask.sort ? ask.sort.split(',').length : 0, hidden = layout.hidden.length;
  return html`<div class="tools" role="toolbar" aria-label=${t('tools.name')}>
    ${viewsTool(is)}
    <ui-drop class="filter-drop" .label=${filters ? t('tools.filter.n', { n: filters }) : t('tools.filter')} .face=${face('filter', 'tools.filter', filters)} .isSet=${filters > 0} .on=${() => import('./filterbox.js')}
      .body=${html`<ui-filterbox .table=${table} .tree=${tree} .total=${is.total} .context=${is.context} .onChange=${is.onFilter}></ui-filterbox>`}></ui-drop>
    <ui-drop .label=${sorts ? t('tools.sort.n', { n: sorts }) : t('tools.sort')} .face=${face('sort', 'tools.sort', sorts)} .isSet=${sorts > 0} .on=${() => import('./sortbox.js')} .body=${html`<ui-sortbox .table=${table} .sort=${ask.sort} .onSort=${is.onSort}></ui-sortbox>`}></ui-drop>
    <ui-drop class="fields-drop" .label=${hidden ? t('tools.fields.n', { n: hidden }) : t('tools.fields')} .face=${face('columns', 'tools.fields', hidden)} .isSet=${hidden > 0} .on=${() => import('./fieldsbox.js')}
      .body=${html`<ui-fieldsbox .table=${table} .layout=${layout} .onLayout=${is.onLayout}></ui-fieldsbox>`}></ui-drop>
    ${groupTool(is)}
    ${is.canWrite && html`<button type="button" class="btn main-act" aria-label=${t('tools.new')} title=${t('tools.new.key')} @click=${is.onNew}>${icon('plus')}<span>${t('tools.new')}</span></button>`}
  </div>`;
}
