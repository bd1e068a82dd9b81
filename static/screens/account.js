// One's own account: name, password, and where one is signed in.
// Not here: tokens (tokens.js), other people.
import { define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { changeMe, changePassword, endOtherSessions, endSession, loadMe, loadSessions } from '../app/account.js';
import { keepLanguage, language, t } from '../app/i18n.js';
import { hasLetters, keepLetters } from '../app/keys.js';
import { formatStamp } from '../app/types.js';
import { PlainScreen } from '../ui/plainscreen.js';
import '../ui/setting.js';

/** The browser and the system in what a browser says of itself; of anything else its first word. */
function nameOf(agent) {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1], system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  const words = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' };
  return browser ? [words[browser] ?? browser, words[system] ?? system].filter(Boolean).join(', ') : agent?.split(' ')[0] || t('account.unknown');
}

const LANGUAGES = ['en', 'pseudo'];

class Account extends PlainScreen {
  #me = null;
  #sessions = [];
  #wrong = null;
  #busy = false;

  get head() { return t('account.head'); }

  async load() { [this.#me, this.#sessions] = await Promise.all([loadMe(this.life), loadSessions(this.life)]); }

  #password = async e => {
    e.preventDefault();
    if (this.#busy) return;
    const current = this.querySelector('#current'), chosen = this.querySelector('#chosen');
    const refuse = (input, text) => { this.#wrong = { id: input.id, text }; this.update(); whenRendered(() => input.focus()); };
    if (!current.value) { refuse(current, t('account.nocurrent')); return; }
    if (!chosen.value) { refuse(chosen, t('account.nonew')); return; }
    this.#busy = true;
    this.#wrong = null;
    try {
      await changePassword(current.value, chosen.value);
      current.value = chosen.value = '';
      this.say(t('account.changed'));
      await this.reload();
    } catch (fault) {
      refuse(fault.field === 'new' ? chosen : current, fault.message);
    }
    this.#busy = false;
    this.update();
  };

  #end = async session => {
    try {
      if (session) await endSession(session.id);
      else await endOtherSessions();
      this.say(t(session ? 'account.ended' : 'account.endedall'));
      await this.reload();
    } catch (fault) { this.say(fault.message); }
  };

  #input(id, label, auto) {
    const bad = this.#wrong?.id === id;
    return html`<div class="field"><label for=${id}>${label}</label><input id=${id} type="password" autocomplete=${auto} aria-invalid=${bad ? 'true' : null} aria-describedby=${bad ? 'password-wrong' : null}></div>`;
  }

  #session(s) {
    return html`<li class="listed"><div><h3>${nameOf(s.agent)}${s.current && html`<span class="tag" data-tint="teal">${t('account.this')}</span>`}</h3>
      <p class="hint">${t('account.since', { address: s.address || t('account.line'), at: formatStamp(s.created_at), used: formatStamp(s.used_at) })}</p></div>
      ${s.current ? null : html`<button type="button" class="btn line" @click=${() => this.#end(s)}>${t('account.end')}<span class="quiet"> ${nameOf(s.agent)}</span></button>`}</li>`;
  }

  content() {
    return html`<section><h2>${t('account.who')}</h2>
        <div class="field"><label for="email">${t('account.email')}</label><input id="email" type="email" value=${this.#me.email} readonly autocomplete="username"></div>
        <ui-setting .label=${t('account.name')} .value=${this.#me.name} .save=${async name => { this.#me = { ...this.#me, name }; await changeMe({ name: name.trim() }); }}></ui-setting></section>
      <section><h2>${t('account.password')}</h2><form novalidate @submit=${this.#password}><div class="pair">${this.#input('current', t('account.current'), 'current-password')}${this.#input('chosen', t('account.new'), 'new-password')}</div>
        <p class="form-error" id="password-wrong" role="alert">${this.#wrong?.text}</p><p class="hint">${t('account.password.hint')}</p>
        <div class="row"><button type="submit" class="btn line" aria-disabled=${String(this.#busy)}>${t('account.change')}</button></div></form></section>
      <section><h2>${t('account.sessions')}</h2><ul class="list">${each(this.#sessions, s => s.id, s => this.#session(s))}</ul>
        ${this.#sessions.length > 1 && html`<div class="row"><button type="button" class="btn line" @click=${() => this.#end(null)}>${t('account.endall')}</button></div>`}</section>
      <section><h2>${t('account.browser')}</h2>
        <ui-setting .kind=${'choice'} .label=${t('account.language')} .hint=${t('account.language.hint')} .choices=${LANGUAGES.map(value => ({ value, text: t(`language.${value}`) }))} .value=${language()} .save=${async value => { keepLanguage(value); location.reload(); }}></ui-setting>
        <ui-setting .kind=${'tick'} .label=${t('account.letters')} .hint=${t('account.letters.hint')} .value=${hasLetters()} .save=${async on => { keepLetters(on); this.update(); }}></ui-setting></section>`;
  }
}
define('screen-account', Account);
