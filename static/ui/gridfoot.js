// The foot of the grid: how many records there are, how many are selected, and what a column adds up to, of all that match.
// Offers to sort again what no longer stands where it belongs. Not here: the numbers themselves, which the server counts.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { get } from '../app/api.js';
import { formatNumber, plainText } from '../app/types.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

const WAYS = ['sum', 'avg', 'min', 'max'], QUIET_MS = 250;

class GridFoot extends El {
  // address: of the table. filter: as the list has it; version: grows when data changed. cells: the values of a range, or null. strayed: how many would move.
  static props = { table: null, address: null, filter: null, q: null, version: 0, total: null, picked: 0, cells: null, strayed: 0, onAgain: null };
  #slug = null;
  #numbers = null;
  #key = '';
  #timer = 0;

  get #fields() { return this.table.fields.filter(f => ['integer', 'number', 'decimal', 'money'].includes(f.type)); }

  prepare() {
    if (!this.#fields.some(f => f.slug === this.#slug)) this.#slug = this.#fields.find(f => f.type === 'money')?.slug ?? this.#fields[0]?.slug ?? null;
    const key = JSON.stringify([this.address, this.filter, this.q, this.#slug, this.version, this.total]);
    if (key === this.#key) return;
    this.#key = key;
    clearTimeout(this.#timer);
    // A search by words has no report: its sums are left out rather than told wrongly.
    if (!this.#slug || this.total === null || this.q) { this.#numbers = null; return; }
    this.#timer = setTimeout(() => this.#ask(key), QUIET_MS);
  }

  async #ask(key) {
    const query = new URLSearchParams(WAYS.map(way => [way, this.#slug]));
    if (this.filter) query.set('filter', this.filter);
    try {
      const { rows } = await get(`${this.address}/aggregate?${query}`, this.life);
      if (key === this.#key) this.#numbers = rows[0] ?? null;
    } catch { if (key === this.#key) this.#numbers = null; }
    this.update();
  }

  #shown(way, value) {
    const field = this.table.fields.find(f => f.slug === this.#slug);
    if (typeof value !== 'number') return null;
    const rounded = way === 'avg' ? Math.round(value * 100) / 100 : value;
    return html`<span>${t(`foot.${way}`)} <b>${plainText(field, rounded)}</b></span>`;
  }

  #range() {
    const numbers = this.cells.filter(v => typeof v === 'number'), sum = numbers.reduce((a, b) => a + b, 0);
    return html`<span>${t('foot.cells', { n: this.cells.length })}</span>${numbers.length > 1 && html`<span>${t('foot.sum')} <b>${formatNumber(Number(sum.toFixed(6)))}</b></span><span>${t('foot.avg')} <b>${formatNumber(Number((sum / numbers.length).toFixed(2)))}</b></span>`}`;
  }

  view() {
    const fields = this.#fields, n = this.#numbers;
    return html`<div class="foot">
      <p class="foot-text" role="status">${this.total === null ? null : t('foot.records', { n: this.total })}${this.picked > 0 && html` · ${t('foot.selected', { n: this.picked })}`}</p>
      ${this.strayed > 0 && html`<button type="button" class="btn again" @click=${this.onAgain}>${icon('sort')}<span>${t('strayed.offer', { n: this.strayed })}</span></button>`}
      ${this.cells && this.cells.length > 1 ? this.#range() : fields.length > 0 && n && html`<label class="foot-size"><span class="quiet">${t('foot.column')}</span>
        <select @change=${e => { this.#slug = e.target.value; this.update(); }}>${each(fields, f => f.slug, f => html`<option value=${f.slug} .selected=${f.slug === this.#slug}>${f.name}</option>`)}</select></label>
        ${each(WAYS, w => w, w => html`<span class="foot-number">${this.#shown(w, n[`${w}(${this.#slug})`])}</span>`)}`}
    </div>`;
  }
}
define('ui-gridfoot', GridFoot);
