// The settings of an app: what it is called, what programs know it by, which pairs of key and secret may use it, and its end.
// Not here: its tables (fields.js), other settings of the server.
import { define, whenRendered } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go } from '../lib/router.js';
import { appsOf, loadTokens } from '../app/account.js';
import { changeApp, deleteApp, loadGoneApps, restoreApp } from '../app/design.js';
import { appHref } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { note } from '../app/notes.js';
import { offerUndo } from '../app/undo.js';
import { AppScreen } from '../ui/appscreen.js';
import '../ui/copybutton.js';
import '../ui/newtoken.js';
import '../ui/remove.js';
import '../ui/setting.js';
import '../ui/tokenlist.js';

const ABILITIES = ['list', 'read', 'create', 'update', 'delete', 'export'];

async function bringBack(gone) {
  try {
    await restoreApp(gone.change);
    go(appHref(gone.slug));
  } catch (e) { note(t('save.why', { why: e.message }), { bad: true, stays: true }); }
}

class AppSettings extends AppScreen {
  static props = { ...AppScreen.props };
  #tokens = null;
  #adding = false;

  get head() { return t('settings.head'); }
  get place() { return 'settings'; }

  async arrived() { this.#tokens = (await loadTokens(this.life)).filter(x => x.kind === 'key-secret' && appsOf(x)?.includes(this.app)); }

  #save = key => async value => {
    const changed = await changeApp(this.app, { [key]: value.trim() });
    note(t('design.changed', { name: changed.name }), { actions: offerUndo() });
    if (changed.slug !== this.app) go(`${appHref(changed.slug)}/settings`, { replace: true });
    else await this.reload();
  };

  #remove = async () => {
    const { app } = this.meta;
    await deleteApp(this.app);
    const gone = (await loadGoneApps().catch(() => [])).find(a => a.slug === app.slug);
    note(t('settings.removed', { app: app.name }), { actions: gone ? [{ text: t('undo.undo'), run: () => bringBack(gone) }] : [] });
    try { localStorage.removeItem('ui:last'); } catch { /* nothing stored */ }
    go('/_/apps');
  };

  #access() {
    return html`<section><h2>${t('settings.access')}</h2><p class="hint">${t('settings.access.text')}</p>
      <ui-tokenlist .tokens=${this.#tokens} .onGone=${id => { this.#tokens = this.#tokens.filter(x => x.id !== id); this.say(t('token.gone')); }}></ui-tokenlist>
      ${this.#adding
        ? html`<div class="boxed"><ui-newtoken .kind=${'key-secret'} .app=${this.app} .abilities=${ABILITIES} .onMade=${() => this.reload()}></ui-newtoken></div>`
        : html`<div class="row"><button type="button" class="btn line" @click=${() => { this.#adding = true; this.update(); whenRendered(() => this.querySelector('#token-name')?.focus()); }}>${t('settings.access.add')}</button></div>`}</section>`;
  }

  content() {
    const { app, tables } = this.meta, records = tables.reduce((sum, x) => sum + (x.records ?? 0), 0);
    return html`<div class="page-col narrow">
      <section><h2 class="quiet">${t('settings.names')}</h2>
        <ui-setting .label=${t('settings.name')} .value=${app.name} .save=${this.#save('name')}></ui-setting>
        <ui-setting .label=${t('settings.slug')} .value=${app.slug} .hint=${t('settings.slug.hint', { slug: app.slug })} .save=${this.#save('slug')}></ui-setting>
        <ui-setting .label=${t('settings.text')} .kind=${'long'} .value=${app.description} .save=${this.#save('description')}></ui-setting>
        <div class="field"><p class="label">${t('settings.uuid')}</p><div class="secret-line"><code class="line">${app.uuid}</code><ui-copy .text=${app.uuid} .what=${t('settings.uuid')}></ui-copy></div><p class="hint">${t('settings.uuid.hint')}</p></div></section>
      ${this.#access()}
      <section><h2>${t('settings.end')}</h2><ui-remove .label=${t('settings.remove')} .ask=${() => t('settings.remove.ask', { app: app.name, tables: tables.length, records })} .remove=${this.#remove}></ui-remove></section>
    </div>`;
  }
}
define('screen-settings', AppSettings);
