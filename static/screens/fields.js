// The fields of a table: their order, adding one by typing its name, one of them in the panel (`?f=`), and the settings of the table below.
// Not here: records.
import { define, whenRendered } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { go, withQuery } from '../lib/router.js';
import { changeTable, loadDialects, loadRoles, makeField } from '../app/design.js';
import { appHref, fieldsHref, importHref, loadTable, tableHref } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { note } from '../app/notes.js';
import { typeOf, wordOf } from '../app/types.js';
import { offerUndo } from '../app/undo.js';
import { AppScreen } from '../ui/appscreen.js';
import { icon } from '../ui/parts.js';
import '../ui/addfield.js';
import '../ui/fieldpanel.js';
import '../ui/tablesettings.js';

class Fields extends AppScreen {
  static props = { ...AppScreen.props, query: null };
  #full = null;
  #dialects = null;
  #roles = null;

  get head() { return t('fields.head'); }
  /** With the indexes and proposals, which the list of tables does not tell. */
  get #table() { return this.#full?.slug === this.table ? this.#full : this.found; }
  get #field() { return this.#table?.fields.find(f => f.slug === this.query?.get('f')) ?? null; }

  async arrived() {
    [this.#full, this.#dialects] = await Promise.all([loadTable(this.app, this.table, this.life), loadDialects(this.life)]);
    if (!this.#full.can.manage) return;
    try { this.#roles = await loadRoles(this.app, this.life); } catch (e) { if (e.kind !== 'forbidden') throw e; }
  }

  #open = slug => {
    go(withQuery({ f: slug }), { replace: !!this.query.get('f') });
    whenRendered(() => this.querySelector('ui-fieldpanel h2')?.focus());
  };

  #close = () => {
    const slug = this.query.get('f');
    go(withQuery({ f: null }));
    whenRendered(() => this.querySelector(`.fieldrow[data-slug="${CSS.escape(slug)}"] button`)?.focus());
  };

  connected() {
    super.connected();
    this.addEventListener('keydown', e => {
      if (e.key !== 'Escape' || e.defaultPrevented || !this.#field || e.target.closest('[popover]')) return;
      e.preventDefault();
      this.#close();
    }, { signal: this.life });
  }

  // Once loaded anew the panel shows what the server made of it, also under another slug.
  #changed = async slug => {
    const { name } = this.#field ?? {};
    if (name) this.#did('design.changed', { name });
    await this.reload();
    if (slug && slug !== this.query.get('f')) go(withQuery({ f: slug }), { replace: true });
  };

  #ruled = role => {
    const isNew = !this.#roles.some(one => one.slug === role.slug);
    this.#roles = isNew ? [...this.#roles, role] : this.#roles.map(one => (one.slug === role.slug ? role : one));
    this.update();
  };

