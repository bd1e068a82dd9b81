// Tables as boxes with lines where one leads to another. Boxes are moved by dragging or with the arrow keys; where they stand is kept in this browser.
// Not here: the list that says the same in words (screens/diagram.js).
import { El, define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { curve, place } from '../lib/boxes.js';
import { go } from '../lib/router.js';
import { fieldsHref } from '../app/meta.js';
import { t } from '../app/i18n.js';

const WIDTH = 208, HEAD = 32, LINE = 22, LINES_MAX = 12, GAP_X = 88, GAP_Y = 40, STEP = 20, EDGE = 24;
const STEPS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

const shownOf = table => table.fields.slice(0, LINES_MAX);
const heightOf = table => HEAD + (shownOf(table).length + (table.fields.length > LINES_MAX ? 1 : 0)) * LINE + 8;

class Diagram extends El {
  static props = { app: null, tables: [] };
  #at = new Map();
  #key = '';
  #drag = null;

  prepare() {
    const key = JSON.stringify([this.app, this.tables.map(x => [x.slug, x.fields.length])]);
    if (key === this.#key) return;
    this.#key = key;
    this.#at = place(this.tables.map(x => ({ key: x.slug, height: heightOf(x) })), { width: WIDTH, gapX: GAP_X, gapY: GAP_Y });
    try {
      const kept = JSON.parse(localStorage.getItem(`ui:diagram:${this.app}`) ?? '{}');
      for (const [slug, spot] of Object.entries(kept)) if (this.#at.has(slug) && Number.isFinite(spot.x) && Number.isFinite(spot.y)) this.#at.set(slug, spot);
    } catch { /* Nothing that can be read: as it was placed. */ }
  }

  /** Everything as it would stand if nobody had moved anything. */
  tidy() {
    try { localStorage.removeItem(`ui:diagram:${this.app}`); } catch { /* nothing stored */ }
    this.#key = '';
    this.update();
  }

  #move(slug, x, y) {
    this.#at.set(slug, { x: Math.max(0, Math.round(x)), y: Math.max(0, Math.round(y)) });
    try { localStorage.setItem(`ui:diagram:${this.app}`, JSON.stringify(Object.fromEntries(this.#at))); } catch { /* not kept */ }
    this.update();
  }

  #pressed = (e, slug) => {
    if (e.button !== 0) return;
    const spot = this.#at.get(slug);
    this.#drag = { slug, x: spot.x - e.clientX, y: spot.y - e.clientY, moved: false };
    e.currentTarget.setPointerCapture(e.pointerId);
  };

  #dragged = e => {
    if (!this.#drag) return;
    this.#drag.moved ||= Math.abs(e.movementX) + Math.abs(e.movementY) > 0;
    if (this.#drag.moved) this.#move(this.#drag.slug, this.#drag.x + e.clientX, this.#drag.y + e.clientY);
  };

  #released = slug => {
    const { moved } = this.#drag ?? {};
    this.#drag = null;
    if (moved === false) go(fieldsHref(this.app, slug));
  };

  #pressedKey = (e, slug) => {
    if (e.key === 'Enter') { e.preventDefault(); go(fieldsHref(this.app, slug)); return; }
    const step = STEPS[e.key];
    if (!step || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    const { x, y } = this.#at.get(slug);
    this.#move(slug, x + step[0], y + step[1]);
  };

  #links() {
    const links = [];
    for (const table of this.tables) {
      table.fields.forEach((field, i) => {
        if (!field.target || field.type === 'lines' || !this.#at.has(field.target)) return;
        const from = this.#at.get(table.slug), to = this.#at.get(field.target);
        links.push({ key: `${table.slug}.${field.slug}`, d: curve({ x: from.x, y: from.y + HEAD + Math.min(i, LINES_MAX) * LINE + LINE / 2 + 4 }, { x: to.x, y: to.y + HEAD / 2 }, WIDTH) });
      });
    }
    return links;
  }

  #box(table) {
    const { x, y } = this.#at.get(table.slug), more = table.fields.length - LINES_MAX;
    const line = (text, i, kind) => html`<svg><text x="12" y=${HEAD + i * LINE + LINE / 2 + 8} data-kind=${kind}>${text}</text></svg>`;
    return html`<svg class="box" x=${x} y=${y} width=${WIDTH} height=${heightOf(table)} tabindex="0" role="link" aria-label=${t('diagram.box', { name: table.name, n: table.fields.length })}
      @pointerdown=${e => this.#pressed(e, table.slug)} @pointermove=${this.#dragged} @pointerup=${() => this.#released(table.slug)} @keydown=${e => this.#pressedKey(e, table.slug)}>
      <rect class="box-ground" x="1" y="1" width=${WIDTH - 2} height=${heightOf(table) - 2} rx="6"></rect><path class="box-line" d=${`M1 ${HEAD}H${WIDTH - 1}`}></path>
      <text class="box-name" x="12" y="21">${table.name}</text>
      ${each(shownOf(table), f => f.slug, (f, i) => line(f.name, i, f.target ? 'link' : null))}${more > 0 && line(t('diagram.more', { n: more }), LINES_MAX, 'more')}</svg>`;
  }

  view() {
    const spots = this.tables.map(x => ({ ...this.#at.get(x.slug), height: heightOf(x) }));
    const width = Math.max(0, ...spots.map(s => s.x + WIDTH)) + EDGE + 40, height = Math.max(0, ...spots.map(s => s.y + s.height)) + EDGE;
    return html`<div class="diagrambox" tabindex="0" role="group" aria-label=${t('diagram.head')}><svg class="diagram" width=${width} height=${height}>
      ${each(this.#links(), l => l.key, l => html`<svg><path class="box-link" d=${l.d}></path></svg>`)}${each(this.tables, x => x.slug, x => this.#box(x))}</svg></div>`;
  }
}
define('ui-diagram', Diagram);
