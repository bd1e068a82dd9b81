// The base of every element of this page: reactive properties, one render per microtask, clean-up on removal; and what waits for a render.
// Light DOM on purpose: labels, ARIA ids and one style sheet keep working across elements.
// Not here: how a template becomes DOM (view.js), and any particular element.
import { render } from './view.js';

// How many elements are to render, and who waits until none is.
let unrendered = 0, after = [];

/** Calls back once everything that has changed is on the page, before any further key or click is heard. */
export function whenRendered(fn) { if (unrendered) after.push(fn); else fn(); }

export class El extends HTMLElement {
  static props = {};
  #queued = false;
  #life = null;

  /** Aborts when the element leaves the page: pass it to listeners and requests. */
  get life() { return this.#life.signal; }

  connectedCallback() {
    this.#life = new AbortController();
    this.#takeOver();
    this.connected();
    this.update();
  }

  disconnectedCallback() { this.#life.abort(); }

  // An element whose module came after its markup was given its properties as plain ones.
  #takeOver() {
    for (const name of Object.keys(this.constructor.props)) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  // A row that only changes its place is not taken down and built up again.
  connectedMoveCallback() {}

  /** Renders again soon; several changes in one task cost one render. */
  update() {
    if (this.#queued) return;
    this.#queued = true;
    unrendered++;
    queueMicrotask(() => {
      try {
        this.#queued = false;
        if (this.isConnected) this.#render();
      } finally {
        if (--unrendered === 0) after.splice(0).forEach(fn => queueMicrotask(fn));
      }
    });
  }

  #render() {
    this.prepare();
    render(this.view(), this);
    this.rendered();
  }

  use(store) { store.on(() => this.update(), this.life); }

  connected() {}
  prepare() {}
  rendered() {}
}

const AGAIN_MS = 2_000;
// What is loaded once the first look is there, until it is. One that takes long is not waited for.
const LOOK_MS = 1_000;
let waiting = [];
const begin = load => load().catch(() => setTimeout(begin, AGAIN_MS, load));

/** Loads what the first look does not need. A server that is away at that moment is asked again, so that no part of a page stays dead. */
export function later(load) { if (waiting) waiting.push(load); else begin(load); }

/** A first look is on its way: what it does not need waits for `looked`. */
export function looking() {
  waiting ??= [];
  setTimeout(looked, LOOK_MS);
}

/** The first look is there: what it did not need comes now, and from here on at once. */
export function looked() {
  const all = waiting ?? [];
  waiting = null;
  all.forEach(begin);
}

/** Registers an element and turns its `static props` into properties that render when they change. */
export function define(tag, cls) {
  for (const [name, initial] of Object.entries(cls.props)) {
    const slot = Symbol(name);
    Object.defineProperty(cls.prototype, name, {
      get() { return slot in this ? this[slot] : initial; },
      set(value) {
        if (value === this[name]) return;
        this[slot] = value;
        this.update();
      },
    });
  }
  customElements.define(tag, cls);
}
