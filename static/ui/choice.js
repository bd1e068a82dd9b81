// What to begin with, as cards of which one is chosen: radio buttons, so that the arrow keys move between them.
// Not here: making the app (app/samples.js), and the form around the cards.
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { SAMPLES } from '../app/samples.js';
import { icon } from './parts.js';

class Choice extends El {
  /** The slug of the sample that is chosen. */
  get value() { return this.querySelector('input:checked').value; }

  #card({ slug, name, text, sign }) {
    const first = slug === SAMPLES[0].slug;
    return html`<label class="choice"><input type="radio" name="sample" value=${slug} ?checked=${first} aria-describedby=${`about-${slug}`}>
      ${icon(sign)}<span class="choice-name">${name}</span><span class="choice-text" id=${`about-${slug}`}>${text}</span></label>`;
  }

  view() {
    return html`<fieldset class="choices"><legend class="quiet">Begin with</legend>${each(SAMPLES, s => s.slug, s => this.#card(s))}</fieldset>`;
  }
}
define('ui-choice', Choice);
