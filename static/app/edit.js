// The one place where data is changed: one queue, in order, with If-Match, what waits while the server is away, and the save status.
// Not here: how an edit looks (ui/), what was read (rows.js), undo (undo.js). A failure comes back to whoever asked, at its place.
//
// A job is plain data, so that it can wait in this browser: { kind, app, table, key, who, … }.
import { getTagged, tab, write } from './api.js';
import { dropNote } from './notes.js';
import { t } from './i18n.js';
import { person } from './session.js';
import { loadMany, recordsAt, schemaAt } from './records.js';
import { store } from '../lib/store.js';

const OUTBOX = 'ui:outbox:', REFUSED = 'ui:refused', RETRY_MS = 2_000, STALE_MS = 60_000, TURNS = 4, COARSE = 500;

/** { word: saved | saving | waiting | failed | readonly, waiting: how many, fault } */
export const saving = store({ word: 'saved', waiting: 0, fault: null });
/** What happened last: { kind: made | changed | moved | removed | many, app, table, records?, made?, ids?, isCoarse?, job, given }. Set after the server has said yes. */
export const happened = store(null);
/** Set to a new object whenever pending values come or go, so that whoever shows records looks again. */
export const pending = store({});
/** The ids of records that somebody else has just changed. */
export const glowing = store(new Set());

// What was refused, by its place: { text, value, problem, theirs, who, note }, until it is dealt with. `theirs` is the record as somebody else left it.
const refusals = kept();
const queue = [];
// The tag of the state of a record that this page has seen, by address.
const tags = new Map();
let running = false, isAway = false, timer = 0;

const addressOf = job => `${recordsAt(job.app, job.table)}/${encodeURIComponent(job.id)}`;
/** Whether two values of a field are the same; lists and JSON by what is in them. */
export const isSame = (a, b) => (a ?? null) === (b ?? null) || JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

// Each person's own: whoever signs in next in this tab does not see them.
const placeOf = (...place) => JSON.stringify([whoIsHere(), ...place]);
function kept() {
  try { return new Map(JSON.parse(sessionStorage.getItem(REFUSED) ?? '[]')); } catch { return new Map(); }
}
/** What a person wanted in a field and did not get: nothing typed is lost. The grid and the record panel show it at its place. */
export const refusalOf = (app, table, id, field) => refusals.get(placeOf(app, table, id, field)) ?? null;
/** Notes that something was refused, or with null that it is dealt with. */
export function setRefusal(app, table, id, field, refusal) {
  const place = placeOf(app, table, id, field), old = refusals.get(place);
  if (!old && !refusal) return;
  if (old?.note && old.note !== refusal?.note) dropNote(old.note);
  if (refusal) refusals.set(place, refusal); else refusals.delete(place);
  // A reload keeps them; the notes about them are gone by then.
  try { sessionStorage.setItem(REFUSED, JSON.stringify([...refusals].map(([at, r]) => [at, { ...r, note: null }]))); } catch { /* They are in memory. */ }
  if (!refusals.size && !queue.length && saving.get().word === 'failed') say();
  pending.set({});
}

/** A record as the person left it: with the values that are still on their way. */
export function asLeft(app, table, record) {
  let values = null;
  for (const { job } of queue) {
    if (job.app !== app || job.table !== table) continue;
    if (job.kind === 'update' && job.id === record.id) values = { ...values, ...job.values };
    if (job.kind === 'paste') for (const row of job.changed) if (row.id === record.id) values = { ...values, ...row };
  }
  return values ? { ...record, ...values } : record;
}

/** Fields of one record. `before` is the record as it was seen: somebody else's change of the same fields in between is a conflict. `text`: what was
    typed, if that is more than the value. Gives the record; what is refused stays at its fields (refusalOf). */
export const changeRecord = ({ app, table, before, values, label, text = null, overwrite = false }) => {
  const base = Object.fromEntries(Object.keys(values).map(f => [f, before[f] ?? null]));
  return add({ kind: 'update', app, table, id: before.id, values, base, text, overwrite, label });
};
/** Gives the record. */
export const createRecord = ({ app, table, values, label }) => add({ kind: 'create', app, table, values, label });
/** Many at once, all or none: `changed` with their ids, `made` without. `base` has, by id, the values as they were seen: what somebody changed in between is
    told as a conflict, and nothing is written. Gives { changed: [record], made: [record] }. */
export const pasteRecords = ({ app, table, changed = [], made = [], base = null, label }) => add({ kind: 'paste', app, table, changed, made, base, label });
/** Takes back a change of the log with its whole act, or alone, or does it again; or everything since a checkpoint. `onConflict`: refuse, skip or overwrite. */
export const takeBack = ({ app, table = null, change = null, checkpoint = null, isAlone = false, label, isRedo = false, onConflict = 'refuse' }) =>
  add({ kind: 'undo', app, table, change, checkpoint, isAlone, label, isRedo, onConflict });
