// What happened in an app lately, newest first, from its change log. Not here: taking changes back.
import { get } from './api.js';

// The most that the server gives at once.
const MOST = 1000, DAYS = 30, DAY_MS = 86_400_000;

/** `{ list, more }`: the latest changes, and whether there are older ones that were not asked for. */
export async function loadChanges(app, signal) {
  const at = `/api/apps/${encodeURIComponent(app)}/changes`;
  const { last } = await get(at, signal);
  const since = Math.max(0, last - MOST);
  const { changes } = await get(`${at}?since=${since}&limit=${MOST}`, signal).catch(async fault => {
    // The log was shortened since: it says where it begins.
    const oldest = fault.details?.find(d => d.oldest !== undefined)?.oldest;
    if (oldest === undefined) throw fault;
    return get(`${at}?since=${Math.max(0, oldest - 1)}&limit=${MOST}`, signal);
  });
  return { list: changes.reverse(), more: since > 0 };
}

const dayOf = at => `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;

/** How many on each of the last days, the oldest day first: `{ day, n }`. */
export function perDay(list) {
  const counts = new Map();
  for (const { at } of list) counts.set(dayOf(new Date(at)), (counts.get(dayOf(new Date(at))) ?? 0) + 1);
  return Array.from({ length: DAYS }, (_, i) => dayOf(new Date(Date.now() - (DAYS - 1 - i) * DAY_MS))).map(day => ({ day, n: counts.get(day) ?? 0 }));
}
