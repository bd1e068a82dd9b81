// The start of the page: which screen belongs to which address, the session gate, the trap for mistakes of our own.
// Not here: what the screens show.
import { html, render } from './lib/view.js';
import { holdKeys } from './lib/a11y.js';
import { later, looked } from './lib/el.js';
import { go, here, match, startRouter } from './lib/router.js';
import { whenSessionEnds } from './app/api.js';
import { person } from './app/session.js';
import { begin, forget } from './app/meta.js';
import { beginLanguage, t } from './app/i18n.js';
import { lost } from './ui/notice.js';
import './screens/table.js';

const root = document.getElementById('root');
// One template for both addresses: moving between them keeps the rail and what was loaded.
const tableScreen = at => html`<screen-table .app=${at.app} .table=${at.table ?? null} .view_=${at.view ?? null} .query=${here.get().query}></screen-table>`;
// Screens that anyone may see, and then those behind the sign-in. What most people do not see first is loaded when it is wanted.
const OPEN = [
  ['/_/sign-in', () => html`<screen-signin></screen-signin>`, () => import('./screens/signin.js')],
  ['/_/start', () => html`<screen-start></screen-start>`, () => import('./screens/start.js')],
  ['/_/invitation', () => html`<screen-choose .purpose=${'invitation'}></screen-choose>`, () => import('./screens/choose.js')],
  ['/_/reset', () => html`<screen-choose .purpose=${'reset'}></screen-choose>`, () => import('./screens/choose.js')],
];
const CLOSED = [
  ['/_/apps', () => html`<screen-apps .query=${here.get().query}></screen-apps>`, () => import('./screens/apps.js')],
  ['/_/settings/account', () => html`<screen-account></screen-account>`, () => import('./screens/account.js')],
  ['/_/apps/import', () => html`<screen-importnew></screen-importnew>`, () => import('./screens/importnew.js')],
  ['/_/tokens', () => html`<screen-tokens></screen-tokens>`, () => import('./screens/tokens.js')],
  ['/_/:app', tableScreen],
  ['/_/:app/t/:table', tableScreen],
  ['/_/:app/t/:table/v/:view', tableScreen],
  ['/_/:app/home', at => html`<screen-home .app=${at.app}></screen-home>`, () => import('./screens/home.js')],
  ['/_/:app/new-table', at => html`<screen-newtable .app=${at.app}></screen-newtable>`, () => import('./screens/newtable.js')],
  ['/_/:app/history', at => html`<screen-history .app=${at.app} .query=${here.get().query}></screen-history>`, () => import('./screens/history.js')],
  ['/_/:app/diagram', at => html`<screen-diagram .app=${at.app}></screen-diagram>`, () => import('./screens/diagram.js')],
  ['/_/:app/import', at => html`<screen-import .app=${at.app}></screen-import>`, () => import('./screens/import.js')],
  ['/_/:app/t/:table/import', at => html`<screen-import .app=${at.app} .table=${at.table}></screen-import>`, () => import('./screens/import.js')],
  ['/_/:app/t/:table/export', at => html`<screen-export .app=${at.app} .table=${at.table} .query=${here.get().query}></screen-export>`, () => import('./screens/export.js')],
  ['/_/:app/t/:table/fields', at => html`<screen-fields .app=${at.app} .table=${at.table} .query=${here.get().query}></screen-fields>`, () => import('./screens/fields.js')],
  ['/_/:app/t/:table/r/:id', at => html`<screen-record .app=${at.app} .table=${at.table} .record=${at.id}></screen-record>`, () => import('./screens/record.js')],
  ['/_/:app/settings', at => html`<screen-settings .app=${at.app}></screen-settings>`, () => import('./screens/settings.js')],
];

function screenAt(path, list) {
  for (const [pattern, view, load] of list) {
    const names = match(pattern, path);
    if (names) return { view: () => view(names), load };
  }
  return null;
}

// The first screen leaves the focus at the top of the page, so that the first Tab finds the skip link.
let moved = false;

