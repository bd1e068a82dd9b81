// Long pieces of work of the server: waiting for one, finding one that a request of ours has begun, ending it.
// Not here: what they do.
import { get, write } from './api.js';
import { t } from './i18n.js';

const JOBS = '/api/workspaces/default/jobs';
const LOOK_MS = 300;
const pause = () => new Promise(done => { setTimeout(done, LOOK_MS); });

/** When it has ended well; else the reason why not. */
export async function finished(id, signal) {
  for (;;) {
    const job = await get(`${JOBS}/${id}`, signal);
    if (job.state === 'failed' || job.state === 'cancelled') throw Object.assign(new Error(job.error ?? t('fault.ended')), { kind: 'invalid' });
    if (job.state !== 'running') return job;
    await pause();
  }
}

/** Calls back with the newest running job of a kind, as long as the signal lasts; with null, once, when this person may not see it. */
export async function follow(kind, seen, signal) {
  while (!signal.aborted) {
    await pause();
    if (signal.aborted) return;
    try {
      const job = (await get(JOBS, signal)).jobs.find(j => j.kind === kind && j.state === 'running');
      if (job) seen(job);
    } catch (e) {
      if (!signal.aborted && e.kind === 'forbidden') seen(null);
      return;
    }
  }
}

export const endJob = id => write('DELETE', `${JOBS}/${id}`);
