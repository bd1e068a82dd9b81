// What the API panel writes, without a browser: deeds in the words of a dialect, requests as programs that really run, answers laid out.
// The dialects here are made up, but have the shapes of those that the server describes. Not here: the panel (api.test.mjs).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { jsonProblem, laidOut } from '../../static/app/jsontext.js';
import { compile } from '../../static/app/filter.js';
import { learn } from '../../static/app/i18n.js';
import { deedsOf, operationSaid, said } from '../../static/app/said.js';
import { curl, javascript, python, whoAsks } from '../../static/app/snippets.js';
import { API } from '../../static/i18n/en-api.js';

learn(API);
const EVIL = '<img src=x onerror=alert(1)>"\'&{{7*7}} $(id) `id` \\ %41 !!';
const APP = { slug: 'my shop', uuid: 'aaaa-bbbb' };
const TABLE = {
  slug: 'deals', name: 'Deals', display_field: 'name', fields: [
    { slug: 'name', name: 'Name', type: 'text' }, { slug: 'amount', name: 'Amount', type: 'money' }, { slug: 'paid', name: 'Paid', type: 'boolean' }, { slug: 'day', name: 'Day', type: 'date' }, { slug: 'at', name: 'At', type: 'datetime' },
    { slug: 'stage', name: 'Stage', type: 'select', options: ['lead', 'won'], choices: [{ id: 3, value: 'lead', label: 'Lead' }, { id: 4, value: 'won', label: 'Won' }] },
    { slug: 'steps', name: 'Steps', type: 'checklist', options: ['a', 'b'], choices: [{ id: 6, value: 'a', label: 'A' }, { id: 7, value: 'b', label: 'B' }] },
    { slug: 'firm', name: 'Firm', type: 'reference', target: 'firms' }, { slug: 'owner', name: 'Owner', type: 'user' }, { slug: 'total', name: 'Total', type: 'computed' }],
};
const RECORD = { id: 'rec_4', name: 'Pilot', amount: 5, paid: null, stage: 'won', steps: ['a'], firm: 'rec_9', owner: null, total: 7 };
const RECORDS = '/api/apps/{app}/schemas/{schema}/records', operation = (id, method, at, body = null, many = null) => ({ id, name: id, method, path: at, body, many, status: 200, source: `doc ${id}` });
const OWN = {
  id: 'house', name: 'Own', auth: 'bearer', lacks: [], manner: { records: 'text', options: 'value', size: 'per_page', sort: { name: 'sort', down: '-{field}', between: ',' }, words: 'q', filter: { form: 'expression', name: 'filter' } },
  operations: [operation('create', 'POST', RECORDS, '$record', { method: 'POST', path: RECORDS, body: '$records' }), operation('list', 'GET', RECORDS), operation('read', 'GET', `${RECORDS}/{id}`), operation('update', 'PATCH', `${RECORDS}/{id}`, '$change', { method: 'PATCH', path: RECORDS, body: '$changed' }),
    operation('delete', 'DELETE', `${RECORDS}/{id}`, null, { method: 'DELETE', path: RECORDS, body: '{"ids": $ids}' }), operation('count', 'GET', `${RECORDS}?count=`)],
};
const BODY = '/ext/{uuid}/{schema}/';
const BODIES = {
  id: 'bodies', name: 'Bodies', auth: 'key-secret', lacks: ['Whole values only.'], manner: { records: 'number', options: 'value', size: 'limit', sort: { name: 'sort', down: '-{field}', between: null }, words: null, filter: { form: 'equal', name: 'selection' } },
  operations: [operation('create', 'PUT', BODY, '$record', { method: 'PUT', path: BODY, body: '$records' }), operation('read', 'POST', BODY, '{"selection": {"id": $id}}'), operation('list', 'POST', BODY, '{}'),
    operation('update', 'PATCH', BODY, '{"selection": {"id": $id}, "updation": $change}', { method: 'PATCH', path: BODY, body: '{"selection": $selections, "updation": $changes}' }), operation('delete', 'DELETE', BODY, '{"selection": {"id": $id}}', { method: 'DELETE', path: BODY, body: '{"selection": {"id": $ids}}' })],
};
const PAIRS = {
  id: 'pairs', name: 'Pairs', auth: 'bearer', lacks: [], manner: { records: 'number', options: 'id', size: 'per_page', sort: { name: 'order', down: '{field}|desc', between: ';' }, words: 'q', filter: { form: 'pairs', name: 'search_fields', values: 'q', all: 'search_match' } },
  operations: [operation('create', 'POST', '/api/{schema}', '$record'), operation('list', 'GET', '/api/{schema}?per_page=15&order=created_at%7Cdesc'), operation('read', 'GET', '/api/{schema}/{id}'), operation('update', 'PUT', '/api/{schema}/{id}', '$change'), operation('delete', 'DELETE', '/api/{schema}/{id}')],
};
const MUTE = { id: 'mute', name: 'Mute', auth: 'bearer', lacks: ['Signing in only.'], manner: null, operations: [operation('sign', 'POST', '/auth', '{"email": "{{email}}", "password": "{{password}}"}')] };
const about = { app: APP, table: TABLE, record: RECORD, nameOf: (field, id) => id, email: 'ann@example.com' };
const inAll = deed => [OWN, BODIES, PAIRS, MUTE].map(d => said(d, deed, { ...about, isOwn: d === OWN }));
const shown = ({ request }) => request && [request.method, request.path, request.body && JSON.parse(request.body)];
const HOUSE_AT = '/api/apps/my%20shop/schemas/deals/records', EXT = '/ext/aaaa-bbbb/deals/';