/** After a move the focus may have gone with the old screen; reading then starts at the new one. */
function keepFocus() {
  queueMicrotask(() => requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return;
    const screen = root.firstElementChild;
    if (screen?.firstFocus) screen.firstFocus();
    else if (moved) document.getElementById('main')?.focus({ preventScroll: true });
  }));
}

// The rules that a table does not need at first.
const dress = async () => { const { wear } = await import('./lib/sheet.js'); await wear('css/design.css'); };

// What was loaded once is shown at once.
const ready = new Set(), isAway = screen => !!screen?.load && !ready.has(screen.load);

/** Whether the screen is there, and still wanted. Without it there is the way to try again, unless the person went elsewhere. */
async function loaded(load, href) {
  try {
    await Promise.all([load(), dress()]);
    ready.add(load);
  } catch {
    const fault = { kind: 'offline', message: t('fault.screen') };
    if (here.get().href === href) present(lost(fault, () => location.reload()));
    return false;
  }
  return here.get().href === href;
}

function lastView() {
  try { return localStorage.getItem('ui:last') ?? '/_/apps'; } catch { return '/_/apps'; }
}

async function show() {
  const { path, href } = here.get();
  const open = screenAt(path, OPEN);
  if (open) {
    if (isAway(open) && !await loaded(open.load, href)) return;
    present(open.view());
    return;
  }
  if (!person.get()) {
    try {
      await begin(path === '/_/' || path === '/_' ? new URL(lastView(), location.origin).pathname : path);
    } catch (fault) {
      // A session that is over has already led to the sign-in screen.
      if (fault.kind !== 'auth' && fault.name !== 'AbortError') present(lost(fault, show));
      return;
    }
    if (here.get().href !== href) return;
  }
  if (path === '/_/' || path === '/_') { go(lastView(), { replace: true }); return; }
  const found = screenAt(path, CLOSED);
  if (isAway(found) && !await loaded(found.load, href)) return;
  present(found ? found.view() : lost());
}

function present(view) {
  render(view, root);
  // A table tells itself when its rows are there.
  if (!root.firstElementChild?.isComing) looked();
  keepFocus();
}

whenSessionEnds(() => {
  if (here.get().path === '/_/sign-in') return;
  person.set(null);
  forget();
  const { href } = here.get();
  go(href === '/_/' ? '/_/sign-in' : `/_/sign-in?next=${encodeURIComponent(href)}`, { replace: true });
});

function trap() {
  render(html`<div class="trap" role="alert"><p>${t('trap.text')}</p>
    <button type="button" class="btn line" @click=${() => location.reload()}>${t('trap.reload')}</button></div>`, document.getElementById('trap'));
}
addEventListener('error', trap);
addEventListener('unhandledrejection', trap);

// The skip link moves the focus only; a `#main` in the address would be one more step for the back button.
const skip = document.querySelector('.skip');
skip.addEventListener('click', e => {
  e.preventDefault();
  (document.querySelector('.grid [tabindex="0"]') ?? document.getElementById('main'))?.focus();
});

here.on(() => { moved = true; show(); });
startRouter();
await beginLanguage();
skip.textContent = t('shell.skip');
show();
// What works on every screen, and is not needed for the first look at one. Keys that are pressed before what hears them is here are heard then.
const early = [], KEPT = ['keydown', 'ui:palette', 'ui:keys'];
let taken = () => [];
const keep = e => {
  early.push(e);
  const isFree = !e.target.closest?.('input, textarea, select, .grid'), opens = e.type === 'ui:palette' || ((e.ctrlKey || e.metaKey) && e.key?.toLowerCase() === 'k');
  // What is typed behind them is for what they open.
  if (!opens && !(e.key === '/' && isFree)) return;
  taken = holdKeys();
  if (!opens) return;
  e.preventDefault();
};
KEPT.forEach(type => document.addEventListener(type, keep));
later(async () => {
  const { startKeys } = await import('./ui/keys.js');
  KEPT.forEach(type => document.removeEventListener(type, keep));
  startKeys([...early.splice(0), ...taken()]);
});
later(() => import('./ui/notes.js'));
later(dress);
