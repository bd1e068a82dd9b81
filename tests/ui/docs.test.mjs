// The page at /api/docs in a real browser, against a running server that holds the demo CRM: lists operations, tries one out, leads to the sign-in page.
//   CARRYALL_URL, CARRYALL_EMAIL, CARRYALL_PASSWORD   where, and who signs in
//   SHOTS, CHROMIUM                                   as in smoke.test.mjs
// Not here: whether the document is true (tests/contract).
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const { CARRYALL_URL, CARRYALL_EMAIL, CARRYALL_PASSWORD, SHOTS, CHROMIUM = '/usr/bin/chromium' } = process.env;
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const at = href => new URL(href, CARRYALL_URL).href;
let browser;

/** A page that writes down everything that must not happen; `expected` is a status that it provokes on purpose. */
async function open(expected) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US' })).newPage();
  page.setDefaultTimeout(15_000);
  const wrong = page.wrong = [];
  page.on('console', m => { if (m.type() === 'error' && Number(/status of (\d+)/.exec(m.text())?.[1]) !== expected) wrong.push(`console: ${m.text()}`); });
  page.on('pageerror', e => wrong.push(`error: ${e.message}`));
  page.on('request', r => { if (!/^(data|blob):/.test(r.url()) && new URL(r.url()).origin !== new URL(CARRYALL_URL).origin) wrong.push(`foreign request: ${r.url()}`); });
  await page.addInitScript(() => addEventListener('securitypolicyviolation', e => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`)));
  return page;
}

async function close(page, name) {
  if (SHOTS) await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  await page.context().close();
  assert.deepEqual(page.wrong, []);
}

async function signIn(page) {
  await page.fill('input[name=username]', CARRYALL_EMAIL);
  await page.fill('input[name=password]', CARRYALL_PASSWORD);
  await page.keyboard.press('Enter');
}

before(async () => {
  assert.ok(CARRYALL_URL && CARRYALL_EMAIL && CARRYALL_PASSWORD, 'CARRYALL_URL, _EMAIL and _PASSWORD are needed');
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(() => browser?.close());

test('whoever is not signed in reads the document of the server and is led to sign in', async () => {
  const page = await open(401);
  await page.goto(at('/api/docs?app=crm'));
  await page.locator('.opblock').first().waitFor();
  assert.match(await page.textContent('#problem'), /Sign in to see the document of an app/);
  assert.ok(await page.locator('.opblock').count() > 20);
  await page.click('#sign-in');
  await signIn(page);
  await page.waitForURL('**/api/docs?app=crm');
  await page.locator('.opblock-tag', { hasText: 'Deals' }).waitFor();
  assert.ok(await page.locator('#problem').isHidden() && await page.locator('#sign-in').isHidden());
  await close(page, 'docs-app');
});

test('an operation can be tried out', async () => {
  const page = await open();
  await page.goto(at('/auth/login/?next=/api/docs'));
  await signIn(page);
  await page.waitForURL('**/api/docs');
  const block = page.locator('#operations-Apps-list_apps');
  await block.locator('.opblock-summary-control').click();
  await block.locator('button.execute').click();
  const answer = block.locator('.live-responses-table');
  await answer.waitFor();
  assert.equal((await answer.locator('.response-col_status').nth(1).textContent()).trim().slice(0, 3), '200');
  assert.match(await answer.textContent(), /"slug": "crm"/);
  await page.selectOption('#apps', 'crm');
  await page.waitForURL('**/api/docs?app=crm');
  await page.locator('.opblock-tag', { hasText: 'Deals' }).waitFor();
  const create = page.locator('[id^=operations-][id$=create_record_of_deals]');
  await create.locator('.opblock-summary-control').click();
  await create.locator('textarea, .body-param__example').first().waitFor();
  await close(page, 'docs-tried');
});
