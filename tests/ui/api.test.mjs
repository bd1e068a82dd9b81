// The API panel: what is done in the page as a request of every dialect, sent again, changed, taken along as programs that run; and what others do, live in the grid.
//   CARRYALL_BIN   the executable
//   PYTHON         optional: a Python that has the package requests, else python3
// Not here: what is written in a request or a program, value by value (said.test.mjs).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PHONE, close, inspect, launch, newPage } from './browser.mjs';
import { house } from './house.mjs';

const EVIL = '<img src=x onerror=alert(1)>"\'&{{7*7}} $(id) 漢字 😀', AT = '/api/apps/tea/schemas/sorts/records', SEEN_MS = 3_000;
const { PYTHON = 'python3' } = process.env;
let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** Runs a program to its end; the page and the server go on meanwhile. */
const ran = (name, args, options = {}) => new Promise(done => execFile(name, args, { encoding: 'utf8', ...options }, (error, stdout, stderr) => done({ status: error ? error.code ?? 1 : 0, stdout, stderr })));
const panel = page => page.locator('.api');
const tab = (page, name) => panel(page).getByRole('tab', { name, exact: true });
const address = page => panel(page).getByRole('textbox', { name: 'Address' });
const bodyOf = page => panel(page).getByRole('textbox', { name: 'Body' });
const send = page => panel(page).getByRole('button', { name: /^Send/ });
const heading = page => panel(page).locator('h2');
/** The request in sight: method, address, body. */
const request = async page => {
  const body = await bodyOf(page).count() ? await bodyOf(page).inputValue() : '';
  return [await panel(page).getByRole('combobox', { name: 'Method' }).inputValue(), await address(page).inputValue(), body ? JSON.parse(body) : null];
};
const sent = async page => {
  const told = page.waitForResponse(r => r.url().endsWith('/try') && r.request().method() === 'POST');
  await send(page).click();
  await told;
  await panel(page).locator('.api-answer').first().waitFor();
  return { status: Number(await panel(page).locator('.api-status').first().textContent()), text: await panel(page).locator('.api-answer pre').first().textContent().catch(() => '') };
};
const saved = page => page.waitForFunction(() => document.querySelector('.save')?.textContent.trim() === 'Saved');
const cell = (page, id, c) => page.locator(`.canvas tr[data-id="${id}"] > [data-col="${c}"]`);

/** The panel beside the grid of two sorts of tea, with the dialects as the server tells them. */
async function tea(t, { query = '?p=api', ...options } = {}) {
  const at = await house(t, browser, options), { dialects } = await at.ask('GET', '/api/workspaces/default/dialects');
  const watched = at.page.waitForRequest(r => /changes\?since=\d+&wait=/.test(r.url()), { timeout: 30_000 });
  await at.open(`/_/tea/t/sorts${query}`);
  // On a phone the panel lies over it.
  await at.page.waitForSelector('.grid[aria-busy="false"]', { state: 'attached' });
  const { uuid } = await at.ask('GET', '/api/apps/tea');
  // From here on nothing that others do is missed.
  await watched;
  const speaking = dialects.filter(d => d.manner), named = id => dialects.find(d => d.id === id).name;
  return { ...at, dialects, speaking, mute: dialects.filter(d => !d.manner), uuid, named };
}

