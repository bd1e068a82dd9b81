// A button of a bar with a box under it, that stays open while one works in it. The browser layers and dismisses it (popover).
// Not here: what is in the box.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { place } from '../lib/pop.js';
import { missed } from '../app/notes.js';

const FRAMES = 30;
let last = 0;

class Drop extends El {
  // face: what the button shows; body: the box; on: called once it opened, may be a promise.
  static props = { label: null, face: null, body: null, isSet: false, on: null };
  #id = `drop-${++last}`;
  // What comes into an open box makes it another size.
  #size = new ResizeObserver(() => this.rendered());
  get isOpen() { return !!this.querySelector('.drop')?.matches(':popover-open'); }

  open() { this.querySelector('.drop').showPopover(); }

  #toggled = async e => {
    const isOpen = e.newState === 'open', button = this.querySelector('button');
    button.setAttribute('aria-expanded', isOpen);
    if (!isOpen) { this.#size.disconnect(); return; }
    this.#size.observe(this.querySelector('.drop'));
    const here = this.on?.();
    this.rendered();
    this.#enter(here);
  };

  // What is in the box may be on its way at first.
  async #enter(here) {
    await Promise.resolve(here).catch(missed);
    const box = this.querySelector('.drop');
    for (let frames = 0; frames < FRAMES; frames++) {
      await new Promise(done => { requestAnimationFrame(done); });
      this.rendered();
      const first = box.querySelector('select, input, button');
      if (!box.matches(':popover-open') || box.contains(document.activeElement)) return;
      if (first) { first.focus(); return; }
    }
  }

  // A link leads away; the box is done.
  #left = e => { if (e.target.closest('a[href]')) this.querySelector('.drop').hidePopover(); };

  #key = e => {
    if (e.key !== 'Escape' || e.defaultPrevented) return;
    e.preventDefault();
    e.stopPropagation();
    this.querySelector('.drop').hidePopover();
    this.querySelector('button').focus();
  };

  view() {
    return html`<button type="button" class="btn" aria-label=${this.label} aria-haspopup="dialog" aria-expanded="false" data-set=${this.isSet ? '' : null} popovertarget=${this.#id}>${this.face}</button>
      <div class="drop" id=${this.#id} popover="auto" role="dialog" aria-label=${this.label} @toggle=${this.#toggled} @keydown=${this.#key} @click=${this.#left}>${this.body}</div>`;
  }

  rendered() {
    const box = this.querySelector('.drop');
    if (box?.matches(':popover-open')) place(box, this.querySelector('button'));
  }
}
define('ui-drop', Drop);
