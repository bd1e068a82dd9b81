// Taking back what this tab did, and doing it again: the last step comes from the change log of the server, so a reload keeps it, and what any client
// changed in between is found. Not here: the history of an app, which has everybody's steps.
import { get, tab } from './api.js';
import { happened, takeBack } from './edit.js';
import { note } from './notes.js';
import { t } from './i18n.js';
import { go } from '../lib/router.js';
import { store } from '../lib/store.js';

const STEPS_SEEN = 50, QUIET_MS = 150;
let app = null, timer = 0, steps = { undo: null, redo: null };
/** { undo, redo }: what each would do, in words, or null. */
export const undoable = store({ undo: null, redo: null });

/** From now on the steps of this tab in this app. */
export function watchUndo(slug) {
  if (slug === app) return;
  app = slug;
  refresh();
}
happened.on(what => {
  clearTimeout(timer);
  if (what?.app === app) timer = setTimeout(refresh, QUIET_MS);
});

/** The step that an undo would take back, and the one that a redo would do again: the oldest of those that were taken back last. */
async function refresh() {
  const asked = app;
  if (!asked) return steps;
  try {
    const { changes } = await get(`/api/apps/${encodeURIComponent(asked)}/changes?${new URLSearchParams({ who: 'me', tab, limit: STEPS_SEEN })}`);
    if (asked !== app) return steps;
    const own = changes.filter(c => c.undoes === null), first = own.findIndex(c => !c.undone_by);
    const step = c => (c ? { app: asked, table: c.schema, change: c.seq, label: c.sentence ?? c.label } : null);
    steps = { undo: step(own.find(c => !c.undone_by && c.can_undo)), redo: step(own[(first < 0 ? own.length : first) - 1]) };
  } catch {
    // Without the log there is nothing to take back; whatever is wrong says so where it matters.
    steps = { undo: null, redo: null };
  }
  undoable.set({ undo: steps.undo?.label ?? null, redo: steps.redo?.label ?? null });
  return steps;
}

async function take(step, isRedo, onConflict = 'refuse') {
  if (!step) return;
  try {
    await takeBack({ ...step, isRedo, onConflict });
    await refresh();
    note(t(isRedo ? 'undo.again' : 'undo.done', { what: step.label }), { actions: [isRedo ? { text: t('undo.undo'), run: undo } : { text: t('undo.redo'), run: redo }] });
  } catch (e) {
    const look = { text: t('undo.look'), run: () => go(`/_/${encodeURIComponent(step.app)}/history?c=${step.change}`) };
    const actions = e.conflicts?.length ? [{ text: t('undo.anyway'), run: () => take(step, isRedo, 'overwrite') }, look] : [];
    note(t('undo.failed', { what: step.label, why: e.message }), { bad: true, stays: actions.length > 0, actions });
  }
}

/** Takes back any change of the log: { app, table, change, label }. */
export const undoChange = step => take(step, false);
/** Takes back the last step of this tab. */
export async function undo() { await take((await refresh()).undo, false); }
/** Does again what was taken back last. */
export async function redo() { await take((await refresh()).redo, true); }

/** What a note offers about the step that has just been done, also when others follow it. */
export function offerUndo() {
  const known = refresh();
  return [{ text: t('undo.undo'), run: async () => take((await known).undo, false) }];
}
