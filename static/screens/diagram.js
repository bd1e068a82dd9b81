// All tables of an app and what leads where: as a drawing, and the same as a list of words.
// Not here: drawing (ui/diagram.js), the fields of one table (fields.js).
import { define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { fieldsHref } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { AppScreen } from '../ui/appscreen.js';
import '../ui/diagram.js';

class DiagramScreen extends AppScreen {
  static props = { ...AppScreen.props };

  get head() { return t('diagram.head'); }
  get place() { return 'diagram'; }

  #table(table) {
    const { tables } = this.meta, named = slug => tables.find(x => x.slug === slug)?.name ?? slug;
    const to = table.fields.filter(f => f.target && f.type !== 'lines').map(f => t('diagram.to', { field: f.name, table: named(f.target) }));
    const from = tables.flatMap(other => other.fields.filter(f => f.target === table.slug && f.type !== 'lines').map(f => t('diagram.from', { field: f.name, table: other.name })));
    return html`<li><h3><a href=${fieldsHref(this.app, table.slug)}>${table.name}</a></h3><p class="hint">${[...to, ...from].join(' · ') || t('diagram.alone')}</p></li>`;
  }

  actions() {
    return html`<button type="button" class="btn line" @click=${() => this.querySelector('ui-diagram').tidy()}>${t('diagram.tidy')}</button>`;
  }

  content() {
    const { tables } = this.meta;
    if (!tables.length) return html`<p class="hint">${t('home.empty')}</p>`;
    return html`<p class="hint">${t('diagram.text')}</p><ui-diagram .app=${this.app} .tables=${tables}></ui-diagram>
      <section class="page-col twin"><h2>${t('diagram.list')}</h2><ul class="twin-list">${each(tables, x => x.slug, x => this.#table(x))}</ul></section>`;
  }
}
define('screen-diagram', DiagramScreen);
