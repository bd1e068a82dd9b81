// The foot of a table: how many records, which page, moving between pages, page size.
// Not here: loading the page. Every control only changes the address.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { go, withQuery } from '../lib/router.js';
import { count, plural } from '../app/types.js';
import { icon } from './parts.js';

export const PAGE_SIZES = [25, 50, 100];
export const PAGE_SIZE = 50;

const pageHref = page => withQuery({ page: page === 1 ? null : page, r: null });

class Pager extends El {
  static props = { page: 1, pages: 1, per: PAGE_SIZE, total: 0 };

  // aria-disabled instead of disabled: the last step to an end must not throw the focus away.
  #step(sign, label, page) {
    const off = page === this.page || page < 1 || page > this.pages;
    return html`<button type="button" class="btn square" aria-label=${label} title=${label} aria-disabled=${String(off)}
      @click=${() => { if (!off) go(pageHref(page)); }}>${icon(sign)}</button>`;
  }

  // The first record in sight stays in sight.
  #resize = e => {
    const per = Number(e.target.value), page = Math.floor((this.page - 1) * this.per / per) + 1;
    go(withQuery({ per_page: per === PAGE_SIZE ? null : per, page: page === 1 ? null : page, r: null }));
  };

  view() {
    return html`<div class="foot">
      <p class="foot-text">${plural(this.total, 'record', 'records')}<span class="foot-page"> · page ${count(this.page)} of ${count(Math.max(1, this.pages))}</span></p>
      <label class="foot-size"><span>Per page</span>
        <select @change=${this.#resize}>${each(PAGE_SIZES, n => n, n => html`<option value=${n} .selected=${n === this.per}>${n}</option>`)}</select>
      </label>
      <nav class="steps" aria-label="Pages">
        ${this.#step('first', 'First page', 1)}
        ${this.#step('left', 'Previous page', this.page - 1)}
        ${this.#step('right', 'Next page', this.page + 1)}
        ${this.#step('last', 'Last page', this.pages)}
      </nav>
    </div>`;
  }
}
define('ui-pager', Pager);
