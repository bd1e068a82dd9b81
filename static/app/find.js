// Finding by a few letters: how well words fit a text, the best first, and the records of an app that the server finds.
// Not here: what there is to find, and how it looks (ui/palette.js).
import { get } from './api.js';

const START = 100, WORD = 80, INSIDE = 50, SCATTERED = 20;
const plain = text => text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();

/** How far the letters of a word lie apart in a text, in order; -1 if they are not all there. The first one begins a word. */
function spread(word, text) {
  for (let start = text.search(new RegExp(`(?<![\\p{L}\\p{N}])${escape(word[0])}`, 'u')), tries = 0; start >= 0 && tries < 20; tries++) {
    let at = start;
    if ([...word.slice(1)].every(c => { at = text.indexOf(c, at + 1); return at >= 0; })) return at - start + 1 - word.length;
    const next = text.slice(start + 1).search(new RegExp(`(?<=[^\\p{L}\\p{N}])${escape(word[0])}`, 'u'));
    start = next < 0 ? -1 : start + 1 + next;
  }
  return -1;
}
const escape = c => c.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

function fitOne(word, text) {
  const at = text.indexOf(word);
  if (at === 0) return START;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1]) && !text.includes(` ${word}`) ? INSIDE : WORD;
  const gaps = word.length > 1 ? spread(word, text) : -1;
  return gaps < 0 ? null : Math.max(1, SCATTERED - gaps);
}

/** How well all of the words fit, or null when one of them does not. The higher the better; of two that fit alike the shorter text. */
function fit(words, text) {
  const said = plain(text), parts = plain(words).split(/\s+/).filter(Boolean);
  let sum = 0;
  for (const part of parts) {
    const one = fitOne(part, said);
    if (one === null) return null;
    sum += one;
  }
  return parts.length ? sum / parts.length - Math.min(said.length, 99) / 100 : 0;
}

/** The items that fit, the best first. Items have a `text`, perhaps a `note`, which counts half, and `bonus`. */
export function best(items, words, most) {
  const scored = items.map(item => {
    const text = fit(words, item.text), both = text ?? (item.note ? fit(words, `${item.text} ${item.note}`) : null);
    return { item, score: both === null ? null : (text ?? both / 2) + (item.bonus ?? 0) };
  });
  return scored.filter(s => s.score !== null).sort((a, b) => b.score - a.score).slice(0, most);
}

/** Records of an app by what is in them: { results: [{ schema, id, display, snippet }], preparing? }. */
export const findRecords = (app, words, limit, signal) => get(`/api/apps/${encodeURIComponent(app)}/search?${new URLSearchParams({ q: words, limit })}`, signal);
