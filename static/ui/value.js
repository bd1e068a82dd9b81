// One value of a record as markup, in two sizes: a cell of the grid (one line) and a field of the record panel (all of it).
// Not here: which type a field has and how it reads as text (app/types.js).
import { html, each } from '../lib/view.js';
import { choiceOf, columnDigits, formatDate, formatNumber, formatStamp, shapeOf } from '../app/types.js';
import { recordHref } from '../app/meta.js';
import { nameOf, recordNumber } from '../app/records.js';
import { icon } from './parts.js';

const tag = (field, value) => {
  const { label, tint } = choiceOf(field, value);
  return html`<span class="tag" data-tint=${tint}>${label}</span>`;
};
const tags = (field, value) => html`<span class="tags">${each([value].flat(), v => v, v => tag(field, v))}</span>`;

const stamp = value => html`<time datetime=${value} title=${value}>${formatStamp(value)}</time>`;
const date = value => html`<time datetime=${value} title=${value}>${formatDate(value)}</time>`;

const yes = value => value
  ? html`<span class="yes">${icon('tick')}<span class="quiet">Yes</span></span>`
  : html`<span class="quiet">No</span>`;

// Links in the grid are no tab stops of their own: the grid is one stop, and the record panel offers every link again.
const mail = (value, stop) => html`<a href=${`mailto:${value}`} tabindex=${stop}>${value}</a>`;

function reference(field, value, { app, names }, stop) {
  const name = nameOf(names, field.target, value);
  if (!field.target || typeof value !== 'string') return html`<span class="faint">${String(value)}</span>`;
  return html`<a class="ref" href=${recordHref(app, field.target, value)} tabindex=${stop}>${name ?? `No. ${recordNumber(value)}`}</a>`;
}

/** Several references; in a cell as many of them as fit. */
const references = (field, values, context, stop) =>
  html`<span class="refs">${each([values].flat(), v => v, v => html`<span class="item">${reference(field, v, context, stop)}</span>`)}</span>`;

/** One line. `digits` is the number of decimals the whole column shows. */
export function cell(field, value, context, digits) {
  switch (shapeOf(field, value)) {
    case 'empty': return null;
    case 'integer': case 'decimal': return formatNumber(value, digits);
    case 'boolean': return yes(value);
    case 'date': return date(value);
    case 'datetime': return stamp(value);
    case 'select': case 'multiselect': return tags(field, value);
    case 'email': return mail(value, -1);
    case 'reference': return reference(field, value, context, -1);
    case 'references': return references(field, value, context, -1);
    case 'json': return html`<code>${JSON.stringify(value)}</code>`;
    default: return String(value);
  }
}

/** All of it, over as many lines as it needs. */
export function full(field, value, context) {
  switch (shapeOf(field, value)) {
    case 'empty': return html`<span class="faint">Empty</span>`;
    case 'integer': case 'decimal': return formatNumber(value, columnDigits(field, [value]));
    case 'boolean': return value ? html`<span class="yes">${icon('tick')}Yes</span>` : 'No';
    case 'date': return date(value);
    case 'datetime': return stamp(value);
    case 'select': case 'multiselect': return tags(field, value);
    case 'email': return mail(value, null);
    case 'reference': return reference(field, value, context, null);
    case 'references': return references(field, value, context, null);
    case 'json': return html`<pre class="code" tabindex="0" role="group" aria-label=${field.name}>${JSON.stringify(value, null, 2)}</pre>`;
    default: return html`<span class="prose">${String(value)}</span>`;
  }
}
