// What to begin with, as cards of which one is chosen: radio buttons, so that the arrow keys move between them.
// Not here: making the app (app/samples.js), and the form around the cards.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { SAMPLES } from '../app/samples.js';
import { FROM_FILE, handOver, rowsOf } from '../app/handover.js';
import { learn, t } from '../app/i18n.js';
import { DOOR } from '../i18n/en-door.js';
import { icon } from './parts.js';

learn(DOOR);

class Choice extends El {
  /** The slug of the sample that is chosen. */
  get value() { return this.querySelector('input:checked').value; }
  #given = null;
  #over = false;

  // A table that is dropped or pasted anywhere on the page is what one wants to begin with.
  connected() {
    const signal = this.life;
    document.addEventListener('dragover', e => { e.preventDefault(); if (!this.#over) { this.#over = true; this.update(); } }, { signal });
    document.addEventListener('dragleave', e => { if (!e.relatedTarget) { this.#over = false; this.update(); } }, { signal });
    document.addEventListener('drop', e => { e.preventDefault(); this.#over = false; this.#take(rowsOf(e.dataTransfer)); this.update(); }, { signal });
    document.addEventListener('paste', e => { if (!e.target.closest?.('input[type="text"], input[type="email"], input[type="password"], textarea')) this.#take(rowsOf(e.clipboardData)); }, { signal });
  }

  #take(rows) {
    if (!rows) return;
    handOver(rows);
    this.#given = rows.name;
    this.querySelector(`input[value="${FROM_FILE.slug}"]`).checked = true;
    this.dispatchEvent(new Event('given'));
    this.update();
  }

  #card({ slug, sign }) {
    const first = slug === SAMPLES[0].slug, isFile = slug === FROM_FILE.slug;
    return html`<label class="choice" data-over=${isFile && this.#over ? '' : null}><input type="radio" name="sample" value=${slug} ?checked=${first} aria-describedby=${`about-${slug}`}>
      ${icon(sign)}<span class="choice-name">${t(`sample.${slug}`)}</span><span class="choice-text" id=${`about-${slug}`}>${(isFile && this.#given) || t(`about.${slug}`)}</span></label>`;
  }

  view() {
    return html`<fieldset class="choices"><legend class="quiet">${t('sample.begin')}</legend>${each([...SAMPLES, FROM_FILE], s => s.slug, s => this.#card(s))}</fieldset>`;
  }
}
define('ui-choice', Choice);
