// Import into a table of an app, or into a new one.
// Not here: the steps (ui/import.js), an app that is made with it (importnew.js).
import { define } from '../lib/el.js';
import { html, each } from '../lib/view.js';
import { learn, t } from '../app/i18n.js';
import { FILES } from '../i18n/en-files.js';
import { AppScreen } from '../ui/appscreen.js';
import '../ui/import.js';

learn(FILES);

class ImportScreen extends AppScreen {
  static props = { ...AppScreen.props };

  get head() { return t('import.head'); }

  content() {
    // Not begun anew when the counts of the tables change behind it.
    return each([this.table ?? ''], x => x, () => html`<ui-import .app=${this.app} .table=${this.found} .tables=${this.meta.tables} .onDone=${() => this.reload()}></ui-import>`);
  }
}
define('screen-import', ImportScreen);
