// Journeys through the admin page in a real browser, against a running server that holds the demo CRM.
//   CARRYALL_URL, CARRYALL_EMAIL, CARRYALL_PASSWORD   where, and who signs in
//   CARRYALL_LINK   a one-time sign-in link, used up by the run
// Tables and fields are discovered; only a table `deals` with more than 50 records is expected.
// Not here: the browser (browser.mjs), the start page (start.test.mjs), checks of the source (lint.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, firstRow, inspect, launch, newPage } from './browser.mjs';

const { CARRYALL_URL, CARRYALL_EMAIL, CARRYALL_PASSWORD, CARRYALL_LINK } = process.env;
const SMALLEST_ROW_COUNT = 18, PAGE = 50;
const ROWS = 'tbody[role] tr[data-id]', SETTLED = '.grid[aria-busy="false"]';

let browser, signedIn, app;
const at = href => new URL(href, CARRYALL_URL).href;
const table = slug => at(`/_/${app.slug}/t/${slug}`);
const open = options => newPage(browser, CARRYALL_URL, { state: signedIn, ...options });

const rows = page => page.locator(`${SETTLED} ${ROWS}`);
const ids = page => page.$$eval(ROWS, list => list.map(r => r.dataset.id));
const settled = page => page.waitForSelector(`${SETTLED} ${ROWS}`);
const query = page => new URL(page.url()).searchParams;
const queryIs = (page, name, value) => page.waitForFunction(([n, v]) => new URLSearchParams(location.search).get(n) === v, [name, value]);

async function show(page, slug, search = '') {
  await page.goto(table(slug) + search);
  await settled(page);
}

before(async () => {
  assert.ok(CARRYALL_URL && CARRYALL_EMAIL && CARRYALL_PASSWORD && CARRYALL_LINK, 'CARRYALL_URL, _EMAIL, _PASSWORD and _LINK are needed');
  browser = await launch();
  const context = await browser.newContext();
  const answer = await context.request.post(at('/auth/login/'), { data: { username: CARRYALL_EMAIL, password: CARRYALL_PASSWORD } });
  assert.ok(answer.ok(), `sign-in answered ${answer.status()}`);
  const read = async href => (await context.request.get(at(href))).json();
  const { apps } = await read('/api/apps');
  for (const candidate of apps) {
    const { schemas } = await read(`/api/apps/${candidate.slug}/schemas`);
    if (schemas.some(s => s.slug === 'deals' && s.records > PAGE)) app = { ...candidate, tables: schemas };
  }
  assert.ok(app, 'an app with a table deals of more than 50 records');
  signedIn = await context.storageState();
  await context.close();
});
after(() => browser?.close());

test('signing in: a page behind it leads there, wrong words are explained, right ones lead back', async () => {
  const page = await open({ state: null });
  page.expected.add(401).add(400);
  await page.goto(table('deals'));
  await page.waitForURL(/sign-in\?next=/);
  await page.waitForFunction(() => document.activeElement?.id === 'username');
  assert.equal(await page.getAttribute('#username', 'autocomplete'), 'username');
  assert.equal(await page.getAttribute('#password', 'autocomplete'), 'current-password');
  await page.fill('#username', CARRYALL_EMAIL);
  await page.keyboard.press('Enter');
  await page.getByText('Type your password.').waitFor();
  await page.fill('#password', `${CARRYALL_PASSWORD}-wrong`);
  await page.keyboard.press('Enter');
  await page.getByText('do not belong together').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
  await inspect(page, 'sign-in-wrong');
  await page.fill('#password', CARRYALL_PASSWORD);
  await page.keyboard.press('Enter');
  await settled(page);
  assert.equal(page.url(), table('deals'));
  await close(page);
});

test('a sign-in link works once and leaves the address bar', async () => {
  const page = await open({ state: null });
  page.expected.add(401).add(400).add(403).add(404);
  await page.goto(at(CARRYALL_LINK));
  await page.waitForSelector('.cards a, .shell .nav a, .notice');
  assert.ok(!page.url().includes('#'), 'the token is gone from the address');
  assert.ok(!page.url().includes('/start'), 'the link signed in');
  await page.context().clearCookies();
  await page.goto('about:blank');
  await page.goto(at(CARRYALL_LINK));
  await page.getByText('has been used or has expired').waitFor();
  assert.ok(!page.url().includes('#'));
  await inspect(page, 'link-used');
  await close(page);
});

