// A screenful of words instead of content: nothing there yet, not found, or a failure with the way on.
// Not here: errors that belong to one form, which stand at that form.
import { html } from '../lib/view.js';
import { title } from '../lib/a11y.js';
import { partsOf, sentence } from '../app/filter.js';
import { t } from '../app/i18n.js';
import { appHref, importHref } from '../app/meta.js';
import { nameOf, numbered } from '../app/records.js';
import { brand, icon } from './parts.js';

const heading = (level, title) => {
  if (level === 1) return html`<h1 tabindex="-1">${title}</h1>`;
  return level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`;
};

/** `level` is the heading level: 1 where the notice is the whole page, 2 or 3 where something above it already has a name. */
export function notice({ level = 1, title, text, code = null, actions = null, sign = null }) {
  return html`<div class="notice">
    ${sign && html`<span class="notice-sign">${icon(sign)}</span>`}
    ${heading(level, title)}
    <p>${text}</p>
    ${code && html`<p><code class="line">${code}</code></p>`}
    ${actions && html`<div class="notice-actions">${actions}</div>`}
  </div>`;
}

const HEADS = ['offline', 'forbidden', 'busy'];

/** A failed request. A lost session shows nothing: the page is on its way to the sign-in screen. */
export function failure(fault, again, level = 1) {
  if (fault.kind === 'auth') return null;
  return html`<div role="alert">${notice({
    level,
    sign: 'alert',
    title: t(`failure.${HEADS.includes(fault.kind) ? fault.kind : 'other'}`),
    text: fault.message,
    actions: html`<button class="btn line" type="button" @click=${again}>${t('again')}</button>`,
  })}</div>`;
}

/** A list without a record: because there is none yet, or because nothing matches; and the way to see some. */
export function noRecords({ table, canWrite, tree, ask: { filter, q }, names, onTree, onClear }) {
  if (!filter && !q) return html`<div class="grid-none"><p>${t(canWrite ? 'none.yet' : 'none.read', { name: table.name })}</p></div>`;
  const parts = partsOf(tree), said = sentence(tree, table, (field, id) => nameOf(names, field.target, id) ?? (typeof id === 'string' ? numbered(id) : t('user.numbered', { n: String(id) })));
  return html`<div class="grid-none"><p>${said ? t('none.match', { what: said }) : t('none.words', { q })}</p>
    ${parts.length > 1 && html`<button type="button" class="btn line" @click=${() => onTree(tree.all ? { all: parts.slice(0, -1) } : { any: parts.slice(0, -1) })}>${t('none.last')}</button>`}
    <button type="button" class="btn line" @click=${onClear}>${t('none.clear')}</button></div>`;
}

/** A page that is nothing but words. */
const alone = (sign, words) => html`<main id="main" tabindex="-1" class="center"><div class="sheet">${sign}${words}</div></main>`;
const link = (href, text, look = 'btn line') => html`<a class=${look} href=${href}>${text}</a>`;

/** No page at this address; or, with a fault, a page that could not be had. */
export function lost(fault = null, again = null) {
  title(t(fault ? 'lost.problem' : 'lost.title'), t('app.name'));
  return alone(brand(), fault ? failure(fault, again) : notice({ title: t('lost.page'), text: t('lost.page.text'), actions: link('/_/apps', t('lost.apps')) }));
}

/** An app that is not there, or that could not be loaded. */
export function noApp(fault, app, again) {
  if (fault.kind !== 'gone') return alone(null, failure(fault, again));
  title(t('lost.title'), t('app.name'));
  return alone(null, notice({ title: t('lost.app', { app }), text: t('lost.text'), actions: link('/_/apps', t('lost.apps')) }));
}

export const noTable = (app, table) => notice({ level: 2, title: t('lost.table', { table }), text: t('lost.text'), actions: link(appHref(app.slug), t('lost.open', { app: app.name })) });
export const noTables = app => notice({ level: 2, sign: 'table', title: t('tables.none'), text: t('tables.none.text'),
  actions: html`${link(`${appHref(app.slug)}/new-table`, t('tables.new'), 'btn main-act')} ${link(importHref(app.slug), t('tables.file'))}` });
