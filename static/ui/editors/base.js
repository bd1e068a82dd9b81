// What all editors of a value have in common: keys, saving when left, words for what cannot be read, their events.
// Not here: what is typed into (the other files of this folder), and saving, which the host of the editor does through app/edit.js.
//
// The host gives .field .value .context .label .look ('cell' or 'panel') and .typed (the character that began the edit), calls start(), and hears
//   editdone    detail { value, move }: a value that is another one, or the same; move is where the person went: down up right left, or null
//   editcancel  the old value stays
import { El } from '../../lib/el.js';
import { html } from '../../lib/view.js';
import { parseValue, typedText } from '../../app/parse.js';

const EDGE_PX = 4;
let last = 0;

export class Editor extends El {
  // context: { app, table, tables, names } for references.
  static props = { field: null, value: null, context: null, typed: null, label: null, look: 'cell', problem: null };
  #ended = false;
  id_ = `editor-${++last}`;

  connected() {
    this.#ended = false;
    this.addEventListener('keydown', this.#key, { signal: this.life });
    this.addEventListener('focusout', this.#left, { signal: this.life });
  }

  /** Gives the focus to what is typed into. Called once it stands in the page. */
  start() {
    const input = this.input;
    if (!input) { requestAnimationFrame(() => this.input && this.start()); return; }
    input.focus({ preventScroll: this.look === 'cell' });
    if (this.typed === null) input.select?.();
    else input.setSelectionRange?.(input.value.length, input.value.length);
  }

  get input() { return this.querySelector('input:not([type="hidden"]):not(.quiet), textarea'); }
  /** What stands in the editor at first. */
  get text() { return this.typed ?? typedText(this.field, this.value); }

  /** `{ value }` or `{ problem }` of what stands there now. */
  read() { return parseValue(this.field, this.input.value); }

  /** Ends the edit with what stands there. What cannot be read is said, and stays. */
  finish(move) {
    if (this.#ended) return;
    const { value, problem } = this.read();
    if (problem) { this.problem = problem; return; }
    if (value === null && this.field.required && this.look === 'panel') { this.problem = null; }
    this.end(value, move);
  }

  end(value, move) {
    if (this.#ended) return;
    this.#ended = this.look === 'cell';
    this.problem = null;
    this.dispatchEvent(new CustomEvent('editdone', { bubbles: true, detail: { value, move } }));
  }

  cancel() {
    if (this.#ended) return;
    this.#ended = this.look === 'cell';
    this.problem = null;
    this.dispatchEvent(new CustomEvent('editcancel', { bubbles: true }));
    if (this.look === 'panel' && this.input) this.input.value = typedText(this.field, this.value);
  }

  /** Whether nothing was typed that Esc would have to give back. */
  get isUntouched() { return this.input?.value === this.text; }

  /** Keys of this kind of editor; true when the key is dealt with. */
  ownKey() { return false; }

  #key = e => {
    if (e.isComposing) return;
    const isCell = this.look === 'cell', isLong = this.input?.matches('textarea');
    if (this.ownKey(e)) { e.preventDefault(); e.stopPropagation(); return; }
    // The browser has the undo of a text; the grid must not take its keys away.
    if (e.key === 'Escape' && !isCell && !this.problem && this.isUntouched) return;
    if (e.key === 'Escape') this.cancel();
    else if (e.key === 'Enter' && (!isLong || e.ctrlKey || e.metaKey)) this.finish(e.shiftKey ? 'up' : 'down');
    else if (e.key === 'Tab' && isCell) this.finish(e.shiftKey ? 'left' : 'right');
    else { if (isCell) e.stopPropagation(); return; }
    e.preventDefault();
    e.stopPropagation();
  };

  #left = e => {
    if (this.contains(e.relatedTarget) || !this.isConnected) return;
    this.finish(null);
  };

  /** At the end of the grid an editor reaches back over its neighbours, not out of sight. */
  rendered() {
    if (this.look !== 'cell') return;
    const end = (this.closest('.gridbox') ?? document.documentElement).getBoundingClientRect().right - EDGE_PX;
    for (const box of [this, this.querySelector('.edit-problem')]) {
      if (!box || box.hidden) continue;
      box.style.marginInlineStart = '';
      const over = box.getBoundingClientRect().right - end;
      if (over > 0) box.style.marginInlineStart = `${-over}px`;
    }
  }

  /** The words under what is typed into. */
  trouble() {
    return html`<p class="edit-problem" id=${`${this.id_}-why`} role="alert" ?hidden=${!this.problem}>${this.problem}</p>`;
  }
}
