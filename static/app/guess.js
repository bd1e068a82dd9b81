// What a field probably is, by its name: `e-mail`, `…_at`, `price`, `status`, or the name of another table. And a name for programs out of a name for people.
// Not here: what a column of values is (app/columns.js).
import { t } from './i18n.js';

// The first that fits counts. Words are looked for whole, endings where they are marked so.
const RULES = [
  ['email', /\b(e-?mail|mail)\b/],
  ['phone', /\b(phone|telephone|tel|mobile|cell|fax)\b/],
  ['url', /\b(url|website|web|homepage|link|site)\b/],
  ['color', /\bcolou?r\b/],
  ['timezone', /\btime ?zone\b/],
  ['boolean', /^(is|has|can|wants) |\b(done|active|paid|enabled|archived|finished|confirmed|newsletter|in stock)\b/],
  ['datetime', / at$|\b(time|when|timestamp|starts|ends|start|end)\b/],
  ['date', /\b(date|day|birthday|born|due|deadline|joined|since|until|founded)\b/],
  ['money', /\b(price|amount|cost|costs|total|budget|salary|fee|revenue|value|sum|balance|rent)\b/],
  ['number', /\b(weight|height|width|length|score|rate|rating|percent|latitude|longitude|temperature|distance|hours)\b/],
  ['integer', /\b(count|qty|quantity|age|year|stock|units|seats|employees|people|position|rank|level)\b|^(number|no|how many)\b/],
  ['multiselect', /\b(tags|labels|skills|topics|languages|categories)\b/],
  ['select', /\b(status|stage|state|type|category|priority|kind|phase|size|gender|level|department)\b/],
  ['textarea', /\b(notes?|description|comments?|text|body|address|summary|remarks?|message|details|bio)\b/],
  ['file', /\b(file|attachment|photo|image|picture|document|scan|logo|contract)\b/],
  ['user', /\b(owner|assignee|assigned to|responsible|author)\b/],
  ['json', /\b(json|data|payload|meta|settings)\b/],
];
// A choice needs something to choose from: these stand there until somebody writes others.
const OPTIONS = [['priority', /\b(priority|urgency|level)\b/], ['size', /\bsize\b/], ['status', /\b(status|stage|state|phase)\b/]];
/** What people mostly mean when the guess is wrong. */
const USUAL = ['text', 'select', 'date', 'integer', 'boolean', 'reference'];
const CHIPS = 5;

const plain = text => text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
const words = name => plain(name).replace(/[_\-./]+/g, ' ').replace(/\s+/g, ' ').trim();

/** `Close date` becomes `close_date`; what has no letters of that kind becomes `field`. Never one of `taken`. */
export function slugFor(name, taken = [], fallback = 'field') {
  const base = plain(name).replace(/ß/g, 'ss').replace(/[^a-z0-9]+/g, '_').replace(/^[_0-9]+|_+$/g, '').slice(0, 60) || fallback;
  const used = new Set(taken.map(x => x.toLowerCase()));
  let slug = base;
  for (let n = 2; used.has(slug); n++) slug = `${base}_${n}`;
  return slug;
}

/** `{ type, target }`: by the name, the names of the tables first. */
export function guessType(name, tables = []) {
  const said = words(name);
  const target = said && tables.find(x => [words(x.name), words(x.model ?? ''), words(x.slug)].some(own => own && (own === said || own === `${said}s` || `${own}s` === said)));
  if (target) return { type: words(target.name) === said && said.endsWith('s') && words(target.model ?? '') !== said ? 'references' : 'reference', target: target.slug };
  const found = RULES.find(([, pattern]) => pattern.test(said));
  return { type: found ? found[0] : 'text', target: null };
}

/** Options to begin with, by the name of the field. */
export const guessOptions = name => t(`guess.${OPTIONS.find(([, pattern]) => pattern.test(words(name)))?.[0] ?? 'other'}`).split(', ');

/** The types to offer at once: the guess first. */
export function offered(guess, hasTables) {
  const rest = USUAL.filter(type => type !== guess && (hasTables || type !== 'reference'));
  return [guess, ...rest].slice(0, CHIPS);
}
