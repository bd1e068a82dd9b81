// What the keys do that work everywhere: the palette, undo and redo, from one part of the page to the next, to a screen of the app. A key that the
// screen in sight offers (`deeds()`) does what the screen says. Not here: the list of keys (app/keys.js), keys of the grid (gridkeys.js).
import { KEYS, hasLetters, isLetter, keyOf } from '../app/keys.js';
import { t } from '../app/i18n.js';
import { appAt, appHref } from '../app/meta.js';
import { note } from '../app/notes.js';
import { remember } from '../app/recent.js';
import { redo, undo } from '../app/undo.js';
import { holdKeys } from '../lib/a11y.js';
import { later } from '../lib/el.js';
import { go, here } from '../lib/router.js';

const CHORD_MS = 1_200, STAY_MS = 1_000;
// The parts that F6 goes round, in the order of reading. What is not there or not to be seen is left out.
const REGIONS = ['.plain-bar', '.rail', '.bar', '.main .tools', '.gridbox', '.page', '.plain-main', '.panel', '.notes'];
const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]';

const left = new WeakMap();
let begun = '', timer = 0;

const appHere = () => appAt(here.get().path);
const isInApp = work => { if (appHere()) work(); return !!appHere(); };
const to = screen => () => { const app = appHere(); if (app) go(`${appHref(app)}/${screen}`); return !!app; };

const isShown = el => el.checkVisibility({ visibilityProperty: true }) && !el.closest('[inert]');
const innermost = (regions, el) => regions.filter(r => r.contains(el)).at(-1) ?? null;

/** The next part of the page, or the one before: where the focus was in it last, else at its first control. */
function round(way) {
  const regions = REGIONS.flatMap(r => [...document.querySelectorAll(r)]).filter(isShown);
  const ready = regions.map(region => ({ region, target: aim(region, regions) })).filter(r => r.target);
  if (!ready.length) return false;
  const now = ready.findIndex(r => r.region === innermost(regions, document.activeElement));
  const next = ready[now < 0 ? (way > 0 ? 0 : ready.length - 1) : (now + way + ready.length) % ready.length];
  next.target.focus();
  return true;
}

function aim(region, regions) {
  const last = left.get(region);
  if (last?.isConnected && region.contains(last) && isShown(last)) return last;
  const own = [...region.querySelectorAll(FOCUSABLE)].filter(el => isShown(el) && innermost(regions, el) === region);
  return own.find(el => el.matches('.grid [tabindex="0"]')) ?? own[0] ?? null;
}

/** The list of tables as icons alone, or in full; kept in this browser, where theme.js finds it. */
function narrow() {
  const isNarrow = document.documentElement.toggleAttribute('data-narrow');
  try { localStorage.setItem('ui:rail', isNarrow ? 'narrow' : 'wide'); } catch { /* For this visit, then. */ }
}

/** What is loaded when it is wanted, and may not come. */
async function late(open) {
  try { await open(); } catch { note(t('fault.screen'), { bad: true }); }
}

/** What is typed meanwhile is meant for it, and not for the cell behind. */
async function palette(typed = []) {
  const taken = holdKeys();
  await late(async () => { const { openPalette } = await import('./palette.js'); openPalette([...typed, ...taken()]); });
  taken();
}

const DO = {
  palette: () => palette(),
  help: () => late(async () => { const { openKeys } = await import('./keyhelp.js'); openKeys(); }),
  // What is taken back is what is in sight: an app's.
  undo: () => isInApp(undo), redo: () => isInApp(redo),
  rail: narrow,
  region: () => round(1), 'region.back': () => round(-1),
  'go.home': to('home'), 'go.history': to('history'), 'go.diagram': to('diagram'), 'go.settings': to('settings'),
};

const isText = el => !!el?.closest?.('input:not([type="checkbox"], [type="radio"], [type="button"]), textarea, select, [contenteditable]');
// These work in texts, too, and before anything else has a say: an editor keeps its keys to itself.
const FIRST = ['Ctrl+K', 'F6', 'Shift+F6'];
/** In a text Ctrl+Z is the browser's, and letters are letters; in the grid they begin an edit. */
const isTaken = (key, el) => (isText(el) && !FIRST.includes(key)) || (isLetter(key) && (!hasLetters() || !!el?.closest?.('.grid, [role="menu"], [role="listbox"]')));

/** `rest`: keys that were pressed behind it, for what it opens. */
function pressed(e, rest = []) {
  if (e.defaultPrevented || e.isComposing || document.querySelector('dialog:modal')) return;
  if (['Shift', 'Control', 'Alt', 'Meta'].includes(e.key)) return;
  const key = keyOf(e), before = begun;
  begun = '';
  clearTimeout(timer);
  if (isTaken(key, e.target)) return;
  const all = KEYS.filter(k => k.where === 'all'), said = before ? `${before} ${key}` : key;
  const known = all.find(k => k.keys.includes(said)), deed = document.querySelector('#root > *')?.deeds?.().find(d => d.key === key);
  if (known) { if (DO[known.id]() !== false) e.preventDefault(); return; }
  if (deed) { e.preventDefault(); deed.run(rest); return; }
  if (!before && all.some(k => k.keys.some(x => x.startsWith(`${key} `)))) {
    begun = key;
    timer = setTimeout(() => { begun = ''; }, CHORD_MS);
  }
}

/** Where somebody is, once the screen has said what it is called: "View – App". */
function visited() {
  const { path } = here.get(), [text, note] = document.title.split(' – ');
  if (note && appHere() && document.querySelector('#main')) remember({ href: path, text, note });
}

/** From now on, for as long as the page is open. `early`: what was pressed before. */
export function startKeys(early) {
  // Buttons and menus ask for them, too.
  document.addEventListener('ui:palette', () => palette());
  document.addEventListener('ui:keys', DO.help);
  let stay = 0;
  const look = () => { clearTimeout(stay); stay = setTimeout(visited, STAY_MS); };
  here.on(look);
  look();
  addEventListener('keydown', e => { if (FIRST.includes(keyOf(e))) pressed(e); }, { capture: true });
  addEventListener('keydown', e => { if (!FIRST.includes(keyOf(e))) pressed(e); });
  document.addEventListener('focusin', e => {
    const region = innermost(REGIONS.flatMap(r => [...document.querySelectorAll(r)]), e.target);
    if (region) left.set(region, e.target);
  });
  for (let e = early.shift(); e; e = early.shift()) {
    if (e.type === 'ui:palette' || (e.type === 'keydown' && keyOf(e) === 'Ctrl+K')) palette(early.splice(0));
    else if (e.type === 'ui:keys') DO.help();
    else pressed(e, e.key === '/' ? early.splice(0) : []);
  }
  later(() => import('./palette.js'));
}
