// A data file that is thrown away, and a copy of it to keep. Not here: the words (ui/demobar.js).
import { HOUSE, write } from './api.js';
import { finished } from './jobs.js';

/** Has a copy made, and gives the address where it can be downloaded. */
export async function keepFile() {
  const { data: { id } } = await write('POST', `${HOUSE}/backups`);
  const { outcome } = await finished(id);
  return `${HOUSE}/backups/${encodeURIComponent(outcome.name)}`;
}
