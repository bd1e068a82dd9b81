// Every text of the page for people, in English: one flat list, sorted by where it stands. `{name}` is a hole; two forms are for one and for many `{n}`.
// Not here: how a text is looked up (app/i18n.js), and names of apps, tables and fields, which people give.
export const TEXTS = {
  'app.name': 'Carryall',
};
