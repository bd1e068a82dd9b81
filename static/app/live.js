// What others do to the records in sight, as soon as it is done: one waiting request to the change log of the app, none while the tab is hidden. Only who
// manages an app can wait for its log; others look at what they may see of it every two seconds.
// Not here: showing it (rows.js takes in what happened, the grid lets it glow).
import { getQuietly } from './api.js';
import { loadApp } from './meta.js';
import { glowing, happened, isSame, saving } from './edit.js';
import { here } from '../lib/router.js';

const WAIT_S = 25, LOOK_MS = 2_000, AGAIN_MS = 5_000, BREATH_MS = 500, GLOW_MS = 2_500, IDS_MOST = 100;
const RECORDS = ['create', 'update', 'delete'], ACTS_MOST = 100, FEW = 20, SECOND_MS = 1_000;

const pause = (ms, signal) => new Promise(done => {
  const timer = setTimeout(done, ms);
  signal.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
});

/** Resolves once the tab is in sight. */
const seen = signal => new Promise(done => {
  if (!document.hidden) { done(); return; }
  document.addEventListener('visibilitychange', () => done(), { once: true, signal });
});

/** Resolves once the server has answered what this page is writing: what was done here is shown already then, and is no news. */
const written = signal => new Promise(done => {
  if (saving.get().word !== 'saving') { done(); return; }
  const call = new AbortController(), end = () => { call.abort(); done(); };
  saving.on(({ word }) => { if (word !== 'saving') end(); }, call.signal);
  signal.addEventListener('abort', end, { signal: call.signal });
});

/** Whether the log no longer goes back as far as was asked. */
const isCut = fault => !!fault.details?.some(d => d.oldest !== undefined);

/** What was done after a number: `{ changes, last, more }`, the oldest first. Without a number a few that were done last. */
async function news({ app, table }, since, signal) {
  const at = `/api/apps/${encodeURIComponent(app)}/changes`;
  if (table.can?.manage) {
    if (since !== null) return getQuietly(`${at}?since=${since}&wait=${WAIT_S}`, signal);
    const { last } = await getQuietly(at, signal);
    // A log that was just shortened has nothing to tell of the last moments.
    const { changes } = await getQuietly(`${at}?since=${Math.max(0, last - FEW)}`, signal).catch(fault => { if (isCut(fault)) return { changes: [] }; throw fault; });
    return { changes, last: Math.max(last, ...changes.map(c => c.seq)), more: false };
  }
  if (since !== null) await pause(LOOK_MS, signal);
  const { changes, more } = await getQuietly(`${at}?${new URLSearchParams({ order: 'newest', limit: since === null ? FEW : ACTS_MOST, ...(since && { after: since }) })}`, signal);
  return { changes: changes.reverse(), last: Math.max(since ?? 0, ...changes.map(c => c.seq)), more: since !== null && more };
}

/**
 * Watches until the signal aborts. `what()` gives { app, table, rows, ask } as they are now; rows whose total is null are on their way. Null: nothing to
 * watch.
 */
export async function watchLive(what, signal) {
  let app = null, deaf = null, since = null, begun = 0;
  while (!signal.aborted) {
    await seen(signal);
    const now = what();
    if (!now || now.app === deaf) { await pause(BREATH_MS, signal); continue; }
    if (now.app !== app) { since = null; begun = Date.now() - SECOND_MS; }
    ({ app } = now);
    const call = new AbortController(), stop = () => call.abort();
    signal.addEventListener('abort', stop, { signal: call.signal });
    document.addEventListener('visibilitychange', () => { if (document.hidden) stop(); }, { signal: call.signal });
    here.on(() => { if (what()?.app !== app) stop(); }, call.signal);
    try {
      const { changes, last, more } = await news(now, since, call.signal);
      await written(call.signal);
      // The rows may have been asked before the first number was known: what was done in between counts, too.
      const after = what(), fresh = since === null ? changes.filter(c => Date.parse(c.at) >= begun) : changes;
      if (after?.app === app) await take(after, fresh, more, call.signal);
      since = last;
      // The rail counts what came and went.
      if (fresh.some(c => c.kind !== 'update')) await loadApp(app, call.signal);
      // Where much is written, it is looked at in turns.
      if (changes.length) await pause(BREATH_MS, call.signal);
    } catch (fault) {
      if (fault.kind === 'auth') return;
      // What one may not see, or what is gone, is not asked for again.
      if (fault.kind === 'forbidden' || fault.kind === 'gone') deaf = app;
      // Everything may be another.
      else if (isCut(fault)) { since = null; what()?.rows.reload(); }
      else if (fault.name !== 'AbortError') await pause(AGAIN_MS, call.signal);
    }
    stop();
  }
}

/** Whether the rows show already what a change made of a record: then it was done here. */
function isShown({ rows, ask }, { record, kind, data }) {
  const mine = rows.find(record);
  if (kind === 'delete') return !mine;
  if (kind === 'create') return !!mine;
  // What is out of sight is no news, unless it may fit a filter now.
  if (!mine) return !ask.filter && !ask.q;
  return Object.entries(data?.after ?? {}).every(([field, value]) => isSame(mine[field], value));
}

/** What happened is told like what was done here; it is no deed of this page. */
const tell = (now, what) => happened.set({ app: now.app, ...what, job: { kind: 'other', values: what.values ?? {} } });

async function take(now, changes, more, signal) {
  const { app, table, rows } = now, ours = changes.filter(c => c.schema === table.slug);
  // Records of other tables are called by their names here, counted, summed.
  const others = [...new Set(changes.map(c => c.schema).filter(slug => slug && slug !== table.slug))];
  for (const slug of others) tell(now, { kind: 'many', table: slug, records: [] });
  const single = ours.filter(c => c.record && RECORDS.includes(c.kind) && !(c.entries > 1)), news = single.filter(c => !isShown(now, c));
  const updates = news.filter(c => c.kind === 'update' && rows.find(c.record)), changed = [...new Set(updates.map(c => c.record))], gone = news.filter(c => c.kind === 'delete').map(c => c.record);
  // Imports, conversions, many changes at once: what is in sight is asked again.
  const isCoarse = (more && ours.length > 0) || single.length < ours.length || changed.length > IDS_MOST, isNamed = rows.groupAt && table.fields.some(f => others.includes(f.target));
  if (isCoarse || isNamed || news.some(c => !changed.includes(c.record) && !gone.includes(c.record))) rows.reload();
  if (gone.length) tell(now, { kind: 'removed', table: table.slug, ids: gone });
  if (isCoarse || !changed.length) return;
  const query = new URLSearchParams([['page', 1], ['per_page', IDS_MOST], ...changed.map(id => ['filter[id]', id])]);
  const { records } = await getQuietly(`/api/apps/${encodeURIComponent(app)}/schemas/${encodeURIComponent(table.slug)}/records?${query}`, signal);
  // Two changes of a moment: what is shown already is the second.
  const fresh = records.filter(r => { const mine = rows.find(r.id); return mine && Object.keys(r).some(key => !isSame(mine[key], r[key])); });
  if (!fresh.length) return;
  tell(now, { kind: 'changed', table: table.slug, records: fresh, values: Object.assign({}, ...updates.map(c => c.data?.after)) });
  glow(fresh.map(r => r.id));
}

function glow(ids) {
  glowing.set(new Set([...glowing.get(), ...ids]));
  setTimeout(() => glowing.set(new Set([...glowing.get()].filter(id => !ids.includes(id)))), GLOW_MS);
}
