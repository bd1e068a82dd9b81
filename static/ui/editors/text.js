// Typing one line: texts, numbers, addresses, days, times and colours, each read by its type; days and colours have the browser's picker beside it.
// Not here: reading what is typed (app/parse.js), long texts (long.js), choices (choose.js).
import { define } from '../../lib/el.js';
import { html } from '../../lib/view.js';
import { momentText, parseDay, parseMoment } from '../../lib/dates.js';
import { t } from '../../app/i18n.js';
import { icon } from '../parts.js';
import { Editor } from './base.js';

const KINDS = { email: 'email', phone: 'tel', url: 'url', integer: 'numeric', number: 'decimal', decimal: 'decimal', money: 'decimal' };
const PICKERS = { date: ['date', 'date', 'edit.pick.date'], datetime: ['datetime-local', 'date', 'edit.pick.date'], color: ['color', 'drop', 'edit.pick.color'] };
const END = new Set(['integer', 'number', 'decimal', 'money']);

class TextEditor extends Editor {
  /** Ctrl+; is today, or now. */
  ownKey(e) {
    if (!(e.key === ';' && (e.ctrlKey || e.metaKey) && /^date/.test(this.field.type))) return false;
    this.input.value = this.field.type === 'date' ? parseDay('today') : momentText(parseMoment('now'));
    return true;
  }

  #pick = () => {
    const [type] = PICKERS[this.field.type], picker = this.querySelector('.quiet');
    const { value } = this.read();
    if (value && type === 'datetime-local') picker.value = momentText(value).replace(' ', 'T').slice(0, 16);
    else if (value) picker.value = value;
    picker.showPicker();
  };

  #picked = e => {
    this.input.value = e.target.value.replace('T', ' ');
    this.input.focus();
    this.problem = null;
  };

  view() {
    const { field } = this, picker = PICKERS[field.type];
    return html`<span class="edit-line"><input class="edit-input" value=${this.text} inputmode=${KINDS[field.type] ?? 'text'} data-end=${END.has(field.type) ? '' : null}
        aria-label=${this.label ?? field.name} aria-invalid=${this.problem ? 'true' : null} aria-describedby=${`${this.id_}-why`} autocomplete="off" spellcheck="false">
      ${picker && html`<button type="button" class="btn square edit-pick" tabindex="-1" aria-label=${t(picker[2])} title=${t(picker[2])} @click=${this.#pick}>${icon(picker[1])}</button>
        <input class="quiet" type=${picker[0]} tabindex="-1" aria-hidden="true" @change=${this.#picked}>`}
    </span>${this.trouble()}`;
  }
}
define('edit-text', TextEditor);
