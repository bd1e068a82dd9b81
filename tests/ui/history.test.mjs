// Journeys through the history of an app: what was done, taking it back, conflicts, what is gone, checkpoints; and undo wherever something is changed.
//   CARRYALL_BIN   the executable
// Not here: undo in the grid (grid.test.mjs), what the server takes back (tests/it/undo.rs).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { byDay, hasWords, stepsOf, takenAway, valueText } from '../../static/app/told.js';
import { PHONE, close, inspect, launch } from './browser.mjs';
import { house } from './house.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const HISTORY = '/_/tea/history', AT = '/api/apps/tea/schemas';
const act = (page, words) => page.locator('.act').filter({ hasText: words, hasNotText: /took back:|brought back:/ });
const state = async ask => {
  const { schemas } = await ask('GET', AT);
  const all = [];
  for (const s of schemas) all.push({ slug: s.slug, fields: s.fields, records: (await ask('GET', `${AT}/${s.slug}/records?sort=id&limit=1000`)).records.map(({ updated_at, ...r }) => r) });
  return all;
};

test('days, values and steps: what the log says, in words', () => {
  const at = (day, hour) => new Date(2026, 10, day, hour).toISOString();
  const days = byDay([{ seq: 9, at: at(27, 9) }, { seq: 7, at: at(27, 8) }, { seq: 3, at: at(25, 23) }], [{ id: 1, name: 'a', change: 7, at: at(27, 8) }, { id: 2, name: 'older', change: 1, at: at(20, 1) }]);
  assert.deepEqual(days.map(d => d.list.map(r => r.act?.seq ?? r.point.name)), [[9, 'a', 7], [3]], 'a checkpoint stands above the last change before it; one further back waits');
  const table = { fields: [{ slug: 'maker', name: 'Maker', type: 'reference', target: 'makers' }, { slug: 'tags', name: 'Tags', type: 'multiselect', options: ['a'] }, { slug: 'done', name: 'Done', type: 'boolean' }] };
  const names = new Map([['makers/rec_1', 'Asa']]);
  for (const [field, value, text] of [[table.fields[0], 'rec_1', 'Asa'], [table.fields[0], 'rec_2', 'No. 2'], [table.fields[1], [], null], [table.fields[1], ['a'], 'a'], [table.fields[2], false, 'No'], [undefined, { a: 1 }, '{"a":1}'], [undefined, '', null], [undefined, null, null], [undefined, 0, '0']]) assert.equal(valueText(field, value, names), text);
  assert.deepEqual(stepsOf({ kind: 'update', data: { before: { maker: null, gone: 'x' }, after: { maker: 'rec_1', gone: 'y' } } }, table, names), [{ name: 'Maker', before: null, after: 'Asa' }, { name: 'gone', before: 'x', after: 'y' }]);
  assert.deepEqual(stepsOf({ kind: 'delete', data: { before: { maker: 'rec_1', done: null } } }, table, names), [{ name: 'Maker', before: 'Asa', after: null }], 'only what there was');
  assert.deepEqual(stepsOf({ kind: 'create', data: null }, table, names), []);
  assert.deepEqual(stepsOf({ kind: 'import', data: { created: 2, updated: 0 } }, null, names).map(s => s.after), ['2 records']);
  const text = { slug: 'a', name: 'A', type: 'text' }, table1 = { slug: 's', name: 'S', fields: [text] }, removed = { ...table1, fields: [] };
  assert.deepEqual(stepsOf({ kind: 'define', data: { before: table1, after: removed } }), [{ name: 'A', before: 'Text', after: null }]);
  assert.deepEqual(stepsOf({ kind: 'define', data: { before: table1, after: { ...table1, name: 'T', fields: [{ ...text, slug: 'b', required: true }] }, renamed: [['a', 'b']] } }), [{ name: 'name', before: 'S', after: 'T' }, { name: 'A', before: 'a', after: 'b' }, { name: 'A: required', before: null, after: 'true' }]);
  for (const [data, away] of [[{ before: table1 }, { table: 'S' }], [{ before: table1, after: removed }, { table: 'S', fields: ['A'] }], [{ before: table1, after: { ...table1, fields: [{ ...text, slug: 'b' }] }, renamed: [['a', 'b']] }, null], [{ after: table1 }, null], [null, null]]) assert.deepEqual(takenAway({ kind: 'define', data }), away);
  assert.ok(hasWords({ sentence: 'changed Pilot in deals', by: 'ann@x' }, 'PILOT ann'));
  assert.ok(!hasWords({ sentence: 'changed Pilot in deals', by: 'ann@x' }, 'pilot bo'));
});

