// The button that opens and closes the API panel. Not here: the panel (apidock.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go, here, withQuery } from '../lib/router.js';
import { learn, t } from '../app/i18n.js';
import { API } from '../i18n/en-api.js';
import { icon } from './parts.js';

learn(API);

class ApiButton extends El {
  connected() {
    this.use(here);
    addEventListener('keydown', this.#key, { signal: this.life });
  }

  get #isOpen() { return here.get().query.get('p') === 'api'; }

  #turn = () => go(withQuery({ p: this.#isOpen ? null : 'api' }), { replace: true });

  #key = e => {
    if (e.defaultPrevented || !(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.key !== '.') return;
    e.preventDefault();
    this.#turn();
    // Into the panel, and back to where the work is.
    requestAnimationFrame(() => (this.#isOpen ? document.querySelector('.api [role="tab"][tabindex="0"], .api .btn') : document.querySelector('.grid [tabindex="0"]'))?.focus());
  };

  view() {
    return html`<button type="button" class="btn api-turn" aria-label=${t('api.toggle')} title=${t('api.toggle')} aria-pressed=${String(this.#isOpen)} @click=${this.#turn}>${icon('code')}<span aria-hidden="true">${t('api.name')}</span></button>`;
  }
}
define('ui-apibutton', ApiButton);
