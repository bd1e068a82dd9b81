// The edge of a side panel: dragged, or moved by Alt+Shift with the arrows, or by the arrows alone while it has the focus. Its width is kept in this browser.
// Not here: what is in the panel.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';

const KEY = 'ui:panel', LEAST = 320, MOST = 960, STEP = 24, REST = 420;

const most = () => Math.max(LEAST, Math.min(MOST, innerWidth - REST));
const fit = width => Math.round(Math.max(LEAST, Math.min(most(), width)));

class Grip extends El {
  static props = { label: '' };
  #from = null;

  get #panel() { return this.closest('.panel'); }

  connected() {
    let width = 0;
    try { width = Number(localStorage.getItem(KEY)); } catch { /* As wide as at first. */ }
    if (width) this.#set(width, false);
    this.#panel.addEventListener('keydown', this.#key, { signal: this.life });
  }

  #set(width, keeps = true) {
    document.documentElement.style.setProperty('--panel', `${fit(width)}px`);
    if (keeps) try { localStorage.setItem(KEY, fit(width)); } catch { /* This visit has it. */ }
    this.update();
  }

  #key = e => {
    const way = { ArrowLeft: 1, ArrowRight: -1 }[e.key], isOwn = e.target.matches('.grip') && !e.ctrlKey && !e.metaKey;
    if (!way || !(isOwn || (e.altKey && e.shiftKey))) return;
    e.preventDefault();
    this.#set(this.#panel.offsetWidth + way * STEP);
  };

  #down = e => {
    e.target.setPointerCapture(e.pointerId);
    this.#from = { x: e.clientX, width: this.#panel.offsetWidth };
  };
  #move = e => { if (this.#from) this.#set(this.#from.width + this.#from.x - e.clientX); };
  #up = () => { this.#from = null; };

  view() {
    const now = this.#panel.offsetWidth;
    return html`<div class="grip" role="separator" aria-orientation="vertical" aria-label=${this.label} aria-valuemin=${LEAST} aria-valuemax=${most()} aria-valuenow=${now} tabindex="0"
      @pointerdown=${this.#down} @pointermove=${this.#move} @pointerup=${this.#up} @pointercancel=${this.#up}></div>`;
  }
}
define('ui-grip', Grip);