test('what was done stands there, with who, through what and from what to what; filters are in the address', async t => {
  const { page, ask, open } = await house(t, browser);
  await ask('PATCH', `${AT}/sorts/records/1`, { grams: '250', maker: 'rec_2' });
  await ask('POST', `${AT}/makers/records`, { name: '<img src=x onerror=alert(1)>' });
  await open('/_/tea/home');
  await page.getByRole('link', { name: 'History' }).click();
  const changed = act(page, 'changed Sencha');
  await changed.waitFor();
  const said = await changed.innerText();
  for (const words of ['owner@example.com', 'AppBuilder', 'token test', 'Sorts', 'Grams', '100', '250', 'Asa', 'Bee']) assert.ok(said.includes(words), `${words} in ${said}`);
  await act(page, '<img src=x').waitFor();
  await inspect(page, 'history');
  await changed.locator('.act-face').click();
  await changed.locator('.act-entry').getByRole('link', { name: /Sencha/ }).waitFor();
  assert.ok(new URL(page.url()).searchParams.get('c'), 'an open act can be sent to somebody');
  await inspect(page, 'history-open');
  await page.getByLabel('Table', { exact: true }).selectOption('makers');
  await act(page, 'changed Sencha').waitFor({ state: 'detached' });
  await page.getByLabel('Kind').selectOption('create');
  await page.reload();
  await act(page, '<img src=x').waitFor();
  assert.equal(await page.locator('.act').count(), 1, 'the address says what is shown');
  await page.getByLabel('Words').fill('nobody did this');
  await page.getByText('Nothing like that was done').waitFor();
  await page.getByRole('button', { name: 'Clear all' }).click();
  await page.getByLabel('Words').fill('sencha');
  await act(page, '<img src=x').waitFor({ state: 'detached' });
  await act(page, 'changed Sencha').waitFor();
  await close(page);
});

test('500 removed records and a field with values come back from the history, with their ids', async t => {
  const { page, ask, open } = await house(t, browser);
  await ask('POST', `${AT}/makers/records`, Array.from({ length: 500 }, (_, i) => ({ name: `Maker ${i}` })));
  const first = await state(ask);
  await ask('DELETE', `${AT}/makers/records`, { ids: first.find(s => s.slug === 'makers').records.slice(2).map(r => r.id) });
  await ask('DELETE', `${AT}/sorts/fields/grams`);
  await open(HISTORY);
  await act(page, 'deleted the field').getByRole('button', { name: /^Undo/ }).click();
  await act(page, 'deleted the field').getByText('taken back').waitFor();
  await act(page, 'and 499 more').first().getByRole('button', { name: /^Undo/ }).click();
  await act(page, 'deleted Maker').getByText('taken back').waitFor();
  assert.deepEqual(await state(ask), first);
  await act(page, 'deleted Maker').getByRole('button', { name: /^Redo/ }).click();
  await act(page, 'deleted Maker').getByRole('button', { name: /^Undo/ }).waitFor();
  assert.equal((await ask('GET', `${AT}/makers/records`)).total, 2);
  await close(page);
});

test('what was changed again since is shown with both values, and nothing is written until somebody decides', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(409);
  await ask('PATCH', `${AT}/sorts/records/1`, { grams: '200', since: '2026-01-02' });
  await ask('PATCH', `${AT}/sorts/records/1`, { grams: '300' });
  const grams = async () => (await ask('GET', `${AT}/sorts/records/1`)).grams;
  await open(HISTORY);
  const older = act(page, '100').filter({ hasText: '200' });
  await older.locator('.act-back').click();
  const clash = older.locator('.clash');
  await clash.waitFor();
  const said = await clash.innerText();
  for (const words of ['Grams', '100', '300', 'owner@example.com']) assert.ok(said.includes(words), `${words} in ${said}`);
  assert.equal(await grams(), '300', 'nothing is written');
  await inspect(page, 'history-clash');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Put it back anyway/);
  await clash.getByRole('button', { name: 'Leave it' }).click();
  await clash.waitFor({ state: 'detached' });
  await older.locator('.act-back').click();
  await clash.getByRole('button', { name: 'Take back the rest' }).click();
  await older.getByText('taken back').waitFor();
  assert.deepEqual([await grams(), (await ask('GET', `${AT}/sorts/records/1`)).since], ['300', null]);
  await older.getByRole('button', { name: /^Redo/ }).click();
  await older.getByRole('button', { name: /^Undo/ }).waitFor();
  await older.locator('.act-back').click();
  await clash.getByRole('button', { name: 'Put it back anyway' }).click();
  await older.getByText('taken back').waitFor();
  assert.equal(await grams(), '100');
  await close(page);
});

