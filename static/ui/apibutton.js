// The button that opens and closes the API panel. Not here: the panel, and the key that does the same (apidock.js).
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go, here, withQuery } from '../lib/router.js';
import { learn, t } from '../app/i18n.js';
import { API } from '../i18n/en-api.js';
import { icon } from './parts.js';

learn(API);

class ApiButton extends El {
  connected() { this.use(here); }

  get #isOpen() { return here.get().query.get('p') === 'api'; }

  #turn = () => go(withQuery({ p: this.#isOpen ? null : 'api' }), { replace: true });

  view() {
    return html`<button type="button" class="btn api-turn" aria-label=${t('api.toggle')} title=${t('api.toggle')} aria-pressed=${String(this.#isOpen)} @click=${this.#turn}>${icon('code')}<span aria-hidden="true">${t('api.name')}</span></button>`;
  }
}
define('ui-apibutton', ApiButton);
