// The records of a table as a file: which of them, which fields, in which format. `?filter=` and `?sort=` of a view come along.
// Not here: making the file, which the server does as it is downloaded.
import { define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { learn, t } from '../app/i18n.js';
import { get } from '../app/api.js';
import { recordsAt } from '../app/records.js';
import { FILES } from '../i18n/en-files.js';
import { AppScreen } from '../ui/appscreen.js';
import { icon } from '../ui/parts.js';
import '../ui/copybutton.js';

learn(FILES);

const FORMATS = ['csv', 'xlsx', 'json', 'ndjson'];

class Export extends AppScreen {
  static props = { ...AppScreen.props, query: null };
  #format = 'csv';
  #hasIds = true;
  // Fields that are left out.
  #without = new Set();
  #filter = null;
  #wrong = null;

  get head() { return t('export.head'); }
  get #where() { return this.#filter ?? this.query?.get('filter') ?? ''; }

  get #href() {
    const fields = this.found.fields.filter(f => !this.#without.has(f.slug)).map(f => f.slug), query = new URLSearchParams({ format: this.#format });
    if (this.#hasIds) query.set('ids', '1');
    if (this.#without.size) query.set('fields', fields.join(','));
    if (this.query?.get('sort')) query.set('sort', this.query.get('sort'));
    if (this.#where.trim()) query.set('filter', this.#where.trim());
    return `${recordsAt(this.app, this.table).replace(/\/records$/, '')}/export?${query}`;
  }

  // A filter that cannot be read would come down as a file with the refusal in it.
  #go = async e => {
    e.preventDefault();
    this.#wrong = this.#without.size === this.found.fields.length ? t('export.none') : null;
    if (!this.#wrong && this.#where.trim()) {
      try { await get(`${recordsAt(this.app, this.table)}?${new URLSearchParams({ limit: 1, filter: this.#where.trim() })}`, this.life); } catch (fault) { this.#wrong = fault.message; }
    }
    this.update();
    if (!this.#wrong) location.assign(this.#href);
    else whenRendered(() => this.querySelector('#filter').focus());
  };

  content() {
    const table = this.found, set = work => e => { work(e); this.#wrong = null; this.update(); };
    return html`<div class="page-col narrow"><form novalidate @submit=${this.#go}>
      <fieldset><legend>${t('export.format')}</legend><div class="ticks">${each(FORMATS, f => f, f => html`<label class="tick"><input type="radio" name="format" .checked=${f === this.#format} @change=${set(() => { this.#format = f; })}>${t(`export.${f}`)}</label>`)}</div></fieldset>
      <fieldset><legend>${t('export.fields')}</legend><div class="ticks"><label class="tick"><input type="checkbox" .checked=${!this.#without.size} @change=${set(e => { this.#without = new Set(e.target.checked ? [] : table.fields.map(f => f.slug)); })}><b>${t('export.allfields')}</b></label>
        ${each(table.fields, f => f.slug, f => html`<label class="tick"><input type="checkbox" .checked=${!this.#without.has(f.slug)} @change=${set(e => { if (e.target.checked) this.#without.delete(f.slug); else this.#without.add(f.slug); })}>${f.name}</label>`)}</div></fieldset>
      <label class="tick"><input type="checkbox" .checked=${this.#hasIds} @change=${set(e => { this.#hasIds = e.target.checked; })}>${t('export.ids')}</label>
      <div class="field"><label for="filter">${t('export.filter')}</label><input id="filter" type="text" autocomplete="off" spellcheck="false" .defaultValue=${this.query?.get('filter') ?? ''} aria-invalid=${this.#wrong ? 'true' : null} aria-describedby="filter-hint export-wrong" @input=${set(e => { this.#filter = e.target.value; })}><p class="hint" id="filter-hint">${t('export.filter.hint')}</p></div>
      <p class="form-error" id="export-wrong" role="alert">${this.#wrong}</p>
      <div class="row"><button type="submit" class="btn main-act tall">${icon('download')}${t('export.go')}</button></div></form>
      <section><h2>${t('export.request')}</h2><div class="secret-line"><code class="line">GET ${this.#href}</code><ui-copy .text=${`GET ${location.origin}${this.#href}`} .what=${t('export.request')}></ui-copy></div></section></div>`;
  }
}
define('screen-export', Export);