test('every deed in the page is the request that does it, in every dialect, and can be sent again', async t => {
  const { page, dialects, speaking, mute, uuid, named, ask } = await tea(t);
  await panel(page).getByRole('tab').first().waitFor();
  assert.deepEqual(await panel(page).getByRole('tab').allTextContents(), dialects.map(d => d.name), 'the tabs are those of the server');
  const own = named('house'), bodies = named('robostack'), pairs = named('concord');
  assert.equal(await heading(page).textContent(), 'List Sorts');
  assert.deepEqual(await request(page), ['GET', `${AT}?per_page=20`, null]);

  // Change a cell: the change, as a request of its own in each.
  await cell(page, 'rec_1', 1).click();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(EVIL);
  await page.keyboard.press('Enter');
  await saved(page);
  await heading(page).filter({ hasText: 'Change <img' }).waitFor();
  for (const [name, want] of [
    [own, ['PATCH', `${AT}/rec_1`, { name: EVIL }]],
    [bodies, ['PATCH', `/external/api/${uuid}/sorts/`, { selection: { id: 1 }, updation: { name: EVIL } }]],
    [pairs, ['PUT', '/api/sorts/1', { name: EVIL }]],
  ]) {
    await tab(page, name).click();
    assert.deepEqual(await request(page), want, name);
    const answer = await sent(page);
    assert.ok(answer.status >= 200 && answer.status < 300, `${name}: ${answer.status} ${answer.text}`);
    assert.match(answer.text, /<img src=x onerror/, `${name} answers with the record`);
  }
  for (const { name, lacks } of mute) {
    await tab(page, name).click();
    assert.deepEqual(await panel(page).locator('.api-said > .api-notes li').allTextContents(), [`${name} cannot say this.`, ...lacks]);
    assert.match(await panel(page).locator('.api-said > .hint').textContent(), /^Source: ./);
    assert.equal(await send(page).count(), 0);
  }

  // All of them read the same record.
  await panel(page).getByRole('button', { name: /^Read <img.* in all dialects/ }).click();
  const answers = panel(page).locator('.api-answers .api-answer');
  await answers.nth(speaking.length - 1).waitFor();
  assert.equal(await answers.count(), speaking.length);
  for (let i = 0; i < speaking.length; i++) {
    assert.equal(await answers.nth(i).locator('.api-status').textContent(), '200');
    assert.ok((await answers.nth(i).locator('pre').textContent()).includes(JSON.stringify(EVIL).slice(1, 40)), speaking[i].name);
  }

  await inspect(page, 'api-all');

  // Open, create, delete, take back.
  await tab(page, own).click();
  await cell(page, 'rec_2', 1).click();
  await page.keyboard.press('Space');
  await heading(page).filter({ hasText: 'Read Assam' }).waitFor();
  assert.deepEqual(await request(page), ['GET', `${AT}/rec_2`, null]);
  await page.locator('.entry > [data-col="1"]').click();
  await page.keyboard.type('Darjeeling');
  await page.keyboard.press('Enter');
  await heading(page).filter({ hasText: 'Create Darjeeling' }).waitFor();
  assert.deepEqual(await request(page), ['POST', AT, { name: 'Darjeeling' }]);
  await tab(page, bodies).click();
  assert.deepEqual(await request(page), ['PUT', `/external/api/${uuid}/sorts/`, { name: 'Darjeeling' }]);
  const again = await sent(page);
  assert.equal(again.status, 201);
  await page.locator('.canvas tr[data-id="rec_4"]').waitFor();
  await page.locator('.canvas tr[data-id="rec_4"]').hover();
  await page.locator('.canvas tr[data-id="rec_4"] .picker').check();
  await page.getByRole('button', { name: 'Delete' }).click();
  await heading(page).filter({ hasText: 'Delete Darjeeling' }).waitFor();
  assert.deepEqual(await request(page), ['DELETE', `/external/api/${uuid}/sorts/`, { selection: { id: 4 } }]);
  await page.getByRole('button', { name: /^Undo: / }).click();
  await heading(page).filter({ hasText: /^Undo: / }).waitFor();
  assert.match(await panel(page).locator('.api-notes').first().textContent(), /cannot say this/);
  await tab(page, own).click();
  assert.match((await request(page))[1], /^\/api\/apps\/tea\/changes\/\d+\/undo$/);
  assert.equal((await ask('GET', `${AT}/rec_4`)).name, 'Darjeeling');
  await close(page);
});

test('lists: order, filter and words in each, and what one has no words for', async t => {
  const tree = JSON.stringify({ all: [['kind', 'anyof', ['green']], ['name', 'has', 'Sen']] });
  const { page, named, open } = await tea(t, { query: `?p=api&sort=-name&f=${encodeURIComponent(tree)}` });
  await heading(page).filter({ hasText: 'List Sorts: Kind is Green and Name contains Sen' }).waitFor();
  const query = async () => Object.fromEntries(new URLSearchParams((await request(page))[1].split('?')[1]));
  assert.deepEqual(await query(), { filter: "((kind = 'green') && name ~ 'Sen')", sort: '-name', per_page: '20' });
  await tab(page, named('concord')).click();
  assert.deepEqual(await query(), { per_page: '20', order: 'name|desc', q: 'kind:1;name:Sen', search_fields: 'kind:in;name:like', search_match: 'and' });
  assert.match((await sent(page)).text, /Sencha/);
  await tab(page, named('robostack')).click();
  assert.deepEqual((await request(page))[2], { selection: { kind: 'green' }, sort: ['-name'], limit: 20 });
  assert.equal(await panel(page).locator('.api-notes').textContent(), `${named('robostack')} has no words for this part, which is left out: Name contains Sen.`);
  const { status, text } = await sent(page);
  assert.ok(status === 200 && text.includes('Sencha') && !text.includes('Assam'), text);
  // A click on a heading is a deed, too; so are words.
  await page.locator('thead th[data-col="1"] button.head').click();
  await page.waitForFunction(() => !document.querySelector('.api textarea').value.includes('-name'));
  await open('/_/tea/t/sorts?p=api&q=assam');
  await heading(page).filter({ hasText: 'Find “assam” in Sorts' }).waitFor();
  assert.match(await panel(page).locator('.api-notes').textContent(), /cannot look for words here: “assam” is left out/);
  await tab(page, named('house')).click();
  assert.deepEqual(await query(), { q: 'assam', per_page: '20' });
  await close(page);
});

