// A JSON text laid out for reading, letter by letter as it was sent: 1.50 stays 1.50, and a number of any length is not rounded.
// Not here: values (types.js).

const STRING = /"(?:[^"\\]|\\.)*"?/y, REST = /[^\s{}[\],:"]+/y;

/** The tokens of a text that is JSON. */
function tokens(text) {
  const found = [];
  for (let at = 0; at < text.length;) {
    const c = text[at];
    if (/\s/.test(c)) { at++; continue; }
    const shape = c === '"' ? STRING : '{}[],:'.includes(c) ? null : REST;
    if (!shape) { found.push(c); at++; continue; }
    shape.lastIndex = at;
    const [one] = shape.exec(text);
    found.push(one);
    at += one.length;
  }
  return found;
}

/** `{ text, isCut }`. With `most` texts over so many letters are cut, and lists after ten times as many lines. What is no JSON stays as it is. */
export function laidOut(text, most = Infinity) {
  try { JSON.parse(text); } catch { return cutLines(text, most, false); }
  const all = tokens(text);
  let out = '', depth = 0, isCut = false;
  all.forEach((one, i) => {
    const next = all[i + 1], line = () => { out += `\n${'  '.repeat(depth)}`; };
    if (one === '{' || one === '[') {
      out += one;
      if (next === '}' || next === ']') return;
      depth++;
      line();
    } else if (one === '}' || one === ']') {
      if (all[i - 1] !== '{' && all[i - 1] !== '[') { depth--; line(); }
      out += one;
    } else if (one === ',') { out += one; line(); }
    else if (one === ':') out += ': ';
    else if (one.length > most + 2 && next !== ':') { isCut = true; out += `${cutAt(one, most)}…"`; }
    else out += one;
  });
  return cutLines(out, most, isCut);
}

/** The beginning of a text, not in the middle of an escape or of a letter. */
function cutAt(text, most) {
  const end = text.slice(0, most).replace(/\\(?:u[0-9a-f]{0,3})?$/i, '');
  return /[\ud800-\udbff]$/.test(end) ? end.slice(0, -1) : end;
}

const LINES = 10;
function cutLines(text, most, isCut) {
  const lines = text.split('\n'), limit = most === Infinity ? Infinity : most / LINES * LINES;
  if (lines.length <= limit) return { text, isCut };
  return { text: `${lines.slice(0, limit).join('\n')}\n…`, isCut: true };
}

/** Why a text is no JSON, or null. Nothing at all is no problem. */
export function jsonProblem(text) {
  if (!text?.trim()) return null;
  try { JSON.parse(text); return null; } catch (e) { return e.message; }
}