test('one record: read, created, changed, deleted', () => {
  assert.deepEqual(inAll({ kind: 'read', id: 'rec_4' }).map(shown), [['GET', `${HOUSE_AT}/rec_4`, null], ['POST', EXT, { selection: { id: 4 } }], ['GET', '/api/deals/4', null], null]);
  const values = { name: EVIL, stage: 'won', steps: ['a', 'b'], firm: 'rec_9', amount: null, paid: false };
  assert.deepEqual(inAll({ kind: 'create', values }).map(shown), [['POST', HOUSE_AT, values], ['PUT', EXT, { ...values, firm: 9 }], ['POST', '/api/deals', { ...values, stage: 4, steps: [6, 7], firm: 9 }], null]);
  assert.deepEqual(inAll({ kind: 'update', id: 'rec_12', values: { stage: 'lead' } }).map(shown), [['PATCH', `${HOUSE_AT}/rec_12`, { stage: 'lead' }], ['PATCH', EXT, { selection: { id: 12 }, updation: { stage: 'lead' } }], ['PUT', '/api/deals/12', { stage: 3 }], null]);
  assert.deepEqual(inAll({ kind: 'delete', id: 'rec_4' }).map(shown), [['DELETE', `${HOUSE_AT}/rec_4`, null], ['DELETE', EXT, { selection: { id: 4 } }], ['DELETE', '/api/deals/4', null], null]);
  const [, , nameless, mute] = inAll({ kind: 'read', id: 'rec_4' });
  assert.deepEqual(nameless.request.headers, [['X-Carryall-App', 'my shop']], 'where the address names no app, a header does');
  assert.deepEqual([nameless.source, mute.notes], ['doc read', ['Mute cannot say this.', 'Signing in only.']]);
});

test('many records at once, or one by one where a dialect knows single ones only', () => {
  const all = [{ id: 'rec_1', stage: 'won' }, { id: 'rec_2', firm: null }];
  const [own, bodies, pairs] = inAll({ kind: 'update', all });
  assert.deepEqual([own, bodies, pairs].map(shown), [['PATCH', HOUSE_AT, all], ['PATCH', EXT, { selection: [{ id: 1 }, { id: 2 }], updation: [{ stage: 'won' }, { firm: null }] }], ['PUT', '/api/deals/1', { stage: 4 }]]);
  assert.match(pairs.notes[0], /single records only: one request for each of 2/);
  assert.deepEqual(inAll({ kind: 'delete', ids: ['rec_1', 'rec_2'] }).map(shown), [['DELETE', HOUSE_AT, { ids: ['rec_1', 'rec_2'] }], ['DELETE', EXT, { selection: { id: [1, 2] } }], ['DELETE', '/api/deals/1', null], null]);
  assert.deepEqual(inAll({ kind: 'create', all: [{ name: 'a' }, { name: 'b' }] }).map(shown).slice(0, 3), [['POST', HOUSE_AT, [{ name: 'a' }, { name: 'b' }]], ['PUT', EXT, [{ name: 'a' }, { name: 'b' }]], ['POST', '/api/deals', { name: 'a' }]]);
});