  #retabled = async slug => {
    if (slug === this.table) await this.reload();
    else go(fieldsHref(this.app, slug), { replace: true });
  };

  #addNew = async body => {
    const made = await makeField(this.app, this.table, body);
    await this.reload();
    this.#did('fields.added', { name: made.name, type: wordOf(made.type) });
  };

  #gone = async field => {
    go(withQuery({ f: null }), { replace: true });
    await this.reload();
    this.#did('fields.removed', { name: field.name });
    this.querySelector('ui-addfield')?.focusName();
  };

  /** A note about what was done, with the way back. */
  #did(key, values) { note(t(key, values), { actions: offerUndo() }); }

  #ended = table => {
    this.#did('table.removed', { name: table.name, n: table.records ?? 0 });
    go(`${appHref(this.app)}/home`);
  };

  #move = async (slug, way) => {
    const order = this.#table.fields.map(f => f.slug), at = order.indexOf(slug), to = at + way;
    if (to < 0 || to >= order.length) return;
    order.splice(to, 0, ...order.splice(at, 1));
    try {
      await changeTable(this.app, this.table, { order });
      await this.reload();
      this.#did('fields.moved', { name: this.#table.fields[to].name, at: to + 1, n: order.length });
    } catch (fault) { this.say(fault.message); }
  };

  #key = e => {
    const slug = e.target.closest('.fieldrow')?.dataset.slug;
    if (!slug || !e.altKey || (e.key !== 'ArrowUp' && e.key !== 'ArrowDown')) return;
    e.preventDefault();
    this.#move(slug, e.key === 'ArrowUp' ? -1 : 1);
  };

  #notes(field) {
    const { tables } = this.meta;
    return [
      field.slug === this.#table.display_field && t('fields.isname'),
      field.required && t('fields.required'), field.unique && t('fields.unique'),
      field.target && `→ ${tables.find(x => x.slug === field.target)?.name ?? field.target}`,
      field.options && t('fields.options', { n: field.options.length }), field.currency, field.formula !== undefined && field.formula,
    ].filter(Boolean).join(' · ');
  }

  #row(field, i) {
    const { icon: sign } = typeOf(field), open = field === this.#field;
    return html`<li class="fieldrow" data-slug=${field.slug} data-open=${open ? '' : null}>
      <button type="button" class="fieldrow-main" aria-pressed=${String(open)} @click=${() => this.#open(field.slug)}>${icon(sign)}<span class="fieldrow-name">${field.name}</span><span class="fieldrow-type">${wordOf(field.type)}</span><span class="fieldrow-notes cut">${this.#notes(field)}</span><code>${field.slug}</code></button>
      <span class="steps"><button type="button" class="btn square" aria-label=${t('fields.move.up', { name: field.name })} title="Alt+↑" aria-disabled=${String(i === 0)} @click=${() => this.#move(field.slug, -1)}>${icon('up')}</button><button type="button" class="btn square" aria-label=${t('fields.move.down', { name: field.name })} title="Alt+↓" aria-disabled=${String(i === this.#table.fields.length - 1)} @click=${() => this.#move(field.slug, 1)}>${icon('down')}</button></span></li>`;
  }

  /** For those who may look and not touch. */
  #still(field) {
    const { icon: sign } = typeOf(field);
    return html`<li class="fieldrow"><div class="fieldrow-main">${icon(sign)}<span class="fieldrow-name">${field.name}</span><span class="fieldrow-type">${wordOf(field.type)}</span><span class="fieldrow-notes cut">${this.#notes(field)}</span><code>${field.slug}</code></div></li>`;
  }

  actions() {
    return html`<a class="btn line" href=${tableHref(this.app, this.table)}>${icon('table')}<span class="act-text">${t('fields.records')}</span></a>${this.found.can.create && html`<a class="btn line" href=${importHref(this.app, this.table)}>${icon('upload')}<span class="act-text">${t('home.import')}</span></a>`}<a class="btn line" href=${`${appHref(this.app)}/diagram`}>${icon('diagram')}<span class="act-text">${t('diagram.head')}</span></a>`;
  }

  content() {
    const table = this.#table, { tables } = this.meta;
    if (!table.can.manage) return html`<div class="page-col"><p class="hint">${t('fields.readonly')}</p><ul class="fieldlist">${each(table.fields, f => f.slug, f => this.#still(f))}</ul></div>`;
    return html`<div class="page-col"><section><ul class="fieldlist" @keydown=${this.#key}>${each(table.fields, f => f.slug, (f, i) => this.#row(f, i))}</ul>
      <ui-addfield .table=${table} .tables=${tables} .add=${this.#addNew}></ui-addfield></section>
      ${this.#full?.slug === this.table && each([table], x => x.slug, x => html`<ui-tablesettings .app=${this.app} .table=${x} .roles=${this.#roles} .onRole=${this.#ruled} .onChange=${this.#retabled} .onGone=${this.#ended}></ui-tablesettings>`)}</div>`;
  }

  panel() {
    const field = this.#field;
    if (!field || !this.found.can.manage) return null;
    return html`<ui-fieldpanel .app=${this.app} .table=${this.#table} .field=${field} .tables=${this.meta.tables} .dialects=${this.#dialects} .onChange=${this.#changed} .onClose=${this.#close} .onGone=${this.#gone}></ui-fieldpanel>`;
  }
}
define('screen-fields', Fields);
