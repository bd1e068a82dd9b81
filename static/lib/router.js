// The address bar as state: patterns, in-page links, query changes. History paths, because skip links need the hash.
// Not here: which screen belongs to which path (main.js).
import { store } from './store.js';

const read = () => ({ path: location.pathname, query: new URLSearchParams(location.search), href: location.pathname + location.search });

/** Where the page is now. Every navigation, also back and forward, sets it. */
export const here = store(read());

export function go(href, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', href);
  here.set(read());
}

/** The current address with some query values changed; null takes one away. */
export function withQuery(changes) {
  const { path, query } = here.get();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text ? `${path}?${text}` : path;
}

/** Matches `/a/:name` patterns; returns the decoded names, or null. */
export function match(pattern, path) {
  const want = pattern.split('/'), got = path.replace(/(.)\/$/, '$1').split('/');
  if (want.length !== got.length) return null;
  const names = {};
  for (let i = 0; i < want.length; i++) {
    if (!want[i].startsWith(':')) { if (want[i] !== got[i]) return null; continue; }
    try { names[want[i].slice(1)] = decodeURIComponent(got[i]); } catch { return null; }
  }
  return names;
}

function follow(e) {
  const plain = e.button === 0 && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey;
  const a = plain && !e.defaultPrevented && e.target.closest?.('a[href]');
  if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
  if (!a.pathname.startsWith('/_/') || a.hash) return;
  e.preventDefault();
  go(a.pathname + a.search);
}

export function startRouter() {
  addEventListener('popstate', () => here.set(read()));
  document.addEventListener('click', follow);
}
