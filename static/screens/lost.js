// Nothing at this address: an unknown page, app or table, or a server that does not answer at the start.
// Not here: failures inside a screen, which stand where the content would be.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { title } from '../lib/a11y.js';
import { t } from '../app/i18n.js';
import { brand } from '../ui/parts.js';
import { failure, notice } from '../ui/notice.js';

class Lost extends El {
  static props = { fault: null, onRetry: null };

  connected() { title(t(this.fault ? 'lost.problem' : 'lost.title'), t('app.name')); }

  #content() {
    if (this.fault) return failure(this.fault, this.onRetry);
    return notice({ title: t('lost.page'), text: t('lost.page.text'), actions: html`<a class="btn line" href="/_/apps">${t('lost.apps')}</a>` });
  }

  view() {
    return html`<main id="main" tabindex="-1" class="center"><div class="sheet">${brand()}${this.#content()}</div></main>`;
  }
}
define('screen-lost', Lost);
