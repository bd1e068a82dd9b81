// Texts of the page by their key: holes filled, one or many chosen. Not here: the texts themselves (i18n/).
import { TEXTS } from '../i18n/en.js';

const texts = { ...TEXTS };
const plurals = new Intl.PluralRules('en'), numbers = new Intl.NumberFormat();
const shown = value => (typeof value === 'number' ? numbers.format(value) : String(value ?? ''));

/** Takes in the texts of screens that are loaded later, so that the first one does not wait for them. */
export const learn = more => Object.assign(texts, more);

/** The text of a key. `values.n` decides between the form for one and the form for many. A key without a text is a mistake of ours, and shown as such. */
export function t(key, values = {}) {
  const found = texts[key] ?? key;
  const text = Array.isArray(found) ? found[plurals.select(values.n) === 'one' ? 0 : 1] : found;
  return text.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? shown(values[name]) : hole));
}