test('lists: order, words and filters in each form, and what is left out is said', () => {
  const list = (tree, more = {}) => inAll({ kind: 'list', sort: null, q: null, tree, filter: compile(tree, TABLE), ...more }), query = ({ request }) => Object.fromEntries(new URLSearchParams(request.path.split('?')[1])), body = ({ request }) => JSON.parse(request.body);
  let [own, bodies, pairs] = list({ all: [] }, { sort: 'name,-amount' });
  assert.deepEqual([query(own), body(bodies), query(pairs)], [{ sort: 'name,-amount', per_page: '20' }, { sort: ['name', '-amount'], limit: 20 }, { per_page: '20', order: 'name;amount|desc' }]);
  [own, bodies, pairs] = list({ all: [] }, { q: EVIL });
  assert.deepEqual([query(own).q, body(bodies), query(pairs).q], [EVIL, { limit: 20 }, EVIL]);
  assert.match(bodies.notes[0], /^Bodies cannot look for words here: “<img/);

  for (const [tree, selection, fields, q, match, lost = [0, 0]] of [
    [{ all: [['stage', 'anyof', ['won']]] }, { stage: 'won' }, 'stage:in', 'stage:4'],
    [{ all: [['stage', 'anyof', ['won', 'lead']], ['paid', 'yes', null]] }, { stage: ['won', 'lead'], paid: true }, 'stage:in;paid:=', 'stage:4,3;paid:1', 'and'],
    [{ any: [['name', 'is', 'A b'], ['firm', 'anyof', ['rec_9']]] }, [{ name: 'A b' }, { firm: 9 }], 'name:=;firm:in', 'name:A b;firm:9'],
    [{ all: [['amount', 'gt', 1000], ['stage', 'anyof', ['won']]] }, { stage: 'won' }, 'stage:in', 'stage:4', undefined, [1, 1]],
    [{ any: [['amount', 'gt', 1000], ['stage', 'anyof', ['won']]] }, undefined, undefined, undefined, undefined, [2, 2]],
    [{ all: [['name', 'has', 'pil']] }, undefined, 'name:like', 'name:pil', undefined, [1, 0]],
    [{ all: [['name', 'is', 'a;b']] }, { name: 'a;b' }, undefined, undefined, undefined, [0, 1]],
    [{ all: [['amount', 'empty', null], ['firm', 'empty', null]] }, { amount: '', firm: null }, undefined, undefined, undefined, [0, 2]],
    [{ all: [['amount', 'eq', '5'], ['owner', 'person', '2']] }, { amount: 5, owner: 2 }, 'amount:=;owner:=', 'amount:5;owner:2', 'and'],
    [{ all: [['day', 'on', '2026-11-27']] }, { day: '2026-11-27' }, 'day:=', 'day:2026-11-27'],
    [{ all: [['at', 'on', '2026-11-27']] }, undefined, undefined, undefined, undefined, [1, 1]],
    [{ all: [['name', 'is', 'a'], ['name', 'is', 'b']] }, { name: 'a' }, 'name:=', 'name:a', undefined, [1, 1]],
    [{ all: [['stage', 'anyof', ['won']], { any: [['name', 'is', 'a'], ['name', 'is', 'b']] }] }, { stage: 'won' }, 'stage:in', 'stage:4', undefined, [1, 1]],
    [{ all: [['gone', 'is', 'x'], ['name', 'is', ''], ['stage', 'anyof', ['won']]] }, { stage: 'won' }, 'stage:in', 'stage:4'],
  ]) {
    const name = JSON.stringify(tree);
    [own, bodies, pairs] = list(tree);
    assert.equal(query(own).filter, compile(tree, TABLE), name);
    assert.deepEqual(body(bodies).selection, selection, name);
    assert.deepEqual([query(pairs).search_fields, query(pairs).q, query(pairs).search_match], [fields, q, match], name);
    assert.deepEqual([bodies.notes.length, pairs.notes.length], lost, name);
  }
  assert.match(list({ all: [['amount', 'gt', 1000]] })[1].notes[0], /^Bodies has no words.*Amount is over/);
  // Words and conditions share a name here: the conditions have it.
  [, , pairs] = list({ all: [['name', 'is', 'a']] }, { q: 'word' });
  assert.deepEqual([query(pairs).q, pairs.notes.length], ['name:a', 1]);
});

