// A data file that is thrown away, and a copy of it to keep. Not here: the words (ui/demobar.js).
import { get, write } from './api.js';
import { finished } from './jobs.js';

const HOUSE = '/api/workspaces/default';
let demo = null;

/** Asked once: a file does not become a demo, nor stops being one. Whoever may not ask sees none. */
export async function isDemo(signal) {
  if (demo === null) {
    try { demo = !!(await get(HOUSE, signal)).demo; } catch { return false; }
  }
  return demo;
}

/** Has a copy made, and gives the address where it can be downloaded. */
export async function keepFile() {
  const { data: { id } } = await write('POST', `${HOUSE}/backups`);
  const { outcome } = await finished(id);
  return `${HOUSE}/backups/${encodeURIComponent(outcome.name)}`;
}
