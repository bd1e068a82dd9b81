// One's own tokens: what programs come with instead of a password.
// Not here: pairs of one app alone, which stand in its settings too (settings.js).
import { define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { loadTokens } from '../app/account.js';
import { knownApps, loadApps } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { PlainScreen } from '../ui/plainscreen.js';
import '../ui/newtoken.js';
import '../ui/tokenlist.js';

class Tokens extends PlainScreen {
  #tokens = null;

  get head() { return t('token.head'); }

  async load() { [this.#tokens] = await Promise.all([loadTokens(this.life), loadApps(this.life)]); }

  content() {
    return html`<section><h2>${t('token.new')}</h2><div class="boxed"><ui-newtoken .apps=${knownApps() ?? []} .onMade=${() => this.reload()}></ui-newtoken></div></section>
      <section><h2>${t('token.yours')}</h2><ui-tokenlist .tokens=${this.#tokens} .onGone=${id => { this.#tokens = this.#tokens.filter(x => x.id !== id); this.say(t('token.gone')); }}></ui-tokenlist></section>`;
  }
}
define('screen-tokens', Tokens);