test('what the page has alone, and operations about the record at hand', () => {
  const [deed] = deedsOf({ kind: 'undo', app: 'my shop', change: 7, isRedo: false, onConflict: 'refuse', label: 'changed x' });
  assert.deepEqual(inAll(deed).map(shown), [['POST', '/api/apps/my%20shop/changes/7/undo', { on_conflict: 'refuse' }], null, null, null]);
  assert.match(inAll(deed)[1].notes[0], /Bodies cannot say this/);
  const run = (dialect, id, more = {}) => operationSaid(dialect, dialect.operations.find(o => o.id === id), { ...about, ...more });
  assert.deepEqual(shown(run(PAIRS, 'create')), ['POST', '/api/deals', { name: 'Pilot', amount: 5, stage: 4, steps: [6], firm: 9 }]);
  assert.deepEqual(shown(run(BODIES, 'update')), ['PATCH', EXT, { selection: { id: 4 }, updation: { name: 'Pilot' } }]);
  assert.deepEqual([run(BODIES, 'update', { record: null }).request, run(OWN, 'count', { record: null }).request.path], [null, `${HOUSE_AT}?count=`]);
  assert.deepEqual(shown(run(OWN, 'create', { record: null })), ['POST', HOUSE_AT, { name: '' }], 'without a record what is needed is left to type');
  assert.deepEqual(shown(run(MUTE, 'sign')), ['POST', '/auth', { email: 'ann@example.com', password: '' }]);
  const [moved] = deedsOf({ kind: 'move', app: 'my shop', table: 'things', id: 'rec_7', after: null, field: 'place', label: 'moved x' });
  assert.deepEqual([moved.path, moved.body], ['/api/apps/my%20shop/schemas/things/resequence', { record: 'rec_7', after: null, field: 'place' }]);
  assert.deepEqual(deedsOf({ kind: 'paste', changed: [{ id: 'rec_1', name: 'x' }], made: [{ name: 'y' }, { name: 'z' }], label: 'l' }, null).map(d => [d.kind, d.id ?? d.all.length]), [['create', 2], ['update', 'rec_1']]);
  assert.deepEqual([deedsOf({ kind: 'remove', ids: ['rec_1'] })[0].id, deedsOf({ kind: 'remove', ids: ['rec_1', 'rec_2'] })[0].ids.length, deedsOf({ kind: 'other' })], ['rec_1', 2, []]);
});

const TEXTS = [EVIL, "it's", '"quoted"', 'two\nlines\n', 'tab\tand\\n', 'ünïcödé 漢字 😀', '@file', '-X DELETE', '$HOME ${HOME} $(id) `id`', '!history', '\u2028\u2029\u0007', '</script>', "'''\"\"\"", '{{7*7}} %{x} {0} %s', ''];
const BODIES_SENT = [null, '', '@/etc/passwd', 'not { json', '{"a": 1.50, "b": [true, false, null, "x"], "c": {}, "d": [], "e": -0.5}', '{"__proto__": {"a": 1}}', '{"n": 12345678901234567890}', '[1e400]', '"text"', ...TEXTS.map(text => JSON.stringify({ [text]: text, list: [text] }, null, 2))];
const requests = [
  ...BODIES_SENT.map(body => ({ method: body === null ? 'GET' : 'POST', body })), ...['PUT', 'PATCH', 'DELETE', 'HEAD'].map(method => ({ method, body: null })),
].map((r, i) => ({ ...r, url: `http://127.0.0.1:8090/api/x?filter[a]=${encodeURIComponent(TEXTS[i % TEXTS.length]).replaceAll("'", '%27')}&b='{1..3}'`, headers: [...whoAsks(i % 2 ? 'bearer' : 'key-secret', null), ...(r.body === null ? [] : [['Content-Type', 'application/json']]), ['X-Odd', 'a\'b"c$d\\e']] }));
const isSameBody = (sent, want, name) => {
  if (want === null) { assert.equal(sent ?? null, null, name); return; }
  // What no double holds would be the same here although it is not.
  if (sent === want || /\d{16}/.test(want)) { assert.equal(sent, want, name); return; }
  assert.deepEqual(JSON.parse(sent), JSON.parse(want), name);
};

test('curl: a shell hands over exactly what is meant', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'carryall-snippets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'curl'), '#!/bin/sh\nprintf "%s\\0" "$@"\n');
  chmodSync(path.join(folder, 'curl'), 0o755);
  for (const request of requests) {
    const run = spawnSync('sh', ['-c', curl(request)], { encoding: 'utf8', env: { PATH: `${folder}:${process.env.PATH}`, HOME: '/nowhere' } });
    const args = run.stdout.split('\0').slice(0, -1), how = request.method === 'GET' ? [] : request.method === 'HEAD' ? ['-I'] : ['-X', request.method];
    assert.deepEqual(args, ['-sS', '-g', ...how, request.url, ...request.headers.flatMap(([n, v]) => ['-H', `${n}: ${v}`]), ...(request.body === null ? [] : ['--data-raw', request.body])], `${curl(request)}\n${run.stderr}`);
  }
});

