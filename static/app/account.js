// One's own account: name, password, sessions, tokens. Not here: other people, and signing in (session.js).
import { HOUSE, get, write } from './api.js';

const data = async call => (await call).data;

export const loadMe = async signal => (await get(`${HOUSE}/me`, signal)).user;
export const changeMe = body => data(write('PATCH', `${HOUSE}/me`, body));
export const changePassword = (current, chosen) => data(write('POST', `${HOUSE}/me/password`, { current, new: chosen }));

export const loadSessions = async signal => (await get(`${HOUSE}/sessions`, signal)).sessions;
export const endSession = id => data(write('DELETE', `${HOUSE}/sessions/${encodeURIComponent(id)}`));
export const endOtherSessions = () => data(write('DELETE', `${HOUSE}/sessions`));

export const loadTokens = async signal => (await get(`${HOUSE}/tokens`, signal)).tokens;
/** The answer holds the secret, this once. */
export const makeToken = body => data(write('POST', `${HOUSE}/tokens`, body));
export const revokeToken = id => data(write('DELETE', `${HOUSE}/tokens/${id}`));

/** The apps that a token is good for, as slugs, or null for all. */
export const appsOf = token => token.apps?.map(a => a.slug) ?? null;
