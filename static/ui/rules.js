// Who may do what with a table: every role of the app in a row; those of one's own are changed below, action by action and field by field, and made here.
// Not here: who has a role.
import { El, define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { announce } from '../lib/a11y.js';
import { changeRole, makeRole } from '../app/design.js';
import { slugFor } from '../app/guess.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';
import './setting.js';

const ACTIONS = ['list', 'read', 'create', 'update', 'delete', 'export', 'manage'];
// A role of one's own never manages tables.
const SET = ACTIONS.filter(action => action !== 'manage');
// Until somebody writes another rule.
const FIRST_RULE = 'created_by = @me';
const kindOf = value => (typeof value === 'string' ? 'where' : value ? 'all' : 'none');
const accessOf = field => (field?.readable === false ? 'hidden' : field?.writable === false ? 'read' : 'write');
const ACCESS = { hidden: { readable: false }, read: { writable: false }, write: null };

class Rules extends El {
  // onChange: gets a role as the server has it now.
  static props = { app: null, table: null, roles: [], onChange: null };
  #open = null;
  #name = '';
  #wrong = null;

  /** What a role may with this table: said of it, or of all that are not named. */
  #said(role) { return role.schemas?.[this.table.slug] ?? role.schemas?.['*'] ?? {}; }

  #may(role, action) {
    if (role.built_in) return { owner: true, editor: action !== 'manage', viewer: ['list', 'read', 'export'].includes(action) }[role.slug] ?? false;
    return this.#said(role)[action] ?? false;
  }

  #put = async (role, change) => {
    const said = { ...this.#said(role), ...change };
    for (const [key, value] of Object.entries(said)) if (value === false || value === null) delete said[key];
    this.onChange(await changeRole(this.app, role.slug, { schemas: { [this.table.slug]: said } }));
  };

  #field = (role, slug, access) => {
    const fields = { ...this.#said(role).fields };
    if (ACCESS[access]) fields[slug] = ACCESS[access];
    else delete fields[slug];
    return this.#put(role, { fields: Object.keys(fields).length ? fields : null });
  };

  #make = async e => {
    e.preventDefault();
    const name = this.#name.trim();
    this.#wrong = name ? null : t('rules.noname');
    if (name) {
      try {
        const role = await makeRole(this.app, { slug: slugFor(name, this.roles.map(r => r.slug)), name, schemas: { [this.table.slug]: { list: true, read: true } } });
        this.#name = this.querySelector('#new-role').value = '';
        this.#open = role.slug;
        announce(t('rules.made', { name }));
        this.onChange(role);
      } catch (fault) { this.#wrong = fault.message; }
    }
    this.update();
  };

  #cell(value) {
    if (value === true) return html`<span class="yes">${icon('tick')}<span class="quiet">${t('fields.yes')}</span></span>`;
    return typeof value === 'string' ? html`<code>${value}</code>` : html`<span class="faint">–<span class="quiet">${t('fields.no')}</span></span>`;
  }

  #action(role, action) {
    const value = this.#may(role, action), kind = kindOf(value);
    const kinds = ['none', 'all', 'where'];
    return html`<div class="rule"><ui-setting .kind=${'choice'} .label=${t(`ability.${action}`)} .value=${kind} .choices=${kinds.map(k => ({ value: k, text: t(`rules.${k}`) }))}
        .save=${k => this.#put(role, { [action]: { none: false, all: true, where: FIRST_RULE }[k] })}></ui-setting>
      ${kind === 'where' && html`<ui-setting .label=${t('rules.rule', { action: t(`ability.${action}`) })} .value=${value} .save=${rule => this.#put(role, { [action]: rule.trim() })}></ui-setting>`}</div>`;
  }

  #changing(role) {
    const choices = ['write', 'read', 'hidden'].map(value => ({ value, text: t(`rules.${value}`) }));
    return html`<section class="rules" aria-labelledby="rules-of"><h3 id="rules-of" tabindex="-1">${t('rules.of', { name: role.name, table: this.table.name })}</h3><p class="hint">${t('rules.hint')}</p>
      <div class="pair">${each(SET, a => a, a => this.#action(role, a))}</div>
      <h4>${t('rules.fields')}</h4><div class="pair">${each(this.table.fields, f => f.slug, f => html`<ui-setting .kind=${'choice'} .label=${f.name} .choices=${choices} .value=${accessOf(this.#said(role).fields?.[f.slug])}
        .save=${access => this.#field(role, f.slug, access)}></ui-setting>`)}</div></section>`;
  }

  #toggle = role => {
    this.#open = this.#open === role.slug ? null : role.slug;
    this.update();
    if (this.#open) whenRendered(() => this.querySelector('#rules-of')?.focus());
  };

  view() {
    const open = this.roles.find(role => role.slug === this.#open && !role.built_in);
    return html`<section><h2>${t('rules.head')}</h2><div class="wide-table" tabindex="0" role="group" aria-label=${t('rules.head')}><table class="names"><thead><tr><th scope="col">${t('rules.role')}</th>${each(ACTIONS, a => a, a => html`<th scope="col">${t(`ability.${a}`)}</th>`)}<td></td></tr></thead>
      <tbody>${each(this.roles, r => r.slug, r => html`<tr><th scope="row">${r.name}</th>${each(ACTIONS, a => a, a => html`<td>${this.#cell(this.#may(r, a))}</td>`)}
        <td>${!r.built_in && html`<button type="button" class="btn line" aria-expanded=${String(open === r)} @click=${() => this.#toggle(r)}>${t('rules.change')}<span class="quiet"> ${r.name}</span></button>`}</td></tr>`)}</tbody></table></div>
      ${open && each([open], r => r.slug, r => this.#changing(r))}
      <form class="row" @submit=${this.#make}><div class="field"><label for="new-role">${t('rules.new')}</label><input id="new-role" type="text" autocomplete="off" aria-invalid=${this.#wrong ? 'true' : null} aria-describedby=${this.#wrong ? 'new-role-wrong' : null} @input=${e => { this.#name = e.target.value; }}></div><button type="submit" class="btn line">${t('rules.make')}</button></form>
      ${this.#wrong && html`<p class="form-error" role="alert" id="new-role-wrong">${this.#wrong}</p>`}</section>`;
  }
}
define('ui-rules', Rules);