test('programs run as they are, with a token that is made for them, in every dialect', async t => {
  const { page, speaking, ask, url } = await tea(t, { query: '?p=api&r=rec_1' }), folder = mkdtempSync(path.join(tmpdir(), 'carryall-programs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await ask('PATCH', `${AT}/rec_1`, { name: EVIL });
  await page.locator('.canvas tr[data-id="rec_1"]').filter({ hasText: EVIL }).waitFor();
  const runs = {
    curl: text => ran('sh', ['-c', text], { cwd: folder }),
    JavaScript: text => { writeFileSync(path.join(folder, 'a.js'), text); return ran(process.execPath, ['a.js'], { cwd: folder }); },
    Python: text => { writeFileSync(path.join(folder, 'a.py'), text); return ran(PYTHON, ['a.py'], { cwd: folder, env: { ...process.env, PYTHONIOENCODING: 'utf-8' } }); },
  };
  const program = async way => {
    await panel(page).locator('.api-ways').getByRole('button', { name: way, exact: true }).click();
    return panel(page).locator('.api-code pre').textContent();
  };
  for (const { name, auth } of speaking) {
    await tab(page, name).click();
    const make = panel(page).getByRole('button', { name: 'Make a token for an hour' });
    if (await make.count()) {
      assert.match(await program('curl'), auth === 'key-secret' ? /YOUR-KEY/ : /YOUR-TOKEN/);
      await make.click();
      await panel(page).getByText(/With the token/).waitFor();
    }
    for (const [way, run] of Object.entries(runs)) {
      const text = await program(way);
      assert.ok(text.includes(url) && !text.includes('YOUR-'), text);
      const { stdout, stderr, status } = await run(text);
      assert.equal(status, 0, `${name}, ${way}: ${stderr}\n${text}`);
      const told = JSON.parse(stdout.slice(stdout.indexOf('{')));
      assert.equal((told.results?.[0] ?? told.data ?? told).name, EVIL, `${name}, ${way}`);
    }
  }
  assert.equal((await ask('GET', '/api/workspaces/default/tokens')).tokens.filter(x => x.expires_at).length, new Set(speaking.map(d => d.auth)).size, 'one token of each kind');

  // A write with the worst of values, by each program of each dialect.
  await cell(page, 'rec_2', 1).click();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(`${EVIL} \\n it's`);
  await page.keyboard.press('Enter');
  await saved(page);
  await heading(page).filter({ hasText: 'Change' }).waitFor();
  for (const { name } of speaking) {
    await tab(page, name).click();
    for (const [way, run] of Object.entries(runs)) {
      await ask('PATCH', `${AT}/rec_2`, { name: 'Assam' });
      const { status, stdout, stderr } = await run(await program(way));
      assert.equal(status, 0, `${name}, ${way}: ${stderr}`);
      assert.equal((await ask('GET', `${AT}/rec_2`)).name, `${EVIL} \\n it's`, `${name}, ${way}: ${stdout}`);
    }
  }
  await close(page);
});

test('a request can be changed; what is wrong is told, and nothing that was typed is lost', async t => {
  const { page, named, ask } = await tea(t, { query: '?p=api&r=rec_1' });
  await heading(page).filter({ hasText: 'Read Sencha' }).waitFor();
  page.expected.add(400);
  for (const [typed, why] of [['', /path/i], ['api/apps', /no path: it begins with \//], ['http://example.com/', /no path/]]) {
    await address(page).fill(typed);
    await send(page).click();
    await panel(page).locator('#api-wrong').filter({ hasText: why }).waitFor();
    assert.equal(await address(page).getAttribute('aria-invalid'), 'true', typed);
    assert.equal(await address(page).inputValue(), typed);
  }
  // Letters that no address has are written as a browser writes them; what is not there is an answer.
  await address(page).fill('/api/apps/tea/schemas/sorten ü/records');
  assert.equal((await sent(page)).status, 404);
  await panel(page).getByRole('button', { name: 'As it was' }).click();
  assert.equal(await address(page).inputValue(), `${AT}/rec_1`);

  // Another method asks for a body.
  await panel(page).getByRole('combobox', { name: 'Method' }).selectOption('PATCH');
  await bodyOf(page).fill('{"nmae": ');
  await panel(page).getByText(/^This is no JSON yet/).waitFor();
  assert.equal((await sent(page)).status, 400, 'and the server says so in its own words');
  await bodyOf(page).fill('{"nmae": "x"}');
  assert.match((await sent(page)).text, /Did you mean 'name'/);

  // Something else is done meanwhile: what was typed stays until it is let go.
  await cell(page, 'rec_2', 1).click();
  await page.keyboard.press('Space');
  await panel(page).getByText('You did something else: Read Assam.').waitFor();
  assert.equal(await bodyOf(page).inputValue(), '{"nmae": "x"}');
  await bodyOf(page).fill('{"name": "Sencha 2"}');
  await bodyOf(page).press('Control+Enter');
  await cell(page, 'rec_1', 1).filter({ hasText: 'Sencha 2' }).waitFor();
  await panel(page).getByRole('button', { name: 'Show it' }).click();
  await heading(page).filter({ hasText: 'Read Assam' }).waitFor();

  // What was sent is undone like anything else that is done here.
  await page.locator('.grid [tabindex="0"]').focus();
  await page.keyboard.press('Control+z');
  await cell(page, 'rec_1', 1).filter({ hasText: /^Sencha$/ }).waitFor();

  // As somebody else; as one of the operations; not following.
  await panel(page).getByRole('combobox', { name: 'Request' }).selectOption({ label: 'Count' });
  assert.deepEqual((await request(page)).slice(0, 2), ['GET', '/api/apps/tea/schemas/sorts/aggregate?count=']);
  await panel(page).getByRole('combobox', { name: 'As' }).selectOption({ label: 'Guest' });
  assert.equal((await sent(page)).status, 401);
  const { id } = await ask('GET', '/api/workspaces/default/tokens').then(({ tokens }) => tokens[0]);
  await panel(page).getByRole('combobox', { name: 'As' }).selectOption(String(id));
  assert.equal((await sent(page)).status, 200);
  await panel(page).getByRole('checkbox', { name: 'Follow what I do' }).uncheck();
  await panel(page).getByRole('combobox', { name: 'Request' }).selectOption({ label: 'Read Assam' });
  await cell(page, 'rec_1', 1).click();
  await page.keyboard.press('Space');
  await panel(page).getByText('You did something else: Read Sencha.').waitFor();
  assert.equal(await heading(page).textContent(), 'Read Assam');

  // What compares passwords is not sent from here, and says so.
  await tab(page, named('fullfinity')).click();
  await panel(page).getByRole('combobox', { name: 'Request' }).selectOption({ label: 'Sign in' });
  await send(page).click();
  await panel(page).locator('#api-wrong').filter({ hasText: /password is not tried from here/ }).waitFor();
  await close(page);
});

test('by keyboard: in, through the dialects, wider, out; and no violation wherever it stands', async t => {
  const { page, dialects } = await tea(t, { query: '' });
  await page.locator('.grid [tabindex="0"]').focus();
  await page.keyboard.press('Control+.');
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tab');
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), dialects.at(-1).name);
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), dialects[0].name);
  const wide = () => page.locator('.api').evaluate(el => el.offsetWidth), first = await wide();
  await page.keyboard.press('Alt+Shift+ArrowLeft');
  assert.equal(await wide(), first + 24);
  await sent(page);
  await inspect(page, 'api-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await inspect(page, 'api-dark');
  await page.reload();
  await page.locator('.api [role="tab"]').first().waitFor();
  assert.equal(await wide(), first + 24, 'the width is kept');
  await panel(page).getByRole('button', { name: 'Close the API panel (Esc)' }).focus();
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('.api') && document.activeElement?.closest('.grid'));
  assert.equal(new URL(page.url()).searchParams.get('p'), null);
  // The button says whether it is open; what was done before stands in it.
  const turn = page.getByRole('button', { name: 'API panel (Ctrl+.)' });
  assert.equal(await turn.getAttribute('aria-pressed'), 'false');
  await turn.click();
  assert.equal(await turn.getAttribute('aria-pressed'), 'true');
  await close(page);
});

