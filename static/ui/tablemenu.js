// What one can do with a whole table: its fields, import, export of what is shown. Stands in the bar of the table.
// Not here: the screens that it leads to.
import { El, define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { t } from '../app/i18n.js';
import { exportHref, fieldsHref, importHref } from '../app/meta.js';
import { icon } from './parts.js';
import './menu.js';

class TableMenu extends El {
  static props = { app: '', table: null, filter: null, sort: null };

  get #export() {
    const query = new URLSearchParams(Object.entries({ filter: this.filter, sort: this.sort }).filter(([, value]) => value)).toString();
    return exportHref(this.app, this.table.slug) + (query && `?${query}`);
  }

  view() {
    const { app, table } = this;
    const items = [
      { text: t(table.can?.manage ? 'table.fields.edit' : 'table.fields'), sign: 'field', href: fieldsHref(app, table.slug) },
      ...(table.can?.create ? [{ text: t('table.import'), sign: 'upload', href: importHref(app, table.slug) }] : []),
      ...(table.can?.export ? [{ text: t('table.export'), sign: 'download', href: this.#export }] : []),
    ];
    return html`<ui-menu .label=${t('table.called', { name: table.name })} .face=${icon('more')} .look=${'btn square'} .groups=${[{ label: t('table.menu'), items }]}></ui-menu>`;
  }
}
define('ui-tablemenu', TableMenu);
