// Small pieces of view that many elements share: icon, glyph, brand, skeleton line.
// Not here: anything with a state of its own, which is an element with its own file.
import { html, each } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { tintFor } from '../app/types.js';

const sprite = new URL('../icons.svg', import.meta.url).pathname;

/** Decoration: the words next to it, or the label of its button, say what it means. */
export const icon = name => html`<svg class="icon" aria-hidden="true"><use href=${`${sprite}#${name}`}></use></svg>`;

/** The square with the first letter of an app. */
export const glyph = (app, size) => html`<span class="glyph" data-size=${size} data-tint=${tintFor(app.slug)} aria-hidden="true">${[...app.name][0]?.toUpperCase()}</span>`;

export const brand = () => html`<span class="brand"><span class="glyph" aria-hidden="true">${icon('bag')}</span>${t('app.name')}</span>`;

/** Grey bars where content will stand. The style sheet shows them only after 150 ms, so a quick answer never flickers. */
export const bars = n => each(Array.from({ length: n }, (_, i) => i), i => i, i => html`<span class="bone" data-width=${i % 4}></span>`);
