// Tokens as a list, each with what it is good for, when it was used, and an end.
// Not here: making one (newtoken.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { appsOf, revokeToken } from '../app/account.js';
import { t } from '../app/i18n.js';
import { formatStamp } from '../app/types.js';
import './remove.js';

class TokenList extends El {
  // tokens: null while they load. onGone: called with the id of one that was ended.
  static props = { tokens: null, onGone: null };

  #row(token) {
    const apps = appsOf(token), may = token.abilities.includes('*') ? t('token.all') : token.abilities.map(a => t(`ability.${a}`)).join(', ');
    const ends = token.expires_at ? t('token.ends', { at: formatStamp(token.expires_at) }) : t('token.noend');
    return html`<li class="listed"><div><h3>${token.name}</h3><p class="hint">${t(`token.${token.kind}`)} · ${apps ? apps.join(', ') : t('token.allapps')} · ${may}</p>
      <p class="hint">${token.used_at ? t('token.used', { at: formatStamp(token.used_at) }) : t('token.unused')} · ${ends}</p>${token.key && html`<p class="hint"><code>${token.key}</code></p>`}</div>
      <ui-remove .label=${t('token.revoke')} .ask=${() => t('token.revoke.ask', { name: token.name })} .remove=${async () => { await revokeToken(token.id); this.onGone(token.id); }}></ui-remove></li>`;
  }

  view() {
    if (!this.tokens) return null;
    return this.tokens.length ? html`<ul class="list">${each(this.tokens, x => x.id, x => this.#row(x))}</ul>` : html`<p class="hint">${t('token.none')}</p>`;
  }
}
define('ui-tokenlist', TokenList);
