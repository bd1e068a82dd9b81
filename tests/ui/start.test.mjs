// The first minutes in the browser: the start link of an empty data file makes the first admin and the first app. Every test has a server of its own.
//   CARRYALL_BIN   the executable
// Not here: the command line's part of it (../demo.py), everything after it (smoke.test.mjs).
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DOOR } from '../../static/i18n/en-door.js';
import { PHONE, WIDE, close, inspect, launch, newPage } from './browser.mjs';
import { begin } from './server.mjs';

const { CARRYALL_BIN } = process.env;
// The page's own list, read as text: Node takes the page's files for no modules.
const STATIC = fileURLToPath(new URL('../../static/', import.meta.url));
const SAMPLES = [...readFileSync(`${STATIC}app/samples.js`, 'utf8').matchAll(/slug: '([^']+)', sign/g)].map(([, slug]) => ({ slug, name: DOOR[`sample.${slug}`] }));
const PASSWORD = 'correct horse battery', LONG = 'x'.repeat(1025);
const ROWS = '.grid[aria-busy="false"] tbody[role] tr[data-id]';

let browser;
before(async () => {
  assert.ok(CARRYALL_BIN, 'CARRYALL_BIN is needed');
  browser = await launch();
});
after(() => browser?.close());

const focused = page => page.evaluate(() => document.activeElement.id || document.activeElement.value);
const ready = page => page.waitForFunction(() => document.activeElement?.id === 'password');
const landed = (page, slug) => page.waitForURL(new RegExp(`/_/${slug}/t/`));

async function signIn(page, url, email) {
  await page.goto(new URL('/_/sign-in', url).href);
  await page.fill('#username', email);
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(u => !u.pathname.includes('sign-in'));
}

test('the cards are the samples of the server', () => {
  const files = readdirSync(`${STATIC}samples`);
  assert.deepEqual(SAMPLES.map(s => `${s.slug}.json`).sort(), files.sort());
});

test('a password and Enter: the first admin, the CRM, its deals', async t => {
  const { url, link } = await begin(t);
  const page = await newPage(browser, url);
  const href = link();
  await page.goto(href);
  await ready(page);
  assert.equal(new URL(page.url()).hash, '', 'the token leaves the address bar');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await landed(page, 'crm');
  await page.waitForSelector(ROWS);
  assert.equal(await page.locator('h1').innerText(), 'Deals');
  // Only the rows in sight are drawn; the table says how many it has.
  assert.ok(Number(await page.locator('.grid').getAttribute('aria-rowcount')) >= 30);
  await page.reload();
  await page.waitForSelector(ROWS);
  // The link is used up, and what one does then stands there.
  const other = await newPage(browser, url);
  other.expected.add(401);
  await other.goto(href);
  await other.getByText('has been used or has expired').waitFor();
  await inspect(other, 'start-used');
  await signIn(other, url, 'admin@example.com');
  await other.waitForSelector('.card');
  await close(other);
  await close(page);
});

test('everything by keyboard: another name, another sample, wrong words explained', async t => {
  const { url, link } = await begin(t);
  const page = await newPage(browser, url);
  page.expected.add(400);
  await page.goto(link());
  await ready(page);
  await page.keyboard.press('Enter');
  await page.getByText('Choose a password.').waitFor();
  await page.keyboard.press('Shift+Tab');
  assert.equal(await focused(page), 'email');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('ann');
  await page.keyboard.press('Shift+Tab');
  assert.equal(await focused(page), 'crm', 'one Tab leads to the chosen card');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'projects');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type(LONG);
  await page.keyboard.press('Enter');
  await page.getByText('must be an e-mail address').waitFor();
  assert.equal(await focused(page), 'email', 'the focus goes to what is wrong');
  await inspect(page, 'start-wrong');
  await page.keyboard.type('ann@example.com');
  await page.keyboard.press('Enter');
  await page.getByText('at most 1024 bytes').and(page.locator('[role="alert"]')).waitFor();
  assert.equal(await focused(page), 'password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  assert.equal(await page.getAttribute('#password', 'type'), 'text', 'the password can be shown');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await landed(page, 'projects');
  await page.waitForSelector(ROWS);
  await close(page);
});

