// Changing what there is: apps, tables, fields, options, indexes. Every screen that changes one of them does it here.
// Not here: records, and reading (meta.js).
import { get, write } from './api.js';
import { happened } from './edit.js';

const part = encodeURIComponent;
const send = async (...what) => (await write(...what)).data;
/** The same, and whoever shows what can be taken back hears of it. */
const change = async (slug, ...what) => {
  const data = await send(...what);
  happened.set({ kind: 'designed', app: slug, table: null, job: null });
  return data;
};
const app = slug => `/api/apps/${part(slug)}`;
const table = (a, s) => `${app(a)}/schemas/${part(s)}`;
const field = (a, s, f) => `${table(a, s)}/fields/${part(f)}`;
const option = (a, s, f, o) => `${field(a, s, f)}/options/${part(o)}`;

export const makeApp = body => send('POST', '/api/apps', body);
export const changeApp = (slug, body) => change(slug, 'PATCH', app(slug), body);
export const deleteApp = slug => send('DELETE', app(slug));
/** Apps that were removed and can come back, newest first: { change, slug, name, at, by }. Whoever may not see them sees none. */
export async function loadGoneApps(signal) {
  try { return (await get('/api/workspaces/default/deleted', signal)).apps; } catch (e) { if (e.kind === 'forbidden') return []; throw e; }
}
/** Brings an app back with everything in it. */
export const restoreApp = n => send('POST', `/api/workspaces/default/deleted/${n}/restore`);

export const makeTable = (a, body) => change(a, 'POST', `${app(a)}/schemas`, body);
export const changeTable = (a, s, body) => change(a, 'PATCH', table(a, s), body);
export const deleteTable = (a, s) => change(a, 'DELETE', table(a, s));
export const makeIndex = (a, s, fields) => send('POST', `${table(a, s)}/indexes`, { fields });
export const dropIndex = (a, s, fields) => send('DELETE', `${table(a, s)}/indexes/${fields.map(part).join('.')}`);

export const makeField = (a, s, body) => change(a, 'POST', `${table(a, s)}/fields`, body);
export const changeField = (a, s, f, body) => change(a, 'PATCH', field(a, s, f), body);
/** What would happen, without doing it. */
export const rehearseField = (a, s, f, body) => send('PATCH', `${field(a, s, f)}?dry_run=true`, body);
export const deleteField = (a, s, f) => change(a, 'DELETE', field(a, s, f));
export const makeOption = (a, s, f, body) => change(a, 'POST', `${field(a, s, f)}/options`, body);
export const changeOption = (a, s, f, o, body) => change(a, 'PATCH', option(a, s, f, o), body);
/** `replace`: the value that records get instead, `` for none, or null when no record may hold it. */
export const deleteOption = (a, s, f, o, replace) => change(a, 'DELETE', `${option(a, s, f, o)}${replace === null ? '' : `?replace=${part(replace)}`}`);

/** How many records hold a value in a field. */
export async function valuesIn(a, s, f, signal) {
  const query = new URLSearchParams({ count: '', filter: `${f} != null` });
  const { rows } = await get(`${table(a, s)}/aggregate?${query}`, signal);
  return rows[0]?.count ?? null;
}

let dialects = null;
/** The dialects, and what each calls a type. */
export async function loadDialects(signal) {
  dialects ??= (await get('/api/workspaces/default/dialects', signal)).dialects;
  return dialects;
}

/** The roles of an app with what each may. */
export async function loadRoles(a, signal) {
  const { roles } = await get(`${app(a)}/roles`, signal);
  return Promise.all(roles.map(async role => (role.built_in ? role : get(`${app(a)}/roles/${part(role.slug)}`, signal))));
}

export const makeRole = (a, body) => send('POST', `${app(a)}/roles`, body);
export const changeRole = (a, r, body) => send('PATCH', `${app(a)}/roles/${part(r)}`, body);
