// A new table: its name, and one is in its fields. Or rows of a file, which bring their fields along.
// Not here: the fields (fields.js), the file (import.js).
import { define, whenRendered } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go } from '../lib/router.js';
import { makeTable } from '../app/design.js';
import { fieldsHref, importHref } from '../app/meta.js';
import { t } from '../app/i18n.js';
import { note } from '../app/notes.js';
import { offerUndo } from '../app/undo.js';
import { AppScreen } from '../ui/appscreen.js';
import { icon } from '../ui/parts.js';

class NewTable extends AppScreen {
  static props = { ...AppScreen.props };
  #wrong = null;
  #busy = false;

  get head() { return t('table.new'); }
  get place() { return 'new-table'; }

  firstFocus() { this.querySelector('#table-name')?.focus(); }
  arrived() { this.update(); whenRendered(() => this.firstFocus()); }

  #make = async e => {
    e.preventDefault();
    const input = this.querySelector('#table-name'), name = input.value.trim();
    if (this.#busy) return;
    this.#wrong = name ? null : t('table.noname');
    this.#busy = !this.#wrong;
    this.update();
    if (!this.#wrong) {
      try {
        // A table is made with what names its records: most have a name, and it can be renamed at once.
        const table = await makeTable(this.app, { name, display_field: 'name', fields: [{ slug: 'name', name: t('table.firstfield'), type: 'text' }] });
        note(t('table.made', { name: table.name }), { actions: offerUndo() });
        go(fieldsHref(this.app, table.slug));
        return;
      } catch (fault) { this.#wrong = fault.message; }
    }
    this.#busy = false;
    this.update();
    input.focus();
  };

  content() {
    return html`<div class="page-col narrow"><form novalidate @submit=${this.#make}>
        <div class="field"><label for="table-name">${t('table.name')}</label><input id="table-name" type="text" autocomplete="off" aria-invalid=${this.#wrong ? 'true' : null} aria-describedby="table-wrong">
          <p class="form-error" id="table-wrong" role="alert">${this.#wrong}</p></div>
        <div class="row"><button type="submit" class="btn main-act tall" aria-disabled=${String(this.#busy)}>${t('table.make')}</button></div></form>
      <p class="hint">${t('table.orfile')}</p><p class="row"><a class="btn line" href=${importHref(this.app)}>${icon('upload')}${t('home.fromfile')}</a></p></div>`;
  }
}
define('screen-newtable', NewTable);
