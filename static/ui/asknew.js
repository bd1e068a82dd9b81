// A new record in a dialog: only what it needs, each with its editor, and why it was refused beside the field. Not here: when it is asked for.
import { html, each } from '../lib/view.js';
import { createRecord } from '../app/edit.js';
import { neededFor } from '../app/links.js';
import { recordName } from '../app/records.js';
import { t } from '../app/i18n.js';
import { ask } from './ask.js';
import { makeEditor } from './editors/editors.js';
import { icon } from './parts.js';
import { typeOf } from '../app/types.js';

/** `preset`: values that are not asked for; `start`: what the fields that are asked for begin with. Gives the record, or null. */
export async function askNew({ table, preset, start, context }) {
  const fields = table.fields.filter(f => f.slug in start || neededFor(table, { ...preset, ...start }).includes(f)), editors = new Map();
  let made = null;
  const create = async () => {
    const values = { ...preset };
    let wrong = null;
    for (const f of fields) {
      const editor = editors.get(f.slug), { value, problem } = editor.read();
      editor.problem = problem ?? (f.required && (value === null || value.length === 0) ? t('new.required', { name: f.name }) : null);
      if (editor.problem) wrong ??= editor;
      values[f.slug] = value;
    }
    if (wrong) { wrong.start(); return false; }
    try {
      made = await createRecord({ app: context.app, table: table.slug, values, label: t('change.added', { record: recordName(table, { id: '', ...values }) }) });
      return true;
    } catch (e) {
      const at = editors.get(e.field) ?? editors.get(fields[0].slug);
      at.problem = e.message;
      at.start();
      return false;
    }
  };
  const word = table.model ?? table.name;
  const asked = ask({
    title: t('new.title', { name: word }),
    body: html`<div class="ask-form">${each(fields, f => f.slug, f => html`<div class="ask-field"><span class="ask-label">${icon(typeOf(f).icon)}${f.name}</span><div class="ask-slot" data-slug=${f.slug}></div></div>`)}</div>`,
    answers: [{ value: 'yes', text: t('new.make', { name: word }), isMain: true, check: create }],
  });
  // One may be asked while another is open.
  const dialog = [...document.querySelectorAll('dialog.ask')].at(-1);
  for (const f of fields) {
    const editor = makeEditor(f, { value: start[f.slug] ?? null, look: 'panel', context, label: f.name });
    editors.set(f.slug, editor);
    dialog.querySelector(`[data-slug="${CSS.escape(f.slug)}"]`).append(editor);
    // What is chosen from a list is kept by its editor only while that is told.
    editor.addEventListener('editdone', e => {
      e.stopPropagation();
      editor.value = e.detail.value;
      if (e.detail.move !== 'down') return;
      const next = fields[fields.indexOf(f) + 1];
      if (next) editors.get(next.slug).start(); else dialog.querySelector('.main-act').click();
    });
  }
  // Reading begins at what is still to be filled in.
  queueMicrotask(() => editors.get((fields.find(f => !(f.slug in start)) ?? fields[0]).slug).start());
  await asked;
  return made;
}
