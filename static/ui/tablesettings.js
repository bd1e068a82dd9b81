// What a table has besides its fields: names, what names its records, indexes and those that would help, its end.
// Not here: fields (fieldpanel.js), who may do what (rules.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { changeTable, deleteTable, dropIndex, makeIndex } from '../app/design.js';
import { finished } from '../app/jobs.js';
import { note } from '../app/notes.js';
import { offerUndo } from '../app/undo.js';
import { t } from '../app/i18n.js';
import './remove.js';
import './rules.js';
import './setting.js';

class TableSettings extends El {
  // onChange: loads the table anew; gets the slug if that changed. onGone: after it was removed. roles: null when they may not be seen. onRole: a role is another one now.
  static props = { app: null, table: null, roles: null, onChange: null, onRole: null, onGone: null };
  #wrong = null;
  #busy = false;

  #put = async body => {
    const table = await changeTable(this.app, this.table.slug, body);
    note(t('design.changed', { name: table.name }), { actions: offerUndo() });
    await this.onChange(table.slug);
  };

  #index = async work => {
    if (this.#busy) return;
    this.#busy = true;
    this.#wrong = null;
    this.update();
    try {
      const started = await work();
      if (started?.id) await finished(started.id, this.life);
      announce(t('index.done'));
      await this.onChange(this.table.slug);
    } catch (fault) { if (fault.name !== 'AbortError') this.#wrong = fault.message; }
    this.#busy = false;
    this.update();
  };

  #names(fields) { return fields.map(slug => this.table.fields.find(f => f.slug === slug)?.name ?? slug).join(', '); }

  #indexes() {
    const { table } = this, proposals = table.index_proposals ?? [];
    return html`<section><h2>${t('index.head')}</h2><p class="hint">${t('index.text')}</p>
      <ul class="list">${each(table.index_list, x => x.fields.join('.'), x => html`<li class="listed"><div><h3>${this.#names(x.fields)}${x.unique && html`<span class="tag" data-tint="blue">${t('fields.unique')}</span>`}</h3><p class="hint">${x.why}</p></div>
        ${x.automatic && html`<button type="button" class="btn line" @click=${() => this.#index(() => dropIndex(this.app, table.slug, x.fields))}>${t('index.drop')}<span class="quiet"> ${this.#names(x.fields)}</span></button>`}</li>`)}
      ${each(proposals, x => x.fields.join('.'), x => html`<li class="listed"><div><h3>${this.#names(x.fields)}<span class="tag" data-tint="yellow">${t('index.proposed')}</span></h3><p class="hint">${x.why}</p></div>
        <button type="button" class="btn line" aria-disabled=${String(this.#busy)} @click=${() => this.#index(() => makeIndex(this.app, table.slug, x.fields))}>${t('index.make')}<span class="quiet"> ${this.#names(x.fields)}</span></button></li>`)}</ul>
      ${this.#wrong && html`<p class="form-error" role="alert">${this.#wrong}</p>`}</section>`;
  }

  #remove = async () => {
    await deleteTable(this.app, this.table.slug);
    this.onGone(this.table);
  };

  view() {
    const { table } = this;
    const naming = [{ value: '', text: t('table.nodisplay') }, ...table.fields.filter(f => ['text', 'email', 'phone', 'url', 'integer', 'date', 'select', 'radio', 'reference', 'sequence', 'computed'].includes(f.type) || f.slug === table.display_field).map(f => ({ value: f.slug, text: f.name }))];
    return html`<section><h2>${t('table.head')}</h2><div class="pair">
        <ui-setting .label=${t('settings.name')} .value=${table.name} .save=${v => this.#put({ name: v.trim() })}></ui-setting>
        <ui-setting .label=${t('settings.slug')} .value=${table.slug} .hint=${t('table.slug.hint')} .save=${v => this.#put({ slug: v.trim() })}></ui-setting>
        <ui-setting .label=${t('table.model')} .value=${table.model} .hint=${t('table.model.hint')} .save=${v => this.#put({ model: v.trim() })}></ui-setting>
        <ui-setting .kind=${'choice'} .label=${t('table.display')} .choices=${naming} .value=${table.display_field ?? ''} .save=${v => this.#put({ display_field: v || null })}></ui-setting></div></section>
      ${this.#indexes()}${this.roles && html`<ui-rules .app=${this.app} .table=${table} .roles=${this.roles} .onChange=${this.onRole}></ui-rules>`}
      <section><h2>${t('table.end')}</h2><ui-remove .label=${t('table.remove')} .ask=${() => t('table.remove.ask', { name: table.name, n: table.records ?? 0 })} .remove=${this.#remove}></ui-remove></section>`;
  }
}
define('ui-tablesettings', TableSettings);
