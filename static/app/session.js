// Who is signed in. The session itself is a cookie that scripts cannot read; this only remembers the answer of the server.
// Not here: the forms (screens/signin.js, screens/start.js, screens/choose.js).
import { get, post } from './api.js';
import { store } from '../lib/store.js';

/** The signed-in person, or null while nobody is known to be. */
export const person = store(null);

/** What that person may: { manage, apps: { slug: role } }, or null while that is not known. */
export const rights = store(null);

/** Takes in who the server says is asking. */
export function meet({ user, can }) {
  for (const [known, said] of [[person, user], [rights, can]]) if (JSON.stringify(known.get()) !== JSON.stringify(said)) known.set(said);
}

/** Whether records of an app can be changed at all. A role of its own may still say no to some; the server tells then. */
export const canWrite = app => { const can = rights.get(); return !can || can.manage || (can.apps[app] ?? 'viewer') !== 'viewer'; };

const known = new Map();
/** What may be done with records of a table: { write, create, update, remove }. The same object as long as it says the same. */
export function allowed(app, table) {
  const may = canWrite(app), [create, update, remove] = ['create', 'update', 'delete'].map(act => may && table?.can?.[act] !== false), key = `${create} ${update} ${remove}`;
  if (!known.has(key)) known.set(key, { write: create || update || remove, create, update, remove });
  return known.get(key);
}

export async function signIn(username, password) { person.set((await post('/auth/login/', { username, password })).user); }

/** Without a user in the answer the link waits for something: the first admin of a file with so many apps, or a password that somebody is to choose. */
export async function signInByLink(token) {
  const answer = await post('/auth/link/', { token });
  person.set(answer.user);
  return answer;
}

export async function startAsAdmin(token, email, password) { person.set((await post('/auth/start/', { token, email, password })).user); }

/** By a link for that, `invitation` or `reset`; signs in. */
export async function choosePassword(purpose, chosen) { person.set((await post(`/api/workspaces/default/${purpose}s/accept`, chosen)).user); }

export async function signOut() {
  await post('/auth/logout/');
  person.set(null);
  rights.set(null);
}
