// A language for testing: every text in brackets, with accents, and a third longer. What stands without brackets is no text of the message files;
// what is cut off would be so in a longer language, too. Not here: texts.
const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ACCENTED = [...'àƀçđéƒğħíĵķĺɱñóƥɋŕšťúṽŵẋýžÀƁÇĐÉƑĞĦÍĴĶĹṀÑÓƤɊŔŠŤÚṼŴẊÝŽ'];
const LONGER = 0.35, WORD = 7;

/** Holes stay, and so does the space around a text. */
export function pseudo(text) {
  const [, before, words, after] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
  if (!words) return text;
  const said = words.replace(/\{\w+\}|[a-zA-Z]/g, part => (part.length > 1 ? part : ACCENTED[PLAIN.indexOf(part)]));
  const more = Math.ceil(words.replace(/\{\w+\}/g, '').length * LONGER);
  return `${before}[${said}${Array.from({ length: more }, (_, i) => (i % WORD ? '·' : ' ')).join('').trimEnd()}]${after}`;
}
