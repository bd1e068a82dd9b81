// Texts of the page by their key: holes filled, one or many chosen, in the language that this browser was told. Not here: the texts themselves (i18n/).
import { TEXTS } from '../i18n/en.js';

const LANGUAGE = 'ui:language';
const texts = { ...TEXTS };
const plurals = new Intl.PluralRules('en'), numbers = new Intl.NumberFormat();
const shown = value => (typeof value === 'number' ? numbers.format(value) : String(value ?? ''));
let speak = text => text;

/** Takes in the texts of screens that are loaded later, so that the first one does not wait for them. */
export const learn = more => Object.assign(texts, more);

/** The text of a key. `values.n` decides between the form for one and the form for many. A key without a text is a mistake of ours, and shown as such. */
export function t(key, values = {}) {
  const found = texts[key] ?? key;
  const text = speak(Array.isArray(found) ? found[plurals.select(values.n) === 'one' ? 0 : 1] : found);
  return text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? shown(values[name]) : hole));
}

/** The language of this browser: `en`, or `pseudo`, in which a text that is no text of ours is seen at once. */
export function language() {
  try { return localStorage.getItem(LANGUAGE) === 'pseudo' ? 'pseudo' : 'en'; } catch { return 'en'; }
}

/** Keeps it for the next start of the page. */
export const keepLanguage = chosen => localStorage.setItem(LANGUAGE, chosen);

/** Speaks it from now on. English needs nothing more, and is spoken when another cannot be had. */
export async function beginLanguage() {
  if (language() !== 'pseudo') return;
  try {
    const { pseudo } = await import('../i18n/pseudo.js');
    speak = pseudo;
  } catch { return; }
  document.documentElement.lang = 'en-XA';
}
