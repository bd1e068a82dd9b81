// Choosing records of another table by their name, made in place when there is none, and people. Not here: the list and its keys (combo.js).
import { define } from '../../lib/el.js';
import { get } from '../../app/api.js';
import { createRecord } from '../../app/edit.js';
import { nameOf, numbered, rememberName } from '../../app/records.js';
import { person } from '../../app/session.js';
import { displayField } from '../../app/types.js';
import { t } from '../../app/i18n.js';
import { Combo } from './combo.js';

const HITS = 10, TYPING_MS = 120;
const pause = ms => new Promise(resolve => { setTimeout(resolve, ms); });

class RelationEditor extends Combo {
  #turn = 0;
  get several() { return this.field.type === 'references'; }
  labelOf(id) { return nameOf(this.context.names, this.field.target, id) ?? numbered(id); }

  async find(words) {
    const turn = ++this.#turn;
    if (words) await pause(TYPING_MS);
    if (turn !== this.#turn) return [];
    const { app, names } = this.context, { target } = this.field;
    const query = new URLSearchParams({ limit: HITS, ...(words && { q: words }) });
    const { results } = await get(`/api/apps/${encodeURIComponent(app)}/schemas/${encodeURIComponent(target)}/lookup?${query}`, this.life);
    for (const r of results) rememberName(names, target, r.id, r.display ?? numbered(r.id));
    const found = results.map(r => ({ value: r.id, label: this.labelOf(r.id), note: numbered(r.id) }));
    const hasIt = results.some(r => (r.display ?? '').toLowerCase() === words.toLowerCase());
    return words && !hasIt && this.#nameField() ? [...found, { value: `+${words}`, label: t('edit.create', { text: words }), make: () => this.#make(words) }] : found;
  }

  /** The field that a name goes into; without one nothing can be made from a name. */
  #nameField() {
    const table = this.context.tables?.find(x => x.slug === this.field.target), field = table && displayField(table);
    return field && ['text', 'email'].includes(field.type) ? field : null;
  }

  async #make(words) {
    const { app, names } = this.context, { target } = this.field;
    const made = await createRecord({ app, table: target, values: { [this.#nameField().slug]: words }, label: t('change.added', { record: words }) });
    rememberName(names, target, made.id, words);
    return made.id;
  }
}
define('edit-relation', RelationEditor);

let people = null;
/** Those whom this person may see: all for admins, else oneself. */
async function knownPeople() {
  try { people ??= (await get('/api/workspaces/default/users')).users; } catch (e) { if (e.kind !== 'forbidden') throw e; }
  return people ?? [person.get()].filter(Boolean);
}
const nameOfPerson = p => p.name || p.email || p.username;

class PersonEditor extends Combo {
  labelOf(id) {
    const known = people?.find(p => p.id === id);
    return known ? nameOfPerson(known) : t('user.numbered', { n: String(id) });
  }

  async find(words) {
    const word = words.toLowerCase();
    return (await knownPeople()).filter(p => `${p.name ?? ''} ${p.email}`.toLowerCase().includes(word)).map(p => ({ value: p.id, label: nameOfPerson(p) }));
  }
}
define('edit-person', PersonEditor);
