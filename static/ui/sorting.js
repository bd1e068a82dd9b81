// Choosing the order on a phone, where the cards have no column headers to press. Hidden on wider screens.
// Not here: sorting itself, which the server does.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { columnsOf, isSortable } from '../app/types.js';
import { icon } from './parts.js';

class Sorting extends El {
  static props = { table: null, sort: null, onSort: null };

  view() {
    const slug = this.sort?.replace(/^-/, '') ?? '', down = !!this.sort?.startsWith('-');
    const turn = down ? 'Descending. Change to ascending' : 'Ascending. Change to descending';
    return html`<div class="sorting">
      <label><span>Sort by</span>
        <select @change=${e => this.onSort(e.target.value || null)}>
          <option value="" .selected=${!slug}>Record number</option>
          ${each(columnsOf(this.table).filter(isSortable), c => c.slug, c => html`<option value=${c.slug} .selected=${c.slug === slug}>${c.name}</option>`)}
        </select></label>
      ${slug && html`<button type="button" class="btn square" aria-label=${turn} title=${turn}
        @click=${() => this.onSort(down ? slug : `-${slug}`)}>${icon(down ? 'down' : 'up')}</button>`}
    </div>`;
  }
}
define('ui-sorting', Sorting);