test('on a phone it is a screen of its own, without a violation and without a sideways step', async t => {
  const { page } = await tea(t, { view: PHONE, query: '?p=api&r=rec_1' });
  await heading(page).filter({ hasText: 'Read Sencha' }).waitFor();
  assert.equal(await page.locator('main.main').isVisible(), false);
  await sent(page);
  await inspect(page, 'api-phone');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await panel(page).getByRole('button', { name: 'Show record' }).click();
  await page.locator('.panel h2', { hasText: 'Sencha' }).waitFor();
  assert.equal(await panel(page).count(), 0);
  await close(page);
});

test('what others do is in sight within three seconds, glows, and costs nothing while nobody looks', async t => {
  const { page, ask, url, run } = await tea(t, { query: '' });
  const watching = () => page.waitForRequest(r => /changes\?since=\d+&wait=/.test(r.url()));
  const token = run('token', 'create', '--user', 'owner@example.com', '--kind', 'personal', '--name', 'outside').stdout.trim();
  const begun = Date.now();
  const { status, stderr } = await ran('curl', ['-sS', '-f', '-X', 'PATCH', '-H', `Authorization: Bearer ${token}`, '-d', '{"name": "Sencha from outside"}', `${url}${AT}/rec_1`]);
  assert.equal(status, 0, stderr);
  await page.locator('.canvas tr[data-id="rec_1"][data-glow]', { hasText: 'Sencha from outside' }).waitFor({ timeout: SEEN_MS });
  assert.ok(Date.now() - begun <= SEEN_MS, `${Date.now() - begun} ms`);
  await page.waitForFunction(() => !document.querySelector('[data-glow]'));
  // One that is new, one that is gone, one that another table's record is called by.
  await ask('POST', AT, { name: 'Gunpowder' });
  await page.locator('.canvas tr', { hasText: 'Gunpowder' }).waitFor({ timeout: SEEN_MS });
  await ask('DELETE', `${AT}/rec_2`);
  await page.waitForFunction(() => !document.querySelector('.canvas tr[data-id="rec_2"]'), null, { timeout: SEEN_MS });
  await ask('PATCH', '/api/apps/tea/schemas/makers/records/rec_1', { name: 'Asa & Co' });
  await page.locator('.canvas tr', { hasText: 'Asa & Co' }).waitFor({ timeout: SEEN_MS });

  // What was done here does not glow.
  await page.locator('.canvas tr[data-id="rec_1"] > [data-col="1"]').click();
  await page.keyboard.press('Enter');
  await page.keyboard.type(' and here');
  const next = watching();
  await page.keyboard.press('Enter');
  await next;
  assert.equal(await page.locator('[data-glow]').count(), 0);

  // Out of sight nothing is asked; back in sight, all that was missed is there.
  await page.evaluate(() => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => globalThis.isOut }); globalThis.isOut = true; document.dispatchEvent(new Event('visibilitychange')); });
  const asked = [];
  page.on('request', r => { if (r.url().includes('changes?since')) asked.push(r.url()); });
  await ask('PATCH', `${AT}/rec_1`, { name: 'Unseen' });
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.deepEqual(asked, []);
  await page.evaluate(() => { globalThis.isOut = false; document.dispatchEvent(new Event('visibilitychange')); });
  await page.locator('.canvas tr[data-id="rec_1"]', { hasText: 'Unseen' }).waitFor({ timeout: SEEN_MS });
  await close(page);
});

