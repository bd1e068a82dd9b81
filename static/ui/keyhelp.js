// The keys of the page in a dialog, from the list by which they work. Not here: the list (app/keys.js), and what they do (keys.js, gridkeys.js).
import { html, each, render } from '../lib/view.js';
import { KEYS, piecesOf } from '../app/keys.js';
import { learn, t } from '../app/i18n.js';
import { FIND } from '../i18n/en-find.js';
import { icon } from './parts.js';

learn(FIND);

// In two columns of much the same height.
const PLACES = [['all', 'table', 'record'], ['grid', 'edit']];

/** Keys as they are pressed: `Ctrl` and `K` together, or one after the other. */
export const keyView = key => html`<span class="keys">${each(key.split(' '), (part, i) => i, (part, i) => html`${i > 0 && html`<span class="key-then"> </span>`}${each(piecesOf(part), p => p, p => html`<kbd>${p}</kbd>`)}`)}</span>`;

const row = ({ id, keys }) => html`<div class="key-row"><dt>${each(keys, k => k, (k, i) => html`${i > 0 && html`<span class="faint"> · </span>`}${keyView(k)}`)}</dt><dd>${t(`key.${id}`)}</dd></div>`;

/** Opens it; once. */
export function openKeys() {
  if (document.querySelector('dialog.keyhelp')) return;
  const dialog = document.createElement('dialog'), before = document.activeElement;
  dialog.className = 'keyhelp';
  dialog.setAttribute('aria-labelledby', 'keyhelp-head');
  render(html`<header><h2 id="keyhelp-head" tabindex="-1">${t('key.head')}</h2><button type="button" class="btn square" aria-label=${t('key.close')} title=${t('key.close')} @click=${() => dialog.close()}>${icon('close')}</button></header>
    <div class="key-places" tabindex="0" role="group" aria-labelledby="keyhelp-head">${each(PLACES, (_, i) => i, column => html`<div>${each(column, p => p, p => html`<section><h3>${t(`key.in.${p}`)}</h3><dl>${each(KEYS.filter(k => k.where === p), k => k.id, row)}</dl></section>`)}</div>`)}</div>
    <p class="hint">${t('key.letters')} <a href="/_/settings/account">${t('profile.mine')}</a></p>`, dialog);
  document.body.append(dialog);
  dialog.addEventListener('click', e => { if (e.target === dialog || e.target.closest('a')) dialog.close(); });
  dialog.addEventListener('close', () => { dialog.remove(); if (before?.isConnected) before.focus({ preventScroll: true }); }, { once: true });
  dialog.showModal();
  dialog.querySelector('h2').focus();
}
