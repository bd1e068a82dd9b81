// Taking back what this tab did, and doing it again: a stack of steps with their labels, which a reload keeps.
// Every step is a change like any other and goes through edit.js, so it finds the same conflicts. Not here: what others did, and what the server keeps
// of it (the history of the app). A step that cannot be taken back from here (removing records gives their numbers away) is no step.
import { changeRecord, createRecord, happened, pasteRecords, removeRecords } from './edit.js';
import { tab } from './api.js';
import { note } from './notes.js';
import { t } from './i18n.js';
import { store } from '../lib/store.js';

const STEPS_MOST = 100, KEY = `ui:undo:${tab}`;

function kept() {
  try { return JSON.parse(sessionStorage.getItem(KEY)) ?? { done: [], undone: [] }; } catch { return { done: [], undone: [] }; }
}
const steps = kept();
/** { undo: label or null, redo: label or null } */
export const undoable = store(told());
let isStepping = false;

function told() { return { undo: steps.done.at(-1)?.label ?? null, redo: steps.undone.at(-1)?.label ?? null }; }
function changed() {
  undoable.set(told());
  try { sessionStorage.setItem(KEY, JSON.stringify(steps)); } catch { /* Too much to keep: it is in memory. */ }
}

/** What takes a job back, or null. */
function stepOf({ job, given }) {
  const { kind, app, table, label } = job, step = { app, table, label };
  if (kind === 'update') return { ...step, kind: 'values', before: [{ id: job.id, ...job.base }], after: [{ id: job.id, ...job.values }] };
  if (kind === 'create') return { ...step, kind: 'made', made: [given.id], values: [job.values] };
  if (kind !== 'paste') return null;
  const made = given.made.map(r => r.id);
  // Many that were made come back without their numbers.
  if (made.length !== job.made.length || (job.changed.length && !job.before)) return null;
  return { ...step, kind: 'both', before: job.before ?? [], after: job.changed, made, values: job.made };
}

happened.on(what => {
  const step = what && !isStepping && stepOf(what);
  if (!step) return;
  steps.done.push(step);
  if (steps.done.length > STEPS_MOST) steps.done.shift();
  steps.undone = [];
  changed();
});

async function put({ app, table, label }, rows, from) {
  if (rows.length === 1) {
    const [{ id, ...values }] = rows;
    await changeRecord({ app, table, before: { ...from[0], id }, values, label });
  } else if (rows.length) await pasteRecords({ app, table, changed: rows, label });
}

async function back(step) {
  if (step.before) await put(step, step.before, step.after);
  if (step.made?.length) await removeRecords({ app: step.app, table: step.table, ids: step.made, label: step.label });
}

async function again(step) {
  if (step.after) await put(step, step.after, step.before);
  if (!step.values?.length) return;
  if (step.values.length === 1) step.made = [(await createRecord({ app: step.app, table: step.table, values: step.values[0], label: step.label })).id];
  else step.made = (await pasteRecords({ app: step.app, table: step.table, made: step.values, label: step.label })).made.map(r => r.id);
}

async function step(from, to, act, key) {
  const one = from.pop();
  if (!one || isStepping) { if (one) from.push(one); return; }
  isStepping = true;
  changed();
  try {
    await act(one);
    to.push(one);
    note(t(key, { what: one.label }), { actions: key === 'undo.done' ? [{ text: t('undo.redo'), run: redo }] : offerUndo() });
  } catch (e) {
    note(t('undo.failed', { what: one.label, why: e.message }), { bad: true });
  }
  isStepping = false;
  changed();
}

export const undo = () => step(steps.done, steps.undone, back, 'undo.done');
export const redo = () => step(steps.undone, steps.done, again, 'undo.again');

/** What a note offers about the last step; nothing when there is none. */
export const offerUndo = () => (steps.done.length ? [{ text: t('undo.undo'), run: undo }] : []);