for (const { slug, name } of SAMPLES) {
  test(`the card ${name} leads to its first table`, async t => {
    const { url, link } = await begin(t);
    const page = await newPage(browser, url);
    await page.goto(link());
    await ready(page);
    await page.getByRole('radio', { name }).check();
    await page.fill('#password', PASSWORD);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await landed(page, slug);
    await page.waitForSelector(slug === 'my-app' ? '.main .grid-none' : ROWS);
    const tables = await page.locator('.rail .nav a').count();
    for (let at = 0; at < tables; at++) {
      const entry = page.locator('.rail .nav a').nth(at), words = await entry.locator('.cut').innerText();
      await entry.click();
      await page.waitForFunction(text => document.querySelector('h1').textContent === text, words);
      await page.waitForSelector(slug === 'my-app' ? '.main .grid-none' : ROWS);
      await inspect(page, `sample-${slug}-${at}`);
    }
    await close(page);
  });
}

test('a file that has an app already asks who you are, and shows it', async t => {
  const { url, link } = await begin(t, { carryall: 1, app: { slug: 'tea', name: 'Tea' }, schemas: [{ slug: 'sorts', fields: [{ slug: 'name', type: 'text' }] }], records: { sorts: [{ name: 'Green' }] } });
  const page = await newPage(browser, url);
  await page.goto(link());
  await ready(page);
  assert.equal(await page.getByRole('radio').count(), 0);
  await inspect(page, 'start-with-app');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await landed(page, 'tea');
  await page.waitForSelector(ROWS);
  await close(page);
});

test('a connection that is lost on the way costs nothing', async t => {
  const { url, link } = await begin(t);
  const page = await newPage(browser, url);
  page.expected.add('offline');
  await page.goto(link());
  await ready(page);
  await page.keyboard.type(PASSWORD);
  await page.context().setOffline(true);
  await page.keyboard.press('Enter');
  await page.getByText('The server did not answer').waitFor();
  await page.context().setOffline(false);
  // The admin is made, the sample is not.
  await page.route('**/samples/*', route => route.abort());
  await page.keyboard.press('Enter');
  const again = page.getByRole('button', { name: 'Try again' });
  await again.waitFor();
  await inspect(page, 'start-interrupted');
  await page.unroute('**/samples/*');
  await again.click();
  await landed(page, 'crm');
  await page.waitForSelector(ROWS);
  await close(page);
});

test('an admin without an app is offered the same cards', async t => {
  const { url, link } = await begin(t);
  const page = await newPage(browser, url);
  const made = await page.context().request.post(new URL('/auth/start/', url).href, { data: { token: new URL(link()).hash.slice(3), email: 'ann@example.com', password: PASSWORD } });
  assert.equal(made.status(), 201);
  await page.goto(new URL('/_/', url).href);
  await page.getByRole('heading', { name: 'What are you making?' }).waitFor();
  await inspect(page, 'apps-none');
  await page.getByRole('radio', { name: 'Events' }).check();
  await page.getByRole('button', { name: 'Make it' }).click();
  await landed(page, 'events');
  await page.waitForSelector(ROWS);
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`the start page is accessible: ${scheme}, ${view.width} px`, async t => {
      const { url, link } = await begin(t);
      const page = await newPage(browser, url, { view, scheme });
      page.expected.add(401);
      await page.goto(link());
      await ready(page);
      await inspect(page, `start-form-${scheme}-${size}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      assert.equal(wider, false, 'nothing is wider than the screen');
      await page.goto('about:blank');
      await page.goto(new URL('/_/start#t=0000', url).href);
      await page.getByText('carryall link').waitFor();
      await inspect(page, `start-unknown-${scheme}-${size}`);
      await close(page);
    });
  }
}