/** Puts a record right behind another one in the order of a sequence field, or first with null. Gives the records whose numbers changed. */
export const moveRecord = ({ app, table, id, after, field, label }) => add({ kind: 'move', app, table, id, after, field, label });
/** Whether records of a table are still on their way to other places. */
export const isMoving = (app, table) => queue.some(({ job }) => job.kind === 'move' && job.app === app && job.table === table);
export const removeRecords = ({ app, table, ids, label }) => add({ kind: 'remove', app, table, ids, label });
/** Takes up what an earlier visit of this person left unsent. */
export function resumeEdits() {
  park();
  for (const job of stored()) if (!queue.some(q => q.job.key === job.key)) queue.push({ job, done: () => {}, failed: () => {} });
  if (queue.length) { keep(); run(); }
}

function add(asked) {
  const key = Array.from(crypto.getRandomValues(new Uint8Array(12)), b => b.toString(16).padStart(2, '0')).join('');
  const job = { ...asked, key, who: whoIsHere() };
  park();
  return new Promise((done, failed) => {
    queue.push({ job, done, failed });
    keep();
    say();
    pending.set({});
    run();
  });
}

const whoIsHere = () => person.get()?.id ?? null;

/** What somebody else left unsent is theirs: it waits in this browser until they come again, and is never sent by another. */
function park() {
  if (whoIsHere() !== null && queue.some(q => q.job.who !== whoIsHere())) { queue.length = 0; pending.set({}); }
}

function say(fault = null) {
  const waiting = queue.length;
  const word = isAway && waiting ? 'waiting' : waiting ? 'saving' : fault ? 'failed' : 'saved';
  saving.set({ word, waiting, fault });
}

/** One job after the other. A server that does not answer, or wants another sign-in, leaves them where they are. */
async function run() {
  if (running) return;
  running = true;
  clearTimeout(timer);
  let fault = null;
  while (queue.length) {
    const { job, done, failed } = queue[0];
    if (job.who !== whoIsHere()) { wait('auth'); break; }
    try {
      const result = await DO[job.kind](job);
      isAway = false;
      settle(job);
      if (job.kind === 'update') for (const f of Object.keys(job.values)) setRefusal(job.app, job.table, job.id, f, null);
      happened.set({ ...result, job, app: job.app, table: job.table });
      done(result.given);
    } catch (e) {
      if (['offline', 'auth', 'busy'].includes(e.kind)) { wait(e.kind); break; }
      isAway = false;
      fault = e;
      settle(job);
      if (job.kind === 'update') keepRefused(job, e);
      failed(e);
    }
    say(fault);
  }
  running = false;
}

/** What could not be saved stays with its fields; those that somebody else changed in between show both. */
function keepRefused({ app, table, id, values, text }, fault) {
  for (const [f, value] of Object.entries(values)) {
    setRefusal(app, table, id, f, { text, value, problem: fault.message, theirs: fault.clash?.includes(f) ? fault.record : null });
  }
  // Whoever shows the record shows what it is now.
  if (fault.clash) happened.set({ kind: 'changed', records: [fault.record], app, table, job: { kind: 'update', values } });
}

function settle(job) {
  if (queue[0]?.job === job) queue.shift();
  keep();
  pending.set({});
}

function wait(kind) {
  isAway = true;
  keep();
  say();
  // Another sign-in begins with a new look at the page, which takes the queue up again.
  if (kind !== 'auth') timer = setTimeout(run, RETRY_MS);
}
addEventListener('online', () => { if (isAway) run(); });

