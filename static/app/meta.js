// What there is: apps, their tables, their fields. The last answer is kept, so that going back shows something at once.
// Not here: records (records.js) and what a field type looks like (types.js).
import { get } from './api.js';
import { store } from '../lib/store.js';

const apps = { list: null, bySlug: new Map() };
const address = slug => `/api/apps/${encodeURIComponent(slug)}`;

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

export async function loadApp(slug, signal) {
  const [app, { schemas: tables }] = await Promise.all([get(address(slug), signal), get(`${address(slug)}/schemas`, signal)]);
  const known = { app, tables };
  apps.bySlug.set(slug, known);
  counts.set({ app: slug, of: new Map(tables.map(x => [x.slug, x.records])) });
  return known;
}

/** Forgets everything: the next person to sign in may not be allowed to see it. */
export function forget() {
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
