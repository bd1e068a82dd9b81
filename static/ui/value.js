// One value of a record as markup, in two sizes: a cell of the grid (one line) and a field of the record panel (all of it).
// Not here: which type a field has and how it reads as text (app/types.js).
import { html, each } from '../lib/view.js';
import { choiceOf, columnDigits, formatDate, formatNumber, formatSize, formatStamp, plainText, shapeOf } from '../app/types.js';
import { recordHref } from '../app/meta.js';
import { NAMES_IN_CELL, NAMES_IN_PANEL, nameOf, numbered } from '../app/records.js';
import { t } from '../app/i18n.js';
import { icon } from './parts.js';

const tag = (field, value) => {
  const { label, tint } = choiceOf(field, value);
  return html`<span class="tag" data-tint=${tint}>${label}</span>`;
};
const tags = (field, value) => html`<span class="tags">${each([value].flat(), v => v, v => tag(field, v))}</span>`;

const stamp = value => html`<time datetime=${value} title=${value}>${formatStamp(value)}</time>`;
const date = value => html`<time datetime=${value} title=${value}>${formatDate(value)}</time>`;

const yes = value => value
  ? html`<span class="yes">${icon('tick')}<span class="quiet">${t('edit.yes')}</span></span>`
  : html`<span class="quiet">${t('edit.no')}</span>`;

// Links in the grid are no tab stops of their own: the grid is one stop, and the record panel offers every link again.
const mail = (value, stop) => html`<a href=${`mailto:${value.split('@').map(encodeURIComponent).join('@')}`} tabindex=${stop}>${value}</a>`;
const phone = (value, stop) => html`<a href=${`tel:${value.replace(/[^+\d]/g, '')}`} tabindex=${stop}>${value}</a>`;

/** Only `http` and `https` come here: a link of another scheme could run a script. Elsewhere nobody learns where the reader came from. */
const web = (value, stop, text = value) => html`<a href=${value} target="_blank" rel="noopener noreferrer" tabindex=${stop}>${text}</a>`;
const withoutScheme = value => value.replace(/^https?:\/\//i, '').replace(/\/$/, '');

// A drawing, because its fill is an attribute: inline styles are forbidden here.
const color = value => html`<span class="color"><svg class="swatch" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" fill=${value}></rect></svg>${value}</span>`;

const aboutFile = ({ size, type }) => [size !== null && size !== undefined && formatSize(size), type].filter(Boolean).join(', ');

function reference(field, value, { app, names }, stop) {
  const name = nameOf(names, field.target, value);
  if (!field.target || typeof value !== 'string') return html`<span class="faint">${String(value)}</span>`;
  return html`<a class="ref" href=${recordHref(app, field.target, value)} tabindex=${stop}>${name ?? numbered(value)}</a>`;
}

/** Several records: as many as were asked for by name, and how many more there are. */
function references(field, values, context, stop, most) {
  const all = [values].flat(), shown = all.slice(0, most);
  return html`${each(shown, v => v, (v, i) => html`${i > 0 && ', '}${reference(field, v, context, stop)}`)}${all.length > most
    && html`<span class="faint"> ${t('value.more', { n: all.length - most })}</span>`}`;
}

// A cell shows one line: what it cannot show is not put into the page twice.
const CELL_CHARS = 200;
const cut = text => (text.length > CELL_CHARS ? `${text.slice(0, CELL_CHARS)}…` : text);

/** One line. `digits` is the number of decimals the whole column shows. */
export function cell(field, value, context, digits) {
  switch (shapeOf(field, value)) {
    case 'empty': return null;
    case 'integer': case 'number': case 'decimal': return formatNumber(value, digits);
    case 'money': return formatNumber(value, digits, field.currency);
    case 'boolean': return yes(value);
    case 'date': return date(value);
    case 'datetime': return stamp(value);
    case 'select': case 'multiselect': return tags(field, value);
    case 'email': return mail(value, -1);
    case 'phone': return phone(value, -1);
    case 'url': return web(value, -1, cut(withoutScheme(value)));
    case 'color': return color(value);
    case 'reference': return reference(field, value, context, -1);
    case 'references': return references(field, value, context, -1, NAMES_IN_CELL);
    case 'user': return plainText(field, value);
    case 'file': return value.name;
    case 'json': return html`<code>${cut(plainText(field, value))}</code>`;
    default: return cut(String(value));
  }
}

const TIP_CHARS = 20, TIP_DIGITS = 11;
/** The whole of a value that its cell may have cut off. */
export function tip(field, value) {
  switch (shapeOf(field, value)) {
    case 'multiselect': return value.length > 1 ? plainText(field, value) : null;
    case 'references': return value.length > NAMES_IN_CELL ? t('foot.records', { n: value.length }) : null;
    case 'file': return [value.name, aboutFile(value)].filter(Boolean).join(', ');
    case 'integer': case 'number': case 'decimal': case 'money': {
      const text = plainText(field, value);
      return text.length > TIP_DIGITS ? text : null;
    }
    case 'text': case 'email': case 'url': case 'json': {
      const text = plainText(field, value);
      return text.length > TIP_CHARS ? text : null;
    }
    default: return null;
  }
}

/** All of it, over as many lines as it needs. */
export function full(field, value, context) {
  switch (shapeOf(field, value)) {
    case 'empty': return html`<span class="faint">${t('edit.clear')}</span>`;
    case 'integer': case 'number': case 'decimal': return formatNumber(value, columnDigits(field, [value]));
    case 'money': return formatNumber(value, columnDigits(field, [value]), field.currency);
    case 'boolean': return value ? html`<span class="yes">${icon('tick')}${t('edit.yes')}</span>` : t('edit.no');
    case 'date': return date(value);
    case 'datetime': return stamp(value);
    case 'select': case 'multiselect': return tags(field, value);
    case 'email': return mail(value, null);
    case 'phone': return phone(value, null);
    case 'url': return web(value, null);
    case 'color': return color(value);
    case 'reference': return reference(field, value, context, null);
    case 'references': return references(field, value, context, null, NAMES_IN_PANEL);
    case 'user': return plainText(field, value);
    case 'file': return html`${value.name} <span class="faint">${aboutFile(value)}</span>`;
    case 'json': return html`<pre class="code" tabindex="0" role="group" aria-label=${field.name}>${JSON.stringify(value, null, 2)}</pre>`;
    default: return html`<span class="prose">${String(value)}</span>`;
  }
}
