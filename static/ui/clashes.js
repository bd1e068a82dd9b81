// Many cells at once, of which somebody changed some in between: both values are shown, and a person decides before anything is written.
// Not here: finding them (app/edit.js), one cell alone (gridedit.js).
import { html, each } from '../lib/view.js';
import { pasteRecords } from '../app/edit.js';
import { nameOf, numbered, recordName } from '../app/records.js';
import { plainText } from '../app/types.js';
import { t } from '../app/i18n.js';
import { ask } from './ask.js';

const SHOWN = 6;

function said(field, value, { names }) {
  if (!field.target) return plainText(field, value) || t('edit.clear');
  return [value ?? []].flat().map(id => nameOf(names, field.target, id) ?? numbered(id)).join(', ') || t('edit.clear');
}

function question(clashes, table, context) {
  const line = ({ field: slug, mine, record }) => {
    const field = table.fields.find(f => f.slug === slug);
    return t('clash.cell', { record: recordName(table, record), field: field.name, mine: said(field, mine, context), theirs: said(field, record[slug], context) });
  };
  const rest = clashes.length - SHOWN;
  return html`<p>${t('clash.text', { n: clashes.length })}</p><ul class="ask-list">${each(clashes.slice(0, SHOWN), (c, i) => i, c => html`<li>${line(c)}</li>`)}</ul>${rest > 0 && html`<p class="faint">${t('paste.more', { n: rest })}</p>`}`;
}

/** As pasteRecords, with `table` and `context` for the words; the `rows` that are shown are asked for again when they were old. Gives what was done, or null when nothing was. */
export async function sendMany({ table, context, rows, ...job }) {
  try {
    return await pasteRecords({ ...job, table: table.slug });
  } catch (fault) {
    if (!fault.clashes) throw fault;
    rows.reload();
    const answer = await ask({ title: t('clash.title'), body: question(fault.clashes, table, context), answers: [{ value: 'mine', text: t('conflict.mine') }, { value: 'theirs', text: t('conflict.theirs'), isMain: true }] });
    if (!answer) return null;
    const left = new Set(answer === 'theirs' ? fault.clashes.map(c => `${c.record.id} ${c.field}`) : []);
    const changed = job.changed.map(row => Object.fromEntries(Object.entries(row).filter(([slug]) => !left.has(`${row.id} ${slug}`)))).filter(row => Object.keys(row).length > 1);
    // What stands there now was seen by now: who is faster again is asked about again.
    const base = Object.fromEntries(Object.entries(job.base).map(([id, seen]) => [id, Object.fromEntries(Object.keys(seen).map(f => [f, fault.now[id]?.[f] ?? null]))]));
    return changed.length + (job.made?.length ?? 0) ? sendMany({ ...job, table, context, rows, changed, base }) : null;
  }
}