const DO = {
  async create(job) {
    const { data, tag } = await write('POST', recordsAt(job.app, job.table), job.values, { 'Idempotency-Key': job.key });
    tags.set(addressOf({ ...job, id: data.id }), tag);
    return { kind: 'made', records: [data], given: data };
  },
  async update(job) {
    const record = await update(job);
    return { kind: 'changed', records: [record], given: record };
  },
  async paste(job) {
    const url = recordsAt(job.app, job.table), { changed, made } = job, key = { 'Idempotency-Key': job.key };
    for (const row of changed) tags.delete(addressOf({ ...job, id: row.id }));
    if (job.base) await refuseNewer(job);
    // Many come back without what is in them: whoever shows some asks for those.
    const isCoarse = changed.length + made.length > COARSE, headers = isCoarse ? { ...key, Prefer: 'return=minimal' } : key;
    if (!made.length || !changed.length) {
      const { data } = await write(made.length ? 'POST' : 'PATCH', url, made.length ? made : changed, headers);
      const records = data?.records ?? [];
      const given = made.length ? { changed: [], made: records } : { changed: records, made: [] };
      return { kind: 'many', records: given.changed, made: given.made, isCoarse, given };
    }
    const { data } = await write('POST', '/api/batch', { requests: [{ method: 'PATCH', url, body: changed }, { method: 'POST', url, body: made }] }, headers);
    const given = { changed: data?.results[0].body.records ?? [], made: data?.results[1].body.records ?? [] };
    return { kind: 'many', records: given.changed, made: given.made, isCoarse, given };
  },
  async undo(job) {
    const what = job.checkpoint ? `checkpoints/${job.checkpoint}/return` : `changes/${job.change}/${job.isRedo ? 'redo' : 'undo'}`;
    const { data } = await write('POST', `/api/apps/${encodeURIComponent(job.app)}/${what}`, { on_conflict: job.onConflict, ...(job.isAlone && { batch: false }) });
    tags.clear();
    return { kind: 'many', isCoarse: true, given: data };
  },
  async move(job) {
    const { id, after, field } = job;
    const { data: { records } } = await write('POST', `${schemaAt(job.app, job.table)}/resequence`, { record: id, after, field }, { 'Idempotency-Key': job.key });
    for (const r of records) tags.delete(addressOf({ ...job, id: r.id }));
    return { kind: 'moved', records, given: records };
  },
  async remove(job) {
    await write('DELETE', recordsAt(job.app, job.table), { ids: job.ids });
    return { kind: 'removed', ids: job.ids, given: job.ids };
  },
};

/** With If-Match. Whoever changed other fields of the record in between is no obstacle; the same fields are told as a conflict. */
async function update(job) {
  const at = addressOf(job);
  let tag = tags.get(at), theirs = null;
  for (let turn = 0; turn < TURNS; turn++) {
    if (!tag) ({ data: theirs, tag } = await getTagged(at));
    if (theirs && !job.overwrite) refuseClash(job, theirs);
    try {
      const answer = await write('PATCH', at, job.values, { 'If-Match': tag });
      tags.set(at, answer.tag);
      return answer.data;
    } catch (e) {
      tags.delete(at);
      if (e.kind !== 'changed' || turn === TURNS - 1) throw e;
      theirs = e.record;
      tag = theirs && e.tag;
    }
  }
  return theirs;
}

/** fault.clash: the fields that both changed; fault.record: the record as it is now. */
function refuseClash(job, theirs) {
  const clash = Object.keys(job.values).filter(f => !isSame(theirs[f], job.base[f]) && !isSame(theirs[f], job.values[f]));
  if (clash.length) throw Object.assign(new Error(t('fault.changed')), { kind: 'changed', clash, record: theirs, mine: job.values });
}

/** Many at once have no If-Match, so what stands there is looked at right before. fault.clashes: one for each cell, [{ field, mine, record }]; fault.now: a base of now. */
async function refuseNewer({ app, table, changed, base }) {
  const now = await loadMany(app, table, changed.map(row => row.id).filter(id => base[id]));
  const clashes = changed.flatMap(row => {
    const record = now.get(row.id), slugs = record ? Object.keys(base[row.id]) : [];
    return slugs.filter(f => f in row && !isSame(record[f], base[row.id][f]) && !isSame(record[f], row[f])).map(field => ({ field, mine: row[field], record }));
  });
  if (clashes.length) throw Object.assign(new Error(t('fault.changed')), { kind: 'changed', clashes, now: Object.fromEntries(now) });
}

// A copy of the queue in this browser: closing the page while the server is away loses nothing. Every tab has its own, for everybody who uses it.
const outbox = who => `${OUTBOX}${tab}:${who}`;
function keep() {
  try {
    if (queue.length) localStorage.setItem(outbox(queue[0].job.who), JSON.stringify({ at: Date.now(), jobs: queue.map(q => q.job) }));
    else localStorage.removeItem(outbox(whoIsHere()));
  } catch { /* Full or switched off: the queue is in memory all the same. */ }
}

/** What this tab left, and what tabs left that are no longer there. */
function stored() {
  const found = [], who = whoIsHere();
  try {
    for (const name of Object.keys(localStorage).filter(n => n.startsWith(OUTBOX))) {
      const { at, jobs } = JSON.parse(localStorage.getItem(name));
      if (name !== outbox(who) && Date.now() - at < STALE_MS) continue;
      found.push(...jobs.filter(job => job.who === who));
      const others = jobs.filter(job => job.who !== who);
      if (name === outbox(who)) continue;
      if (others.length) localStorage.setItem(name, JSON.stringify({ at, jobs: others }));
      else localStorage.removeItem(name);
    }
  } catch { /* Nothing that can be read. */ }
  return found;
}