test('what is gone: records one by one, a table with all that was in it', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(409);
  const first = await state(ask);
  await ask('DELETE', `${AT}/sorts/records`, { ids: ['rec_1', 'rec_2'] });
  await open(`${HISTORY}?show=gone`);
  await act(page, 'deleted Assam').waitFor();
  await inspect(page, 'history-gone');
  await act(page, 'deleted Assam').getByRole('button', { name: /^Bring back deleted Assam/ }).click();
  await act(page, 'deleted Assam').waitFor({ state: 'detached' });
  assert.equal((await ask('GET', `${AT}/sorts/records`)).total, 1);
  await act(page, 'deleted Sencha').locator('.act-back').click();
  await page.getByText('No record was removed.').waitFor();
  await ask('DELETE', `${AT}/sorts`);
  await page.reload();
  await act(page, 'Table Sorts').locator('.act-back').click();
  await page.getByText('No table and no field was removed.').waitFor();
  assert.deepEqual(await state(ask), first);
  await close(page);
});

test('a checkpoint: set, twenty changes through the page and the API, returned to, and that undone', async t => {
  const { page, ask, open, run } = await house(t, browser);
  const appFile = name => { const file = path.join(tmpdir(), `${name}-${process.pid}.json`); assert.equal(run('export', '--app', 'tea', '--format', 'app', '-o', file).status, 0); return JSON.parse(readFileSync(file, 'utf8')); };
  const before = appFile('before');
  await open(HISTORY);
  await page.getByRole('button', { name: 'Set a checkpoint' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'point-name');
  await page.keyboard.press('Enter');
  await page.getByText('Type a name.').waitFor();
  await page.keyboard.type('before the demo');
  await inspect(page, 'history-naming');
  await page.keyboard.press('Enter');
  await page.locator('.flagged').getByText('Checkpoint “before the demo”').waitFor();
  for (let i = 0; i < 12; i++) await ask('POST', `${AT}/makers/records`, { name: `Maker ${i}` });
  for (const grams of ['1', '2', '3', '4', '5']) await ask('PATCH', `${AT}/sorts/records/2`, { grams });
  await ask('DELETE', `${AT}/sorts/records/1`);
  await open('/_/tea/t/sorts/fields');
  await page.fill('#new-field', 'Colour of the box');
  await page.keyboard.press('Enter');
  await page.locator('.fieldrow[data-slug="colour_of_the_box"]').waitFor();
  await open('/_/tea/settings');
  await page.getByLabel('Description').fill('Teas');
  await page.keyboard.press('Tab');
  await page.getByText('Saved', { exact: true }).first().waitFor();
  const changed = appFile('changed');
  await open(`${HISTORY}?show=points`);
  await inspect(page, 'history-points');
  await page.getByRole('button', { name: /^Return to this/ }).click();
  const dialog = page.getByRole('dialog');
  assert.match(await dialog.innerText(), /1 record comes back/);
  assert.match(await dialog.innerText(), /12 records go/);
  await inspect(page, 'history-return');
  await dialog.getByRole('button', { name: 'Return to this' }).click();
  const note = page.locator('.note').filter({ hasText: 'Everything is as it was' });
  await note.waitFor();
  assert.deepEqual(appFile('returned'), before);
  await note.getByRole('button', { name: 'Undo' }).click();
  await page.locator('.note').filter({ hasText: 'Taken back' }).waitFor();
  assert.deepEqual(appFile('again'), changed);
  await page.getByRole('link', { name: /What was changed since/ }).click();
  await page.getByText('Since the checkpoint “before the demo”').waitFor();
  await act(page, 'imported').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Checkpoints' }).click();
  await page.getByRole('button', { name: 'Forget before the demo' }).click();
  await page.getByText('No checkpoint yet.').waitFor();
  await close(page);
});

test('whatever is changed around a table has its undo: fields, options, the type, tables, names, the app', async t => {
  const { page, ask, open } = await house(t, browser);
  const first = await state(ask), undo = async words => { const note = page.locator('.note').filter({ hasText: words }); await note.getByRole('button', { name: 'Undo' }).click(); await page.locator('.note').filter({ hasText: 'Taken back' }).waitFor(); assert.deepEqual(await state(ask), first, words); };
  const close_ = () => page.$$eval('.note [aria-label="Close this note"]', list => list.forEach(b => b.click()));
  await open('/_/tea/t/sorts/fields');
  await page.fill('#new-field', 'Weight');
  await page.keyboard.press('Enter');
  await undo('Weight added');
  await page.locator('.fieldrow[data-slug="weight"]').waitFor({ state: 'detached' });
  await close_();
  await page.getByRole('button', { name: 'Move Grams up' }).click();
  await undo('Grams is');
  await close_();
  await page.locator('.fieldrow[data-slug="kind"] .fieldrow-main').click();
  await page.getByLabel('New option').fill('White');
  await page.keyboard.press('Enter');
  await undo('Kind changed');
  await close_();
  await page.locator('.panel').getByLabel('Name', { exact: true }).fill('Sort of it');
  await page.keyboard.press('Tab');
  await undo('Kind changed');
  await close_();
  await page.getByLabel('Type', { exact: true }).selectOption('text');
  await page.getByRole('button', { name: 'Convert' }).click();
  await undo('Kind changed');
  await close_();
  await page.getByRole('button', { name: /^Delete field|^Remove field/ }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await undo('Kind is removed');
  await page.locator('.fieldrow[data-slug="kind"]').waitFor();
  await close_();
  // What is on its way when a table or an app goes finds it gone.
  page.expected.add(404);
  await page.getByRole('button', { name: 'Remove table…' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.waitForURL(/home/);
  await undo('Table Sorts');
  await page.getByRole('link', { name: 'Sorts', exact: true }).first().waitFor();
  await close_();
  await open('/_/tea/settings');
  await page.getByLabel('Name', { exact: true }).fill('Coffee');
  await page.keyboard.press('Tab');
  await page.locator('.note').filter({ hasText: 'Coffee changed' }).waitFor();
  await page.locator('h1').focus();
  await page.keyboard.press('Control+z');
  await page.getByRole('button', { name: 'App: Tea' }).waitFor();
  await close_();
  await page.getByRole('button', { name: 'Remove app…' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.waitForURL(/apps$/);
  // A note stays as long as the pointer is on it.
  await page.locator('.note').filter({ hasText: 'Tea removed' }).hover();
  await page.getByRole('button', { name: 'Bring back Tea' }).waitFor();
  await inspect(page, 'apps-gone');
  await page.locator('.note').filter({ hasText: 'Tea removed' }).getByRole('button', { name: 'Undo' }).click();
  await page.waitForURL(/\/_\/tea\/t\//);
  assert.deepEqual(await state(ask), first);
  await close(page);
});

test('a delete through every dialect is told with its dialect and its token, and comes back in that dialect', async t => {
  const { url, page, ask, open, run } = await house(t, browser);
  const { dialects } = await ask('GET', '/api/workspaces/default/dialects');
  const personal = run('token', 'create', '--user', 'owner@example.com', '--kind', 'personal', '--name', 'phone', '--json'), pair = run('token', 'create', '--user', 'owner@example.com', '--kind', 'key-secret', '--name', 'till', '--app', 'tea', '--json');
  const { token } = JSON.parse(personal.stdout), { key, secret, apps } = JSON.parse(pair.stdout);
  const ways = {
    house: { name: 'phone', headers: ['-H', `Authorization: Bearer ${token}`], at: `${AT}/sorts/records/1`, read: [] },
    concord: { name: 'phone', headers: ['-H', `Authorization: Bearer ${token}`, '-H', 'Accept: application/json'], at: '/api/sorts/1', read: [] },
    robostack: { name: 'till', headers: ['-H', `x-api-key: ${key}`, '-H', `x-api-secret: ${secret}`, '-d', '{"selection": {"id": 1}}'], at: `/external/api/${apps[0].uuid}/sorts`, read: ['-X', 'POST'] },
  };
  const ids = dialects.map(d => d.id).filter(id => ways[id]);
  assert.ok(ids.length >= 2, `${dialects.map(d => d.id)}`);
  for (const id of ids) {
    const { name, headers, at, read } = ways[id];
    const curl = (...args) => spawnSync('curl', ['-sS', '-w', '%{http_code}', ...headers, ...args, new URL(at, url).href], { encoding: 'utf8' }).stdout;
    assert.match(curl('-X', 'DELETE'), /20\d$/, `${id} deletes`);
    assert.ok(!curl(...read).includes('Sencha'), `${id} has it no more`);
    await open(HISTORY);
    const told = act(page, 'deleted Sencha').first();
    await told.waitFor();
    const said = await told.innerText();
    assert.ok(said.includes(dialects.find(d => d.id === id).name) && said.includes(`token ${name}`), said);
    await told.locator('.act-back').click();
    await told.getByText('taken back').waitFor();
    assert.match(curl(...read), /Sencha[^]*200$/, `${id} reads it again`);
  }
  await close(page);
});

test('endless: older ones come as one goes down; who may not change an app sees what happened and no button that would fail', async t => {
  const { page, ask, open, run, url } = await house(t, browser);
  for (let i = 0; i < 60; i++) await ask('POST', `${AT}/makers/records`, { name: `Maker ${i}` });
  page.expected.add('offline').add(404);
  await open(HISTORY);
  await act(page, 'created Maker 59').waitFor();
  await page.locator('.act').last().scrollIntoViewIfNeeded();
  await act(page, 'created Maker 0 ').waitFor();
  assert.ok(await page.locator('.act').count() > 60);
  // An address can open one that is far back.
  const { changes } = await ask('GET', '/api/apps/tea/changes?order=newest&limit=100'), far = changes.at(-1);
  await open(`${HISTORY}?c=${far.seq}`);
  await page.locator('.act-face[aria-expanded="true"]').filter({ hasText: far.sentence }).waitFor();
  await open(`${HISTORY}?c=999999`);
  await act(page, 'created Maker 59').waitFor();
  // Without an answer it says so, with the way on.
  await page.route('**/changes?order=newest**', route => route.abort());
  await page.getByLabel('Kind').selectOption('create');
  await page.getByText('No answer from the server').waitFor();
  await page.unroute('**/changes?order=newest**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await act(page, 'created Maker 59').waitFor();
  const made = await ask('POST', '/api/workspaces/default/users', { email: 'vic@example.com', name: 'Vic' });
  await ask('POST', '/api/workspaces/default/grants', { user: made.user.id, app: 'tea', role: 'viewer' });
  await page.context().clearCookies();
  await page.goto(run('link', '--user', 'vic@example.com').stdout.trim());
  await page.waitForURL(u => !u.pathname.includes('start'));
  await page.goto(new URL(HISTORY, url).href);
  await act(page, 'created Maker 59').waitFor();
  assert.equal(await page.locator('.act-back').count(), 0);
  assert.equal(await page.getByRole('button', { name: 'Set a checkpoint' }).count(), 0);
  await close(page);
});

for (const scheme of ['light', 'dark']) test(`history on a phone, ${scheme}: no sideways scrolling, nothing for axe`, async t => {
  const { page, ask, open } = await house(t, browser, { view: PHONE, scheme });
  await ask('PATCH', `${AT}/sorts/records/1`, { name: 'A very long name that goes on and on and on, further than a phone is wide', grams: '250' });
  await ask('POST', '/api/apps/tea/checkpoints', { name: 'on the way' });
  for (const show of ['', '?show=gone', '?show=points']) {
    await open(HISTORY + show);
    await page.locator('.act, .listed, .hint').first().waitFor();
    await inspect(page, `history-phone-${scheme}${show.replace(/\W/g, '-')}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.querySelector('.page').scrollWidth <= document.querySelector('.page').clientWidth));
  }
  await close(page);
});
