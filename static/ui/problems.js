// The third step of an import: what would happen, and what is wrong in which cell. A cell can be mended in its place.
// Not here: finding it (app/import.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { asCsv } from '../app/import.js';
import { t } from '../app/i18n.js';
import { icon } from '../ui/parts.js';

const SHOWN = 100, NAMES = 5;

class Problems extends El {
  // found: { created, updated, skipped, problems, isTooMany }. onMend: a place of the rows and its new text.
  static props = { data: null, plan: [], found: null, name: '', onMend: null };

  get #leftOut() { return [...new Set(this.found.problems.map(p => p.at))].sort((a, b) => a - b); }

  #download = () => {
    const text = asCsv(this.data.headings, this.#leftOut.map(at => this.data.rows[at])), link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
    link.download = `${this.name.replace(/\.\w+$/, '') || 'rows'}-left-out.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 0);
  };

  #row(p) {
    const i = this.plan.findIndex(way => way.to === p.field), column = i < 0 ? this.data.columns.findIndex(c => c.heading === p.column) : i;
    const words = p.text ?? t(`problem.${p.kind}`, { text: String(p.value ?? '') }), raw = column < 0 ? null : this.data.rows[p.at][this.data.columns[column].at];
    return html`<tr><td>${t('problem.row', { n: p.at + 1 })}</td><td>${this.data.columns[column]?.heading ?? p.column}</td><td>${column < 0 ? null : html`<input type="text" aria-label=${t('problem.mend', { row: p.at + 1, column: this.data.columns[column].heading })} .defaultValue=${raw === null || raw === undefined ? '' : typeof raw === 'object' ? JSON.stringify(raw) : String(raw)}
        @change=${e => this.onMend(p.at, this.data.columns[column].at, e.target.value)}>`}</td><td>${words}</td></tr>`;
  }

  /** Names that are in the file and nowhere else, and what becomes of them. */
  #missing() {
    const list = [...this.found.made.missing];
    return list.length ? html`<ul class="hint">${each(list, ([i]) => i, ([i, names]) => html`<li>${t(`missing.${this.plan[i].missing}`, { column: this.data.columns[i].heading, n: names.size, names: [...names].slice(0, NAMES).join(', ') + (names.size > NAMES ? ', …' : '') })}</li>`)}</ul>` : null;
  }

  view() {
    const { created, updated, skipped, problems, isTooMany } = this.found, bad = this.#leftOut.length;
    return html`<ul class="tally"><li><b>${t('tally.created', { n: created })}</b></li><li><b>${t('tally.updated', { n: updated })}</b></li>${skipped ? html`<li><b>${t('tally.skipped', { n: skipped })}</b></li>` : null}<li data-bad=${bad ? '' : null}><b>${t('tally.bad', { n: bad })}</b></li></ul>
      ${this.#missing()}
      ${isTooMany && html`<p class="form-error" role="alert">${t('problem.toomany')}</p>`}
      ${bad ? html`<section><h3>${t('problem.head')}</h3><div class="wide-table" tabindex="0" role="group" aria-label=${t('problem.head')}><table class="names problems"><thead><tr><th scope="col">${t('problem.place')}</th><th scope="col">${t('map.column')}</th><th scope="col">${t('options.value')}</th><th scope="col">${t('problem.what')}</th></tr></thead>
        <tbody>${each(problems.slice(0, SHOWN), (p, i) => `${p.at}.${p.field}.${i}`, p => this.#row(p))}</tbody></table></div>
        ${problems.length > SHOWN && html`<p class="hint">${t('problem.more', { n: problems.length - SHOWN })}</p>`}
        <div class="row"><button type="button" class="btn line" @click=${this.#download}>${icon('download')}${t('problem.download', { n: bad })}</button></div></section>` : null}`;
  }
}
define('ui-problems', Problems);
