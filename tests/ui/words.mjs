// Finds words for people that stand in the code of the page instead of its message file: in html templates, in their labels, and in plain strings.
// Not here: what is done about them (lint.test.mjs).

/** Values of keys, headers, methods and the like look like words, and are none. */
const NAMES = new Set(['Enter', 'Escape', 'Tab', 'Home', 'End', 'PageUp', 'PageDown', 'Delete', 'Backspace', 'Accept', 'Content-Type', 'If-Match', 'Idempotency-Key', 'Prefer',
  'Retry-After', 'AbortError', 'Shift', 'Control', 'Meta', 'Alt', 'Ctrl',
  // Words of programs and of headers.
  'None', 'True', 'False', 'Authorization', 'Bearer',
  // What browsers and systems are called.
  'Edge', 'Opera', 'Mac OS X', 'Space', 'Esc']);
// A person's own words are no text of the page, and neither is a program, a key or a value.
const UNREAD = /<(code|kbd|pre)\b[^>]*>[\s\S]*?<\/\1>/g;
const SPOKEN = /\s(?:aria-label|title|placeholder|alt)="([^"]*)"/g;

/** The strings and templates of a script: `{ text, isHtml, line }`. `text` has `\0` where values go. */
export function stringsOf(source) {
  const found = [], line = at => source.slice(0, at).split('\n').length;
  let at = 0, before = '';
  const template = start => {
    const isHtml = /html$/.test(source.slice(Math.max(0, start - 8), start)), begun = start;
    let text = '';
    at = start + 1;
    while (at < source.length && source[at] !== '`') {
      if (source[at] === '\\') { text += source[at + 1]; at += 2; }
      else if (source[at] === '$' && source[at + 1] === '{') { at += 2; text += '\0'; code('}'); at++; }
      else text += source[at++];
    }
    at++;
    found.push({ text, isHtml, line: line(begun) });
  };
  const quoted = quote => {
    const begun = at;
    let text = '';
    at++;
    while (at < source.length && source[at] !== quote) { if (source[at] === '\\') at++; text += source[at++]; }
    at++;
    found.push({ text, isHtml: false, line: line(begun), before: source.slice(Math.max(0, begun - 40), begun) });
  };
  const code = end => {
    let depth = 0;
    while (at < source.length) {
      const c = source[at], next = source[at + 1];
      if (end && c === end && !depth) return;
      if (c === '/' && next === '/') { at = source.indexOf('\n', at); if (at < 0) at = source.length; continue; }
      if (c === '/' && next === '*') { at = source.indexOf('*/', at) + 2; continue; }
      // A slash after a value divides; anywhere else it opens a pattern.
      if (c === '/' && (!/[\w)\]]/.test(before) || /\breturn\s*$/.test(source.slice(Math.max(0, at - 8), at)))) { pattern(); before = ')'; continue; }
      if (c === '`') { template(at); before = ')'; continue; }
      if (c === '\'' || c === '"') { quoted(c); before = ')'; continue; }
      if (c === '{') depth++;
      if (c === '}') depth--;
      if (!/\s/.test(c)) before = c;
      at++;
    }
  };
  const pattern = () => {
    let inSet = false;
    for (at++; at < source.length && (inSet || source[at] !== '/'); at++) {
      if (source[at] === '\\') at++;
      else if (source[at] === '[') inSet = true;
      else if (source[at] === ']') inSet = false;
    }
    at++;
  };
  code(null);
  return found;
}

const hasWord = text => /[A-Za-z]{2,}/.test(text);

/** Words of one string that a person would read, or null. */
export function wordsIn({ text, isHtml, before = '' }) {
  if (!isHtml) {
    const bare = text.replaceAll('\0', '').trim();
    if (NAMES.has(bare) || /^[A-Z][a-z]*[A-Z]/.test(bare)) return null;
    // A sentence begins with a capital letter; a key, a class or an address does not.
    if (/^[A-Z](?:-?[a-z]+)+(?:[\s.,:…]|$)/.test(bare)) return bare;
    return /(?:text|label|title|hint|head): $|(?:announce|title|note|say)\($/.test(before) && /\w\s\w/.test(bare) ? bare : null;
  }
  const spoken = [...text.matchAll(SPOKEN)].map(m => m[1]).filter(words => hasWord(words) && !/^(?:Alt|Ctrl|Shift)\+\S+$/.test(words));
  const shown = text.replace(UNREAD, ' ').replace(/<!--[\s\S]*?-->/g, ' ').replace(/<[^>]*>/g, '\0').split('\0').map(s => s.replace(/&\w+;/g, '').trim()).filter(hasWord);
  return [...spoken, ...shown].join(' | ') || null;
}
