// Typing one line: texts, numbers, addresses, days, times and colours, each read by its type; days and colours have the browser's picker beside it.
// Not here: reading what is typed (app/parse.js), long texts (long.js), choices (choose.js).
import { define } from '../../lib/el.js';
import { html, each } from '../../lib/view.js';
import { momentText, parseDay, parseMoment } from '../../lib/dates.js';
import { t } from '../../app/i18n.js';
import { count } from '../../app/types.js';
import { icon } from '../parts.js';
import { Editor } from './base.js';

const KINDS = { email: 'email', phone: 'tel', url: 'url', integer: 'numeric', number: 'decimal', decimal: 'decimal', money: 'decimal' };
const PICKERS = { date: ['date', 'date', 'edit.pick.date'], datetime: ['datetime-local', 'date', 'edit.pick.date'], color: ['color', 'drop', 'edit.pick.color'] };
const END = new Set(['integer', 'number', 'decimal', 'money']);

const WAIT_MS = 120;

class TextEditor extends Editor {
  // suggest: gives, for what is typed, [{ value, n }] that could be meant; anything else may be typed all the same.
  static props = { ...Editor.props, suggest: null };
  #offered = [];
  #turn = 0;

  connected() {
    super.connected();
    for (const name of ['focusin', 'input']) this.addEventListener(name, () => this.#offer(), { signal: this.life });
  }

  async #offer() {
    if (!this.suggest) return;
    const turn = ++this.#turn;
    await new Promise(done => { setTimeout(done, WAIT_MS); });
    if (turn !== this.#turn || !this.isConnected) return;
    try { this.#offered = await this.suggest(this.input.value.trim()); } catch { this.#offered = []; }
    if (turn === this.#turn) this.update();
  }

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
    return html`<span class="edit-line"><input class="edit-input" value=${this.text} inputmode=${KINDS[field.type] ?? 'text'} data-end=${END.has(field.type) ? '' : null} list=${this.suggest ? `${this.id_}-offered` : null}
        aria-label=${this.label ?? field.name} aria-invalid=${this.problem ? 'true' : null} aria-describedby=${`${this.id_}-why`} autocomplete="off" spellcheck="false">
      ${picker && html`<button type="button" class="btn square edit-pick" tabindex="-1" aria-label=${t(picker[2])} title=${t(picker[2])} @click=${this.#pick}>${icon(picker[1])}</button>
        <input class="quiet" type=${picker[0]} tabindex="-1" aria-hidden="true" @change=${this.#picked}>`}
    </span>${this.suggest && html`<datalist id=${`${this.id_}-offered`}>${each(this.#offered, o => o.value, o => html`<option value=${o.value}>${count(o.n)}</option>`)}</datalist>`}${this.trouble()}`;
  }
}
define('edit-text', TextEditor);
