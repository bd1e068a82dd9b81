// Choosing from the options of a field, one or several. Not here: the list and its keys (combo.js), making options (the table's designer).
import { define } from '../../lib/el.js';
import { html } from '../../lib/view.js';
import { choiceOf } from '../../app/types.js';
import { Combo } from './combo.js';

const SEVERAL = new Set(['multiselect', 'checklist']);

class ChooseEditor extends Combo {
  get several() { return SEVERAL.has(this.field.type); }
  labelOf(value) { return choiceOf(this.field, value).label; }
  chip(value) {
    const { label, tint } = choiceOf(this.field, value);
    return html`<span class="tag" data-tint=${tint}>${label}</span>`;
  }

  find(words) {
    const all = (this.field.options ?? []).map(value => ({ value, ...choiceOf(this.field, value) })), word = words.toLowerCase();
    const starts = i => i.label.toLowerCase().startsWith(word) || i.value.toLowerCase().startsWith(word);
    return [...all.filter(starts), ...all.filter(i => !starts(i) && i.label.toLowerCase().includes(word))];
  }
}
define('edit-choose', ChooseEditor);
