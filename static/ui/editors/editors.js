// Which editor a field has: the one list. Loads them all; the grid and the record panel make editors here.
// Not here: how each works.
import { isEditable } from '../../app/parse.js';
import './choose.js';
import './long.js';
import './relation.js';
import './text.js';
import './tick.js';

const EDITORS = {
  textarea: 'edit-long', json: 'edit-long', boolean: 'edit-tick', select: 'edit-choose', radio: 'edit-choose', multiselect: 'edit-choose', checklist: 'edit-choose',
  reference: 'edit-relation', references: 'edit-relation', user: 'edit-person',
};

/** A new editor for a field, or null when nobody types its values. Set the properties named in base.js, put it into the page, call start(). */
export function makeEditor(field, given) {
  if (!isEditable(field)) return null;
  return Object.assign(document.createElement(EDITORS[field.type] ?? 'edit-text'), { field, ...given });
}