test('apps, first table, rail', async () => {
  const page = await open();
  await page.goto(at('/_/apps'));
  await page.locator('.card a', { hasText: app.name }).first().click();
  await page.waitForURL(`**/_/${app.slug}/t/${app.tables[0].slug}`);
  await page.locator('.nav a').nth(app.tables.length - 1).waitFor();
  for (const t of app.tables) {
    await page.locator(`.nav a[href="/_/${app.slug}/t/${t.slug}"]`).click();
    await page.waitForFunction(name => document.querySelector('h1').textContent === name, t.name);
    await page.waitForSelector(`${SETTLED}, .notice`);
    assert.equal(await page.title(), `${t.name} – ${app.name}`);
  }
  await close(page);
});

test('the table: rows in sight, sorting, reload and back', async () => {
  const page = await open();
  await show(page, 'deals');
  const deals = app.tables.find(t => t.slug === 'deals');
  assert.equal(await page.locator('thead th').count(), deals.fields.length + 1);
  await page.waitForSelector('.foot');
  const inSight = await page.$$eval(ROWS, list => {
    const foot = document.querySelector('.foot').getBoundingClientRect().top, head = document.querySelector('.entry').getBoundingClientRect().bottom;
    return list.map(r => r.getBoundingClientRect()).filter(b => b.top >= head - 1 && b.bottom <= foot + 1).length;
  });
  assert.ok(inSight >= SMALLEST_ROW_COUNT, `${inSight} rows in sight`);
  assert.match(await page.locator('.foot-text').innerText(), /^[\d,]+ records$/);

  const unsorted = await ids(page), head = page.locator('thead th').nth(0);
  for (const [sort, aria] of [['id', 'ascending'], ['-id', 'descending']]) {
    await head.locator('button').click();
    await queryIs(page, 'sort', sort);
    await settled(page);
    assert.equal(await head.getAttribute('aria-sort'), aria);
  }
  await page.waitForFunction(([sel, id]) => document.querySelector(sel)?.dataset.id !== id, [ROWS, unsorted[0]]);
  const sorted = await ids(page);
  assert.notDeepEqual(sorted, unsorted);
  await page.reload();
  await settled(page);
  await page.waitForFunction(([sel, id]) => document.querySelector(sel)?.dataset.id === id, [ROWS, sorted[0]]);
  await page.goBack();
  await queryIs(page, 'sort', 'id');
  await page.waitForFunction(([sel, id]) => document.querySelector(sel)?.dataset.id === id, [ROWS, unsorted[0]]);
  await page.goForward();
  await queryIs(page, 'sort', '-id');
  await settled(page);
  await head.locator('button').click();
  await queryIs(page, 'sort', null);
  assert.equal(await head.getAttribute('aria-sort'), 'none');
  await close(page);
});

test('a first visit asks for fifty things at most, a reload for the page, for what there is and for its records', async () => {
  const page = await open();
  await page.goto(table('deals'));
  const first = await (await page.waitForFunction(firstRow)).jsonValue();
  assert.ok(first.requests <= 50, `${first.requests} requests`);
  assert.ok(first.bytes <= 300 * 1024, `${first.bytes} bytes`);
  await page.waitForSelector('.foot-number');
  const target = app.tables.find(t => t.slug === 'deals').fields.find(f => f.type === 'reference').target;
  const data = ['/api/workspaces/default/overview', `/api/apps/${app.slug}/schemas/deals/records`];
  for (const search of ['', '?sort=-id', null]) {
    if (search) await show(page, 'deals', search);
    // The start of the page leads to where one was last.
    if (search === null) await page.goto(at('/_/')); else await page.reload();
    const again = await (await page.waitForFunction(firstRow)).jsonValue();
    assert.deepEqual(again.names.map(name => new URL(name).pathname), data, search);
    assert.match(page.url(), search === '' ? /deals$/ : /deals\?sort=-id$/);
    // What the records refer to is called by its name from the first moment.
    const linked = await page.$$eval(`${ROWS} a[href*="/t/${target}"]`, list => list.map(a => a.textContent));
    assert.ok(linked.length && linked.every(name => name && !name.startsWith('No. ')), linked.join());
  }
  await close(page);
});

test('behind a sign-in the records come before what they do not need, and what is wanted meanwhile is there when they take long', async () => {
  const page = await newPage(browser, CARRYALL_URL);
  page.expected.add(401);
  await page.goto(table('deals'));
  await page.fill('#username', CARRYALL_EMAIL);
  await page.fill('#password', CARRYALL_PASSWORD);
  await page.keyboard.press('Enter');
  const { names } = await (await page.waitForFunction(firstRow)).jsonValue(), behind = names.slice(names.findIndex(name => name.endsWith('/auth/login/')) + 1).map(name => new URL(name).pathname);
  assert.deepEqual(behind.filter(name => !name.includes('/a/')), ['/api/workspaces/default/overview', `/api/apps/${app.slug}/schemas/deals/records`]);
  assert.ok(!behind.some(name => /searchbox|editors/.test(name)), behind.join());

  let go = null;
  await page.route(/deals\/records\?/, route => { go ??= () => route.continue(); });
  await page.reload();
  await page.getByRole('searchbox', { name: 'Search in Deals' }).waitFor();
  await page.keyboard.press('Control+K');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator(ROWS).count(), 0);
  go();
  await settled(page);
  await close(page);
});

