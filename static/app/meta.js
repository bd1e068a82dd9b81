// What there is: apps, their tables, their fields, and who asks. The last answer is kept, so that going back shows something at once.
// Not here: records (records.js) and what a field type looks like (types.js).
import { HOUSE, get } from './api.js';
import { meet } from './session.js';
import { store } from '../lib/store.js';

const FRESH_MS = 2_000;
const apps = { list: null, bySlug: new Map() };
const address = slug => `/api/apps/${encodeURIComponent(slug)}`;

/** The data file's workspace, once it is known: `{ slug, name, demo? }`. */
export const workspace = store(null);

// What the start of the page has learnt of one app and perhaps the views of one table; each is taken once, by the first screen.
let learnt = null;
// Grows with every person who leaves.
let era = 0;

/** The list as it was last seen, or null. */
export const knownApps = () => apps.list;
/** `{ app, tables }` as last seen, or null. */
export const knownApp = slug => apps.bySlug.get(slug) ?? null;

/** How many records the tables of the app that was loaded last have: `{ app, of: Map(slug, n) }`. */
export const counts = store(null);

export async function loadApps(signal) {
  apps.list = (await get('/api/apps', signal)).apps;
  return apps.list;
}

/** Everything that a screen of an app asks for, in one answer: who asks and what they may, the apps, this one with its tables, the views of a table. */
async function ask(slug, table, signal) {
  const query = new URLSearchParams({ ...(slug && { app: slug }), ...(slug && table && { schema: table }) });
  const asked = era, said = await get(`${HOUSE}/overview?${query}`, signal);
  // Whoever it was for has gone.
  if (asked !== era) throw new DOMException('', 'AbortError');
  meet(said);
  workspace.set(said.workspace);
  apps.list = said.apps;
  if (!said.app) return null;
  const known = { app: said.app, tables: said.schemas };
  apps.bySlug.set(slug, known);
  counts.set({ app: slug, of: new Map(known.tables.map(x => [x.slug, x.records])) });
  return { slug, table, known, views: said.views ?? null };
}

/** The start of the page, for the address that it is at. An app or a table that is not there is told by its screen. */
export async function begin(path) {
  const found = await ask(appAt(path), tableAt(path)).catch(fault => { if (fault.kind !== 'gone') throw fault; return ask(); });
  learnt = found && { ...found, until: performance.now() + FRESH_MS };
}

const isFresh = slug => learnt?.slug === slug && performance.now() < learnt.until;

/** `{ app, tables }`, and with it the list of apps. */
export async function loadApp(slug, signal) {
  if (isFresh(slug) && learnt.known) {
    const { known } = learnt;
    learnt.known = null;
    return known;
  }
  return (await ask(slug, null, signal)).known;
}

/** The views of a table as the start of the page has learnt them, once; else null. */
export function takeViews(slug, table) {
  if (!isFresh(slug) || learnt.table !== table) return null;
  const { views } = learnt;
  learnt.views = null;
  return views;
}

/** Forgets everything: the next person to sign in may not be allowed to see it. */
export function forget() {
  era++;
  learnt = null;
  apps.list = null;
  apps.bySlug.clear();
}

/** One table with all that its owner may know of it, such as the indexes it could use. */
export const loadTable = (app, table, signal) => get(`${address(app)}/schemas/${encodeURIComponent(table)}`, signal);

// First words of addresses that are no app's.
const APART = ['apps', 'settings', 'tokens', 'sign-in', 'start', 'invitation', 'reset'];
/** The slug of the app that an address of the page is in, or null. */
export function appAt(path) {
  const [, first] = /^\/_\/([^/]+)/.exec(path) ?? [];
  try { return first && !APART.includes(first) ? decodeURIComponent(first) : null; } catch { return null; }
}
/** The slug of the table that it is in, or null. */
function tableAt(path) {
  const [, slug] = /^\/_\/[^/]+\/t\/([^/]+)/.exec(path) ?? [];
  try { return slug ? decodeURIComponent(slug) : null; } catch { return null; }
}
export const appHref = app => `/_/${encodeURIComponent(app)}`;
export const tableHref = (app, table) => `${appHref(app)}/t/${encodeURIComponent(table)}`;
export const viewHref = (app, table, view) => `${tableHref(app, table)}/v/${encodeURIComponent(view)}`;
export const recordHref = (app, table, id) => `${tableHref(app, table)}?r=${encodeURIComponent(id)}`;
/** The record as a page of its own. */
export const recordPageHref = (app, table, id) => `${tableHref(app, table)}/r/${encodeURIComponent(id)}`;
export const fieldsHref = (app, table) => `${tableHref(app, table)}/fields`;
export const importHref = (app, table) => (table ? `${tableHref(app, table)}/import` : `${appHref(app)}/import`);
export const exportHref = (app, table) => `${tableHref(app, table)}/export`;

/** Whether a person may make tables here: who manages any of them does, and where there is none the server says. */
export const mayMake = tables => !!tables && (!tables.length || tables.some(x => x.can?.manage));
