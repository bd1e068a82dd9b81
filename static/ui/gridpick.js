// Which records are ticked: one by one, a row range, or all that match, also those that are not loaded. Not here: what is done with them (bulkbar.js).
import { announce } from '../lib/a11y.js';
import { t } from '../app/i18n.js';

export class Picking {
  #ids = new Set();
  #all = false;
  #told = null;

  constructor(grid) { this.grid = grid; }

  get isEmpty() { return !this.#all && !this.#ids.size; }
  has(id) { return this.#all || this.#ids.has(id); }

  turn(id) {
    // Out of all, one record less: those that are loaded stay, the others are let go.
    if (this.#all) { this.#all = false; this.#ids = new Set(this.#loaded()); }
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.#changed();
  }

  /** The rows of the range; all of them ticked already means: not ticked any more. */
  turnRange() {
    const { rows, range } = this.grid, ids = [];
    for (let r = Math.max(0, range.top); r <= range.bottom; r++) { const found = rows.at(r); if (found) ids.push(found.id); }
    const isOn = ids.every(id => this.has(id));
    if (this.#all) { this.#all = false; this.#ids = new Set(this.#loaded()); }
    for (const id of ids) if (isOn) this.#ids.delete(id); else this.#ids.add(id);
    this.#changed();
  }

  all() {
    this.#all = true;
    this.#ids.clear();
    this.#changed();
    announce(t('grid.all', { n: this.grid.rows.count }));
  }

  clear() {
    if (this.isEmpty) return;
    this.#all = false;
    this.#ids.clear();
    this.#changed();
  }

  /** { n, all, ids }; the same object as long as nothing changed. */
  told() {
    const n = this.#all ? this.grid.rows.count : this.#ids.size;
    if (!this.#told || this.#told.n !== n || this.#told.all !== this.#all) this.#told = { n, all: this.#all, ids: [...this.#ids] };
    return this.#told;
  }

  *#loaded() {
    const { rows } = this.grid;
    for (let r = 0; r < rows.length; r++) { const found = rows.at(r); if (found) yield found.id; }
  }

  #changed() {
    this.#told = null;
    this.grid.paintRange();
  }
}