test('a saved view that says nothing of columns is not told as changed, until it is', async () => {
  const page = await open();
  await page.goto(table('deals/v/by-stage'));
  await page.locator('.canvas tr[data-group]').first().waitFor();
  const views = page.locator('.tools ui-drop').first().locator('button').first();
  assert.equal((await views.innerText()).trim(), 'By stage');
  await page.locator('thead th').nth(1).locator('button').first().click();
  await page.waitForFunction(() => document.querySelector('.tools ui-drop button b')?.textContent === '•');
  await close(page);
});

test('the grid by keyboard: one stop, arrows, sort, open, close, focus comes back', async () => {
  const page = await open();
  await show(page, 'deals');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  const spot = () => page.evaluate(() => { const c = document.activeElement.closest('td, th'); return c && [c.parentElement.dataset.id ?? 'head', c.cellIndex]; });
  const row = id => page.waitForFunction(want => document.activeElement?.closest('tr')?.dataset.id === want, id);
  const [first, second] = await ids(page);
  assert.deepEqual(await spot(), [first, 1]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await spot(), [second, 2]);
  await page.keyboard.press('Space');
  await queryIs(page, 'r', second);
  await page.waitForFunction(() => document.activeElement?.closest('.panel'));
  await page.keyboard.press('Alt+ArrowUp');
  await queryIs(page, 'r', first);
  await page.keyboard.press('Escape');
  await queryIs(page, 'r', null);
  await row(first);
  await page.keyboard.press('Space');
  await queryIs(page, 'r', first);
  await page.keyboard.press('Escape');
  await row(first);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => new URLSearchParams(location.search).has('sort'));
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => !!document.activeElement.closest('.grid')), false, 'Tab leaves the grid');
  await close(page);
});

test('the record panel: all fields, neighbours, a link to a record elsewhere', async () => {
  const page = await open();
  await show(page, 'deals', '?sort=id');
  const deals = app.tables.find(t => t.slug === 'deals');
  const list = await ids(page);
  await page.locator(ROWS).nth(1).locator('.open').click();
  await queryIs(page, 'r', list[1]);
  await page.waitForSelector('.panel .field-row');
  assert.equal(await page.locator('.panel .field-row').count(), deals.fields.filter(f => f.type !== 'lines').length);
  await page.getByRole('button', { name: /^Next record/ }).click();
  await queryIs(page, 'r', list[2]);
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Next record/, 'the pressed button keeps the focus');
  // Past what is in sight: the grid goes along.
  for (let i = 3; i < 40; i++) await page.keyboard.press('Enter');
  await page.locator('.panel-place').filter({ hasText: '40 of' }).waitFor();
  await page.waitForFunction(sel => document.querySelector(`${sel}[aria-selected="true"]`), ROWS);
  await page.reload();
  await page.waitForSelector('.panel .field-row');
  if (deals.fields.some(f => f.type === 'reference')) {
    const link = page.locator('.panel a.ref').first(), name = await link.innerText();
    await link.click();
    await page.waitForFunction(n => document.querySelector('.panel h2')?.textContent === n, name);
    await settled(page);
    await page.goBack();
    await page.waitForFunction(n => document.querySelector('h1').textContent === n, deals.name);
  }
  await close(page);
});

test('what is not there is said in words, and the way back works', async () => {
  const page = await open();
  page.expected.add(404);
  await page.goto(at('/_/no-such-app'));
  await page.getByText('No app called').waitFor();
  await inspect(page, 'no-app');
  await page.goto(table('no-such-table'));
  await page.getByText('No table called').waitFor();
  await inspect(page, 'no-table');
  await page.goto(at('/_/a-b/c/d/e'));
  await page.getByText('No page at this address').waitFor();
  await show(page, 'deals', '?sort=no_such_field&f=nonsense');
  assert.equal(await page.locator('thead [aria-sort$="cending"]').count(), 0, 'an order by nothing is none');
  await page.goto(`${table('deals')}?r=rec_99999999`);
  await page.getByText('Not in this table').waitFor();
  await inspect(page, 'no-record');
  await close(page);
});

