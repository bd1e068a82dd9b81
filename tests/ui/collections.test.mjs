// The collection that an app downloads as runs green in Newman, in every dialect, twice: what it makes it takes away again.
//   CARRYALL_BIN   the executable
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import newman from 'newman';
import { begin } from './server.mjs';

const SAMPLES = ['crm', 'inventory', 'projects', 'events'];

/** Signs in by a link of the terminal and makes tokens, of the kinds that dialects know. */
async function signIn(server) {
  const [email, name] = ['owner@example.com', 'Newman'];
  const made = server.run('admin', 'create', '--email', email);
  assert.equal(made.status, 0, made.stderr);
  const password = made.stdout.trim().split(/\s+/).at(-1);
  const answer = await fetch(`${server.url}/auth/login/`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username: email, password }),
  });
  assert.ok(answer.ok, await answer.text());
  const cookie = answer.headers.getSetCookie().map(one => one.split(';')[0]).join('; ');
  const ask = async (method, path, body) => {
    const told = await fetch(server.url + path, { method, headers: { Cookie: cookie, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
    assert.ok(told.ok, `${method} ${path}: ${told.status} ${await told.clone().text()}`);
    return told.json();
  };
  const { token } = await ask('POST', '/api/workspaces/default/tokens', { kind: 'personal', name });
  return { ask, variables: { token, email, password } };
}

function run(collection, variables) {
  const envVar = Object.entries(variables).map(([key, value]) => ({ key, value }));
  return new Promise((resolve, reject) => newman.run({ collection, envVar, reporters: [] }, (error, summary) => (error ? reject(error) : resolve(summary.run))));
}

function told({ failures }) {
  return failures.map(({ source, error }) => `${source?.name}: ${error.message}`).join('\n');
}

test('every dialect downloads as a collection that runs', async t => {
  const samples = SAMPLES.map(name => JSON.parse(readFileSync(new URL(`../../static/samples/${name}.json`, import.meta.url))));
  const server = await begin(t, samples[0]);
  const { ask, variables } = await signIn(server);
  for (const name of SAMPLES.slice(1)) await ask('POST', `/api/workspaces/default/samples/${name}`);
  const slugs = (await ask('GET', '/api/apps')).apps.map(app => app.slug);
  assert.equal(slugs.length, SAMPLES.length);
  const { key, secret } = await ask('POST', '/api/workspaces/default/tokens', { kind: 'key-secret', name: 'Newman', apps: slugs });
  Object.assign(variables, { key, secret });
  const { dialects } = await ask('GET', '/api/workspaces/default/dialects');
  for (const { id, operations, requests_per_minute_max } of dialects) {
    // Some let only so many requests through in a minute: one app is enough of them.
    for (const slug of requests_per_minute_max ? slugs.slice(0, 1) : slugs) {
      const collection = await ask('GET', `/api/apps/${slug}/postman/${id}`);
      for (const turn of requests_per_minute_max ? [1] : [1, 2]) {
        const { stats, failures } = await run(collection, variables);
        assert.equal(told({ failures }), '', `${id}, ${slug}, turn ${turn}`);
        assert.ok(stats.requests.total >= operations.length && stats.assertions.total === stats.requests.total, `${id}, ${slug}: every request says what it expects`);
      }
    }
  }
});

/** Answers like Concord CRM, so many requests at a time; those who then keep still for a while get as many again. */
async function shortOfTime(t, requests, pauseMs) {
  const seen = { windows: 1, refused: 0 };
  let left = requests, last = Date.now();
  const server = createServer((request, response) => {
    request.resume();
    const pause = Date.now() - last;
    last += pause;
    if (left === 0 && pause >= pauseMs) [left, seen.windows] = [requests, seen.windows + 1];
    const isOver = left === 0;
    if (isOver) seen.refused += 1; else left -= 1;
    const status = isOver ? 429 : { POST: 201, DELETE: 204 }[request.method] ?? 200;
    response.writeHead(status, { 'Content-Type': 'application/json', 'X-RateLimit-Limit': requests, 'X-RateLimit-Remaining': left }).end(status === 204 ? '' : '{"id":1}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => { server.closeAllConnections(); server.close(); });
  return { seen, url: `http://127.0.0.1:${server.address().port}` };
}

test('a collection waits when no request is left in a minute', async t => {
  const schemas = Array.from({ length: 12 }, (_, at) => ({ slug: `t${at}`, fields: [{ slug: 'name', type: 'text' }] }));
  const server = await begin(t, { carryall: 1, app: { slug: 'wide' }, schemas });
  const { ask, variables } = await signIn(server);
  const collection = await ask('GET', '/api/apps/wide/postman/concord');
  assert.ok(collection.info.description.includes('the variable minute'), collection.info.description);
  assert.equal(collection.variable.find(({ key }) => key === 'minute').value, '60500');
  const house = await ask('GET', '/api/apps/wide/postman/house');
  assert.ok(!house.event && !house.variable.some(({ key }) => key === 'minute'), 'who counts nobody has nothing to wait for');
  const { seen, url } = await shortOfTime(t, 30, 1_000);
  const { stats, failures } = await run(collection, { ...variables, baseUrl: url, minute: '1100' });
  assert.equal(told({ failures }), '');
  assert.equal(stats.requests.total, 12 * 6);
  assert.deepEqual(seen, { windows: 3, refused: 0 });
});
