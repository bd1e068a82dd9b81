// Who is signed in. The session itself is a cookie that scripts cannot read; this only remembers the answer of the server.
// Not here: the forms (screens/signin.js, screens/start.js).
import { get, post } from './api.js';
import { store } from '../lib/store.js';

/** The signed-in person, or null while nobody is known to be. */
export const person = store(null);

export async function loadPerson() { person.set((await get('/api/workspaces/default/me')).user); }
export async function signIn(username, password) { person.set((await post('/auth/login/', { username, password })).user); }
export async function signInByLink(token) { person.set((await post('/auth/link/', { token })).user); }

export async function signOut() {
  await post('/auth/logout/');
  person.set(null);
}