test('a lost connection is explained and can be tried again', async () => {
  const page = await open();
  page.expected.add('offline');
  await show(page, 'deals');
  await page.context().setOffline(true);
  await page.locator('thead th').nth(0).locator('button').click();
  await page.getByText('The server did not answer').waitFor();
  await inspect(page, 'offline');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await settled(page);
  await close(page);
});

test('a session that ends leads to sign-in and back to the same place', async () => {
  const page = await open();
  page.expected.add(401);
  await show(page, 'deals');
  // Nothing is asked any more that would find out first.
  await page.waitForSelector('.foot-number');
  await page.context().clearCookies();
  await page.locator('thead th').nth(0).locator('button').click();
  await page.waitForURL(/sign-in\?next=/);
  await page.fill('#username', CARRYALL_EMAIL);
  await page.fill('#password', CARRYALL_PASSWORD);
  await page.keyboard.press('Enter');
  await settled(page);
  assert.equal(query(page).get('sort'), 'id');
  await close(page);
});

test('the theme can be chosen and stays, the switcher leads to all apps, sign out ends the session', async () => {
  const page = await open();
  page.expected.add(401);
  await show(page, 'deals');
  await page.getByRole('button', { name: /^App: / }).click();
  await inspect(page, 'switcher');
  await page.keyboard.press('Escape');
  const profile = page.getByRole('button', { name: /^Profile: / });
  await profile.click();
  await inspect(page, 'profile-menu');
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  const canvas = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await canvas();
  await inspect(page, 'profile-menu-dark');
  await page.reload();
  await settled(page);
  assert.equal(await canvas(), dark, 'the choice survives a reload');
  await profile.click();
  await page.getByRole('menuitemradio', { name: 'Like the system' }).click();
  assert.notEqual(await canvas(), dark);
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/_\/sign-in$/);
  await page.goto(table('deals'));
  await page.waitForURL(/sign-in\?next=/);
  await close(page);
  // That session is over now; the tests below need one of their own.
  const context = await browser.newContext();
  await context.request.post(at('/auth/login/'), { data: { username: CARRYALL_EMAIL, password: CARRYALL_PASSWORD } });
  signedIn = await context.storageState();
  await context.close();
});

test('phone: rail as a sheet, rows as cards, sorting and the record without a mouse', async () => {
  const page = await open({ view: PHONE });
  await show(page, 'deals');
  const menu = page.getByRole('button', { name: 'Tables and profile' });
  for (const width of [320, PHONE.width]) {
    await page.setViewportSize({ ...PHONE, width });
    const wider = await page.evaluate(() => ['html', '.bar', '.tools', '.gridbox', '.foot'].filter(s => { const box = document.querySelector(s); return box.scrollWidth > box.clientWidth; }));
    assert.deepEqual(wider, [], `nothing is wider than a screen of ${width} px`);
  }
  assert.equal(await page.locator('.nav a').first().isVisible(), false);
  await menu.click();
  await page.locator('.nav a').first().waitFor();
  await inspect(page, 'phone-rail');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.matches('.bar-menu'));
  await menu.click();
  const other = app.tables.find(t => t.slug !== 'deals');
  await page.locator(`.nav a[href="/_/${app.slug}/t/${other.slug}"]`).click();
  await page.waitForFunction(name => document.querySelector('h1').textContent === name, other.name);
  await page.waitForSelector('.rail', { state: 'hidden' });
  await page.getByRole('button', { name: 'Sort', exact: true }).click();
  await page.getByLabel('Sort by').selectOption({ index: 1 });
  await page.waitForFunction(() => new URLSearchParams(location.search).has('sort'));
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`every screen is accessible: ${scheme}, ${view.width} px`, async () => {
      const name = part => `${part}-${scheme}-${size}`;
      const guest = await open({ view, scheme, state: null });
      guest.expected.add(401);
      await guest.goto(at('/_/sign-in'));
      await guest.waitForSelector('#username');
      await inspect(guest, name('sign-in'));
      await guest.goto(at('/_/start'));
      await guest.getByText('has been used or has expired').waitFor();
      await inspect(guest, name('start'));
      await close(guest);

      const page = await open({ view, scheme });
      await page.goto(at('/_/apps'));
      await page.waitForSelector('.card');
      await inspect(page, name('apps'));
      for (const t of app.tables) {
        await page.goto(table(t.slug));
        await page.waitForSelector(`${SETTLED} ${ROWS}, .notice`);
        await inspect(page, name(`table-${t.slug}`));
      }
      await show(page, 'deals', '?sort=-id');
      await page.locator(ROWS).nth(1).locator(view === PHONE ? '.number' : '.open').click();
      await page.waitForSelector('.panel .field-row');
      await inspect(page, name('record'));
      await close(page);
    });
  }
}
