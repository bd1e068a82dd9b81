// Choosing records of another table by their name, made in place when there is none, and people. Not here: the list and its keys (combo.js).
import { define } from '../../lib/el.js';
import { get } from '../../app/api.js';
import { createRecord } from '../../app/edit.js';
import { nameFieldOf, neededFor, telling } from '../../app/links.js';
import { mayIn } from '../../app/recordlog.js';
import { nameOf, numbered, recordName, recordsAt, rememberName } from '../../app/records.js';
import { person } from '../../app/session.js';
import { displayField, plainText } from '../../app/types.js';
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
    const more = await this.#more(results.map(r => r.id)), found = results.map(r => ({ value: r.id, label: this.labelOf(r.id), note: more.get(r.id) || numbered(r.id) }));
    const hasIt = results.some(r => (r.display ?? '').toLowerCase() === words.toLowerCase());
    return words && !hasIt && this.#canMake ? [...found, { value: `+${words}`, label: t('edit.create', { text: words }), make: () => this.#make(words) }] : found;
  }

  /** Two more fields of each, so that namesakes can be told apart. Who may not list the table does without. */
  async #more(ids) {
    const table = this.#target, fields = table ? telling(table) : [];
    if (!ids.length || !fields.length) return new Map();
    const query = new URLSearchParams([['limit', HITS], ['count', 'none'], ['fields', fields.map(f => f.slug).join(',')], ...ids.map(id => ['filter[id]', id])]);
    try {
      const { records } = await get(`${recordsAt(this.context.app, table.slug)}?${query}`, this.life);
      return new Map(records.map(r => [r.id, fields.map(f => plainText(f, r[f.slug] ?? null)).filter(Boolean).join(' · ')]));
    } catch (e) { if (e.name === 'AbortError' || e.kind === 'offline') throw e; return new Map(); }
  }

  get #target() { return this.context.tables?.find(x => x.slug === this.field.target); }
  /** Without a field that a name goes into nothing can be made from a name. */
  get #canMake() { const table = this.#target; return !!table && !!nameFieldOf(table) && mayIn(this.context.app, table).create; }

  /** `field.preset`: values that every record that is made here has. What else it needs is asked for. */
  async #make(words) {
    const { app, names } = this.context, table = this.#target, name = nameFieldOf(table), { preset = {} } = this.field, values = { ...preset, [name.slug]: words };
    let made;
    if (name === displayField(table) && !neededFor(table, values).length) made = await createRecord({ app, table: table.slug, values, label: t('change.added', { record: words }) });
    else {
      const { askNew } = await import('../asknew.js');
      made = await askNew({ table, preset, start: { [name.slug]: words }, context: this.context });
      if (!made) return undefined;
    }
    rememberName(names, table.slug, made.id, recordName(table, made));
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
