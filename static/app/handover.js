// Rows that somebody gave on one screen and that another one takes in: a file, or a text from the clipboard.
// Not here: reading them (app/table.js) and taking them in (app/import.js).
import { t } from './i18n.js';

/** What a person may begin with besides: rows of their own. The server has no such sample. */
export const FROM_FILE = { slug: 'from-a-file', sign: 'upload' };

let given = null;

/** `{ name, file }` or `{ name, text }` for the next screen. */
export const handOver = rows => { given = rows; };

/** What was handed over, once. */
export function takeOver() {
  const rows = given;
  given = null;
  return rows;
}

/** The rows in something dropped or pasted, or null when there are none. One line without a tab is a word and no table. */
export function rowsOf(data) {
  const file = data?.files?.[0];
  if (file) return { name: file.name, file };
  const text = data?.getData('text/plain') ?? '';
  return /\n.|\t/.test(text.trim()) ? { name: t('file.pasted'), text } : null;
}
