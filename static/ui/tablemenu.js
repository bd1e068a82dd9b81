// What one can do with a whole table: its fields, import, export. Stands in the bar of the table.
// Not here: the screens that it leads to.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { exportHref, fieldsHref, importHref } from '../app/meta.js';
import { icon } from './parts.js';
import './menu.js';

class TableMenu extends El {
  static props = { app: '', table: null };

  view() {
    const { app, table } = this;
    const items = [
      { text: 'Fields', sign: 'field', href: fieldsHref(app, table.slug) },
      ...(table.can?.create ? [{ text: 'Import…', sign: 'upload', href: importHref(app, table.slug) }] : []),
      ...(table.can?.export ? [{ text: 'Export…', sign: 'download', href: exportHref(app, table.slug) }] : []),
    ];
    return html`<ui-menu .label=${`Table ${table.name}`} .face=${icon('more')} .look=${'btn square'} .groups=${[{ label: 'Table', items }]}></ui-menu>`;
  }
}
define('ui-tablemenu', TableMenu);
