// Copies of records: what people type, without what the program gives and without values that only one record may have.
// Not here: making them (edit.js).
import { isEditable } from './parse.js';
import { loadMany } from './records.js';
import { t } from './i18n.js';

/** `{ made, emptied }`: new records, and the fields that could not be copied because their values are unique. */
export async function copiesOf(app, table, ids, signal) {
  const found = await loadMany(app, table.slug, ids, signal), fields = table.fields.filter(isEditable), emptied = fields.filter(f => f.unique && !f.required);
  const value = (field, own) => {
    if (!field.unique || own === null) return own;
    if (!field.required) return null;
    return field.type === 'text' ? t('copy.name', { name: own }) : own;
  };
  const made = ids.map(id => found.get(id)).filter(Boolean).map(record => Object.fromEntries(fields.map(f => [f.slug, value(f, record[f.slug] ?? null)])));
  return { made, emptied: emptied.filter(f => [...found.values()].some(r => (r[f.slug] ?? null) !== null)) };
}