test('what was made here stays where it was made while others make more, and is gone when they take it away', async t => {
  const { page, ask } = await tea(t, { query: '' }), ids = () => page.locator('.canvas tr[data-id]').evaluateAll(rows => rows.map(r => r.dataset.id));
  const make = async name => {
    await page.locator('.entry > [data-col="1"]').click();
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page.locator('.canvas tr', { hasText: name }).waitFor();
  };
  await make('Gyokuro');
  await make('Kukicha');
  assert.deepEqual(await ids(), ['rec_4', 'rec_3', 'rec_1', 'rec_2']);
  // Somebody types into it meanwhile.
  await cell(page, 'rec_4', 1).click();
  await page.keyboard.press('Enter');
  await page.locator('[data-editing] input').press('End');
  await page.keyboard.type(' No. 1');
  await ask('POST', AT, [{ name: 'Bancha' }, { name: 'Matcha' }]);
  await page.locator('.canvas tr', { hasText: 'Matcha' }).waitFor({ timeout: SEEN_MS });
  assert.deepEqual(await ids(), ['rec_4', 'rec_3', 'rec_1', 'rec_2', 'rec_5', 'rec_6'], 'each once');
  await page.locator('.foot-text').getByText('6 records', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Sorts 6 records' }).waitFor();
  await page.keyboard.press('Enter');
  await saved(page);
  assert.equal((await ask('GET', `${AT}/rec_4`)).name, 'Kukicha No. 1');
  await ask('POST', '/api/batch', { requests: [{ method: 'DELETE', url: `${AT}/rec_3` }, { method: 'DELETE', url: `${AT}/rec_5` }] });
  await page.waitForFunction(() => !document.querySelector('.canvas tr[data-id="rec_3"], .canvas tr[data-id="rec_5"]'), null, { timeout: SEEN_MS });
  assert.deepEqual(await ids(), ['rec_4', 'rec_1', 'rec_2', 'rec_6']);
  // Asked anew everything goes to its place.
  await page.goto(page.url().split('?')[0]);
  await page.waitForSelector('.grid[aria-busy="false"] tr[data-id]');
  assert.deepEqual(await ids(), ['rec_1', 'rec_2', 'rec_4', 'rec_6']);
  await close(page);
});

test('what others do is in sight among groups, too: another value, another name, gone', async t => {
  const { page, ask } = await tea(t, { query: '?g=kind' });
  const heads = page.locator('.canvas tr[data-group]'), green = heads.filter({ hasText: 'Green' });
  await green.filter({ hasText: '1 record' }).waitFor();
  await ask('PATCH', `${AT}/rec_2`, { kind: 'green' });
  await green.filter({ hasText: '2 records' }).waitFor({ timeout: SEEN_MS });
  await ask('PATCH', '/api/apps/tea/schemas/makers/records/rec_1', { name: 'Asa & Co' });
  await page.locator('.canvas tr', { hasText: 'Asa & Co' }).waitFor({ timeout: SEEN_MS });
  await ask('DELETE', `${AT}/rec_1`);
  await green.filter({ hasText: '1 record' }).waitFor({ timeout: SEEN_MS });
  await close(page);
});

test('who may only look sees what others do, too', async t => {
  const { ask, url } = await tea(t, { query: '' });
  await ask('POST', '/api/workspaces/default/users', { email: 'vic@example.com', name: 'Vic', role: 'member', password: 'correct horse battery' });
  await ask('POST', '/api/workspaces/default/grants', { user: 'vic@example.com', app: 'tea', role: 'viewer' });
  const context = await browser.newContext();
  assert.ok((await context.request.post(new URL('/auth/login/', url).href, { data: { username: 'vic@example.com', password: 'correct horse battery' } })).ok());
  const page = await newPage(browser, url, { state: await context.storageState() });
  await context.close();
  const looking = page.waitForRequest(r => /changes\?order=newest&limit=100/.test(r.url()));
  await page.goto(new URL('/_/tea/t/sorts?p=api', url).href);
  await looking;
  await ask('PATCH', `${AT}/rec_1`, { name: 'Sencha for all' });
  await page.locator('.canvas tr[data-id="rec_1"][data-glow]', { hasText: 'Sencha for all' }).waitFor({ timeout: SEEN_MS });
  // And asks as themselves.
  await panel(page).getByRole('combobox', { name: 'Request' }).selectOption({ label: 'Create' });
  assert.equal((await sent(page)).status, 403);
  await close(page);
});

test('a session that is over takes nothing out of one\'s hands: watching ends, the next thing that is done leads to the sign-in', async t => {
  const { page, ask } = await tea(t, { query: '' });
  page.expected.add(401);
  await cell(page, 'rec_1', 1).click();
  await page.keyboard.press('Enter');
  await page.locator('[data-editing] input').waitFor();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Kept');
  await page.context().clearCookies();
  const refused = page.waitForResponse(r => r.url().includes('/api/apps/tea/') && r.status() === 401);
  await ask('PATCH', `${AT}/rec_2`, { name: 'Assam 2' });
  await refused;
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(new URL(page.url()).pathname, '/_/tea/t/sorts');
  assert.equal(await page.locator('[data-editing] input').inputValue(), 'Kept');
  await page.keyboard.press('Enter');
  await page.waitForURL(/sign-in\?next=/);
  await close(page);
});
