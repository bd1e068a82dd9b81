// Yes or no: a tick box, which saves at once. In the grid a cell is turned over without an editor (ui/grid.js).
// Not here: no value at all, which Delete makes in the grid.
import { define } from '../../lib/el.js';
import { html } from '../../lib/view.js';
import { Editor } from './base.js';

class TickEditor extends Editor {
  read() { return { value: this.input.checked === !!this.value ? this.value ?? null : this.input.checked }; }

  #turned = () => { if (this.look === 'panel') this.end(this.input.checked, null); };

  view() {
    return html`<input type="checkbox" class="edit-tick" .checked=${!!this.value} aria-label=${this.label ?? this.field.name} @change=${this.#turned}>${this.trouble()}`;
  }
}
define('edit-tick', TickEditor);
