// Where somebody was lately, newest first, kept in this browser for each person. Not here: showing it (ui/palette.js).
import { person } from './session.js';

const KEPT = 20;
const place = () => `ui:recent:${person.get()?.id ?? ''}`;

/** [{ href, text, note }] */
export function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(place()) ?? '[]');
    return Array.isArray(kept) ? kept.filter(x => typeof x?.href === 'string' && typeof x.text === 'string' && x.href.startsWith('/_/')) : [];
  } catch { return []; }
}

export function remember({ href, text, note = '' }) {
  try { localStorage.setItem(place(), JSON.stringify([{ href, text, note }, ...recent().filter(x => x.href !== href)].slice(0, KEPT))); } catch { /* Nothing is kept; the rest is found all the same. */ }
}
