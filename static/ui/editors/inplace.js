// What fields that are edited in their place have in common: at most one is open, it ends with what shows it, and it is saved as one change.
// Not here: which fields there are, and what is told where one is refused (recordfields.js, lines.js).
import { El } from '../../lib/el.js';
import { announce } from '../../lib/a11y.js';
import { changeRecord, pending } from '../../app/edit.js';
import { recordName } from '../../app/records.js';
import { t } from '../../app/i18n.js';
import { holdWhilePressed } from './press.js';

export class InPlace extends El {
  // The field that is edited: { app, table, field, record, editor } and what else the host needs. It stays that of its record, whatever is shown by then.
  edited = null;

  connected() {
    this.use(pending);
    this.addEventListener('editdone', e => this.done(e), { signal: this.life });
    this.addEventListener('editcancel', e => this.dropped(e), { signal: this.life });
    holdWhilePressed(this, () => this.edited?.editor ?? null);
    this.life.addEventListener('abort', () => this.leave());
  }

  /** Ends what is edited, if it can be read. True when nothing is left open. */
  settle() {
    this.edited?.editor.finish(null);
    return !this.edited;
  }

  /** Takes the editor away, and gives what it was of. */
  shut() {
    const { edited } = this;
    this.edited = null;
    edited.editor.remove();
    this.update();
    return edited;
  }

  /** Whether it was saved; `refused` hears why it was not. */
  async saveField({ app, table, field, record }, value, text, refused) {
    try {
      await changeRecord({ app, table: table.slug, before: record, values: { [field.slug]: value }, text: text || null, label: t('change.field', { field: field.name, record: recordName(table, record) }) });
      announce(t('save.done', { name: field.name }));
      return true;
    } catch (e) {
      refused(e);
      return false;
    }
  }
}
