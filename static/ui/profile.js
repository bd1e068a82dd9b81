// The profile menu: who is signed in, the way to one's account and tokens, colour theme, sign out.
// Not here: applying the theme, which theme.js does before the first paint and on the `ui:theme` event.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { go } from '../lib/router.js';
import { person, signOut } from '../app/session.js';
import { forget } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';
import './menu.js';

const THEMES = [['system', 'screen'], ['light', 'sun'], ['dark', 'moon']];

function chosenTheme() {
  try { return localStorage.getItem('ui:theme') ?? 'system'; } catch { return 'system'; }
}

class Profile extends El {
  // wide: with the e-mail on the button (rail), else the icon alone (bars).
  static props = { wide: false };

  connected() { this.use(person); }

  #choose(theme) {
    try { localStorage.setItem('ui:theme', theme); } catch { announce(t('profile.notstored')); }
    document.dispatchEvent(new Event('ui:theme'));
    this.update();
  }

  async #leave() {
    try {
      await signOut();
    } catch (e) {
      announce(e.message);
      return;
    }
    forget();
    go('/_/sign-in');
  }

  view() {
    const who = person.get(), name = who?.email || who?.username || '';
    const groups = [
      { label: t('profile.theme'), shown: true, items: THEMES.map(([theme, sign]) => ({ text: t(`theme.${theme}`), sign, checked: chosenTheme() === theme, run: () => this.#choose(theme) })) },
      { label: t('profile.account'), items: [{ text: t('profile.mine'), sign: 'person', href: '/_/settings/account' }, { text: t('profile.tokens'), sign: 'key', href: '/_/tokens' }, { text: t('profile.keys'), sign: 'braces', run: () => document.dispatchEvent(new Event('ui:keys')) }] },
      { label: t('profile.session'), items: [{ text: t('profile.out'), sign: 'leave', run: () => this.#leave() }] },
    ];
    const face = this.wide ? html`${icon('person')}<span class="cut">${name}</span>` : icon('person');
    return html`<ui-menu .label=${t('profile.name', { name })} .head=${name} .groups=${groups} .face=${face} .look=${this.wide ? 'btn wide' : 'btn square'}></ui-menu>`;
  }
}
define('ui-profile', Profile);
