// Typing over several lines: long texts and JSON. Enter is a new line, Ctrl+Enter saves. Not here: reading it (app/parse.js).
import { define } from '../../lib/el.js';
import { html } from '../../lib/view.js';
import { typedText } from '../../app/parse.js';
import { t } from '../../app/i18n.js';
import { Editor } from './base.js';

const ROWS_MOST = 14, ROWS_LEAST = 3;

class LongEditor extends Editor {
  get text() {
    if (this.field.type !== 'json' || this.typed !== null) return this.typed ?? typedText(this.field, this.value);
    return this.value === null || this.value === undefined ? '' : JSON.stringify(this.value, null, 2);
  }

  view() {
    const { field, text } = this, rows = Math.max(ROWS_LEAST, Math.min(ROWS_MOST, text.split('\n').length + 1));
    return html`<textarea class="edit-input edit-long" rows=${rows} .defaultValue=${text} aria-label=${this.label ?? field.name} aria-invalid=${this.problem ? 'true' : null}
        aria-describedby=${`${this.id_}-why ${this.id_}-how`} spellcheck=${field.type === 'json' ? 'false' : null} data-code=${field.type === 'json' ? '' : null}></textarea>
      <p class="edit-hint" id=${`${this.id_}-how`}>${t('edit.hint.long')}</p>${this.trouble()}`;
  }
}
define('edit-long', LongEditor);
