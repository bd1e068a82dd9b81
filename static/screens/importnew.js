// A spreadsheet that becomes an app with one table.
// Not here: the steps (ui/import.js).
import { define } from '../lib/el.js';
import { html } from '../lib/view.js';
import { go } from '../lib/router.js';
import { forget, tableHref } from '../app/meta.js';
import { learn, t } from '../app/i18n.js';
import { FILES } from '../i18n/en-files.js';
import { PlainScreen } from '../ui/plainscreen.js';
import '../ui/import.js';

learn(FILES);

class ImportNew extends PlainScreen {
  get head() { return t('import.newapp'); }
  get isWide() { return true; }

  #done = ({ app, table }) => {
    forget();
    go(tableHref(app, table.slug));
  };

  content() { return html`<ui-import .onDone=${this.#done}></ui-import>`; }
}
define('screen-importnew', ImportNew);