test('JavaScript: Node asks exactly what is meant', () => {
  const programs = requests.map(r => javascript(r)), stub = 'globalThis.fetch = (url, { method, headers = {}, body }) => { seen.push({ url, method, headers: Object.entries(headers), body }); return Promise.resolve({ status: 200, text: async () => "" }); };';
  const run = spawnSync(process.execPath, ['-e', `const seen = []; ${stub}\nconsole.log = () => {};\n${programs.join('\n')}\nprocess.stdout.write(JSON.stringify(seen));`], { encoding: 'utf8' });
  assert.equal(run.stderr, '');
  JSON.parse(run.stdout).forEach((sent, i) => {
    assert.deepEqual([sent.url, sent.method, sent.headers], [requests[i].url, requests[i].method, requests[i].headers], programs[i]);
    isSameBody(sent.body, requests[i].body, programs[i]);
  });
});

test('Python: the package is asked for exactly what is meant', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'carryall-snippets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const stub = 'import json\nclass A: status_code = 200; text = ""\ndef request(method, url, headers=None, data=None, json=None):\n    import json as j, sys\n    body = j.dumps(json) if json is not None else data.decode() if data is not None else None\n'
    + '    sys.stderr.write(j.dumps([method, url, list((headers or {}).items()), body, json is not None]) + "\\n")\n    return A\n';
  writeFileSync(path.join(folder, 'requests.py'), stub);
  writeFileSync(path.join(folder, 'all.py'), requests.map(r => python(r)).join('\n\n'));
  const run = spawnSync('python3', [path.join(folder, 'all.py')], { encoding: 'utf8', env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' } }), sent = run.stderr.trim().split('\n').map(line => JSON.parse(line));
  assert.equal(sent.length, requests.length);
  sent.forEach(([method, url, headers, body, isJson], i) => {
    const want = requests[i];
    assert.deepEqual([method, url, isJson ? [...headers.slice(0, -1), ['Content-Type', 'application/json'], headers.at(-1)] : headers], [want.method, want.url, want.headers], python(want));
    isSameBody(body, want.body, python(want));
  });
});

test('who asks: a token in its place, or words for it', () => {
  assert.deepEqual(whoAsks('bearer', { token: '3|abc' }), [['Authorization', 'Bearer 3|abc']]);
  assert.deepEqual(whoAsks('key-secret', { key: 'k', secret: 's' }), [['x-api-key', 'k'], ['x-api-secret', 's']]);
  assert.deepEqual([whoAsks('bearer', null)[0][1], whoAsks('key-secret', null)[1][1]], ['Bearer YOUR-TOKEN', 'YOUR-SECRET']);
});

test('answers are laid out letter by letter, and long values are folded', () => {
  assert.deepEqual(laidOut('{"a":1.50,"b":[],"c":{},"d":[1,12345678901234567890],"e":"x\\"{,}:[]"}'), { text: '{\n  "a": 1.50,\n  "b": [],\n  "c": {},\n  "d": [\n    1,\n    12345678901234567890\n  ],\n  "e": "x\\"{,}:[]"\n}', isCut: false });
  assert.deepEqual(laidOut('plain\ntext'), { text: 'plain\ntext', isCut: false });
  assert.deepEqual(laidOut('null'), { text: 'null', isCut: false });
  assert.deepEqual(laidOut('{"long key is never cut":"abcdefghijkl"}', 5), { text: '{\n  "long key is never cut": "abcd…"\n}', isCut: true });
  // Neither in the middle of an escape nor of a letter.
  assert.equal(laidOut('["abc\\u00e4efghijkl"]', 8).text, '[\n  "abc…"\n]');
  assert.equal(laidOut('["abcdef😀ghijkl"]', 8).text, '[\n  "abcdef…"\n]');
  const many = laidOut(JSON.stringify(Array.from({ length: 500 }, (_, i) => i)), 120);
  assert.deepEqual([many.text.split('\n').length, many.text.endsWith('…'), many.isCut], [121, true, true]);
  assert.equal(laidOut(JSON.stringify(Array.from({ length: 500 }, (_, i) => i))).text.split('\n').length, 502);
  assert.deepEqual([jsonProblem(''), jsonProblem(null), jsonProblem('{"a": 1}')], [null, null, null]);
  assert.match(jsonProblem('{"a": }'), /./);
});
