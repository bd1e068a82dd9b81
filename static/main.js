// The start of the page: which screen belongs to which address, the session gate, the trap for mistakes of our own.
// Not here: what the screens show.
import { html, render } from './lib/view.js';
import { go, here, match, startRouter } from './lib/router.js';
import { whenSessionEnds } from './app/api.js';
import { loadPerson, person } from './app/session.js';
import { forget } from './app/meta.js';
import './screens/table.js';

// The table is what most visits begin with; the other screens come when they are asked for.
const screens = { signin: () => import('./screens/signin.js'), start: () => import('./screens/start.js'), choose: () => import('./screens/choose.js'), apps: () => import('./screens/apps.js'), lost: () => import('./screens/lost.js') };
const later = (name, view) => at => { screens[name]().then(keepFocus); return view(at); };

const root = document.getElementById('root');
// One template for both addresses: moving between them keeps the rail and what was loaded.
const tableScreen = at => html`<screen-table .app=${at.app} .table=${at.table ?? null} .view_=${at.view ?? null} .query=${here.get().query}></screen-table>`;
// Screens that anyone may see, and then those behind the sign-in.
const OPEN = [
  ['/_/sign-in', later('signin', () => html`<screen-signin></screen-signin>`)],
  ['/_/start', later('start', () => html`<screen-start></screen-start>`)],
  ['/_/invitation', later('choose', () => html`<screen-choose .purpose=${'invitation'}></screen-choose>`)],
  ['/_/reset', later('choose', () => html`<screen-choose .purpose=${'reset'}></screen-choose>`)],
];
const CLOSED = [
  ['/_/apps', later('apps', () => html`<screen-apps></screen-apps>`)],
  ['/_/:app', tableScreen],
  ['/_/:app/t/:table', tableScreen],
  ['/_/:app/t/:table/v/:view', tableScreen],
];

const lost = later('lost', view => view);

function screenAt(path, list) {
  for (const [pattern, view] of list) {
    const names = match(pattern, path);
    if (names) return view(names);
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

function lastView() {
  try { return localStorage.getItem('ui:last') ?? '/_/apps'; } catch { return '/_/apps'; }
}

async function show() {
  const { path, href } = here.get();
  const open = screenAt(path, OPEN);
  if (open) { render(open, root); keepFocus(); return; }
  if (!person.get()) {
    try {
      await loadPerson();
    } catch (fault) {
      // A session that is over has already led to the sign-in screen.
      if (fault.kind !== 'auth') render(lost(html`<screen-lost .fault=${fault} .onRetry=${show}></screen-lost>`), root);
      return;
    }
    if (here.get().href !== href) return;
  }
  if (path === '/_/' || path === '/_') { go(lastView(), { replace: true }); return; }
  render(screenAt(path, CLOSED) ?? lost(html`<screen-lost></screen-lost>`), root);
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
  render(html`<div class="trap" role="alert"><p>This page ran into a mistake of its own. Your data is not affected.</p>
    <button type="button" class="btn line" @click=${() => location.reload()}>Reload the page</button></div>`, document.getElementById('trap'));
}
addEventListener('error', trap);
addEventListener('unhandledrejection', trap);

// The skip link moves the focus only; a `#main` in the address would be one more step for the back button.
document.querySelector('.skip').addEventListener('click', e => {
  e.preventDefault();
  (document.querySelector('.grid [tabindex="0"]') ?? document.getElementById('main'))?.focus();
});

here.on(() => { moved = true; show(); });
startRouter();
show();
