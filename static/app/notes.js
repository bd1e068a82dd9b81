// Short notes about what was done, with what can be done about it. They go by themselves, but for those that stay until they are dealt with.
// Not here: how they look (ui/notes.js). Nothing is only in a note that goes: what is undone from it is undone from elsewhere, too.
import { t } from './i18n.js';
import { store } from '../lib/store.js';

const SHOWN = 3;
let last = 0;

/** [{ id, text, actions: [{ text, run }], stays, bad }], the newest last. */
export const notes = store([]);

export function note(text, { actions = [], stays = false, bad = false } = {}) {
  const made = { id: ++last, text, actions, stays, bad };
  notes.set([...notes.get().filter(n => n.text !== text), made].slice(-SHOWN));
  return made;
}

export const dropNote = id => notes.set(notes.get().filter(n => n.id !== id));
/** For a part of the page that cannot be had at the moment: says so, and gives nothing of it. */
export const missed = () => { note(t('fault.offline'), { bad: true }); return {}; };
