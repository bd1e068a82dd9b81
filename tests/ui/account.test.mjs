// Journeys through one's own account and tokens, the app switcher, and the bar of a demo.
//   CARRYALL_BIN   the executable
// Not here: tokens of one app (tables.test.mjs).
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, inspect, launch, newPage } from './browser.mjs';
import { house } from './house.mjs';

const { CARRYALL_BIN } = process.env;
const PASSWORD = 'correct horse battery', OTHER = 'battery staple horse';
let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

test('a personal token: what it is good for, its secret once, a curl that works, and its end', async t => {
  const { page, ask, open } = await house(t, browser);
  await open('/_/tea/home');
  await page.locator('.rail').getByRole('button', { name: 'Profile' }).click();
  await page.getByRole('menuitem', { name: 'Personal Access Tokens' }).click();
  await page.waitForURL('**/_/tokens');
  await page.getByRole('button', { name: 'Make token' }).click();
  await page.getByText('Give it a name').waitFor();
  await inspect(page, 'tokens-wrong');
  await page.fill('#token-name', 'import script');
  await page.getByLabel('Ends').selectOption('30d');
  await page.getByLabel('Tea').check();
  await page.getByLabel('Everything that you may').uncheck();
  await page.getByRole('button', { name: 'Make token' }).click();
  await page.getByText('cannot be shown again').waitFor();
  await inspect(page, 'tokens-made');
  const curl = await page.locator('.secret code.line').last().innerText();
  const words = /^curl -H '([^']+)' (\S+)$/.exec(curl);
  const told = JSON.parse(execFileSync('curl', ['-sS', '-H', words[1], words[2]], { encoding: 'utf8' }));
  assert.deepEqual(told.schemas.map(s => s.slug), ['makers', 'sorts']);
  const { tokens } = await ask('GET', '/api/workspaces/default/tokens');
  const made = tokens.find(x => x.name === 'import script');
  assert.deepEqual([made.kind, made.apps.map(a => a.slug), made.abilities], ['personal', ['tea'], ['list', 'read']]);
  assert.ok(made.expires_at);
  await page.reload();
  await page.getByText('import script').waitFor();
  assert.equal(await page.locator('.secret').count(), 0, 'the secret is gone');
  await page.locator('.listed', { hasText: 'import script' }).getByRole('button', { name: 'Revoke…' }).click();
  await page.locator('.ask').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('The token is revoked.').and(page.locator('.said span')).waitFor();
  assert.equal((await fetch(words[2], { headers: { Authorization: words[1].replace('Authorization: ', '') } })).status, 401);
  await close(page);
});

test('copying works on an address that is no safe origin, too', async t => {
  const { page, open } = await house(t, browser);
  await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await open('/_/tea/settings');
  await page.getByRole('button', { name: 'Copy appUUID' }).click();
  await page.getByRole('button', { name: 'Copied appUUID' }).waitFor();
  await close(page);
});

test('the account: a name, another password, the end of other sessions', async t => {
  const { url, page, ask, open, run } = await house(t, browser);
  page.expected.add(400).add(401).add(403);
  // The owner of this test came by a link; a password is needed to change one.
  const { user } = await ask('GET', '/api/workspaces/default/me');
  const reset = await ask('POST', `/api/workspaces/default/users/${user.id}/reset`);
  await page.goto(reset.reset.url);
  await page.waitForFunction(() => document.activeElement?.id === 'password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(u => !u.pathname.includes('reset'));
  const other = await newPage(browser, url);
  other.expected.add(401);
  await other.goto(run('link', '--user', 'owner@example.com').stdout.trim());
  await other.waitForURL(u => !u.pathname.includes('start'));
  await open('/_/settings/account');
  await page.getByLabel('Name', { exact: true }).fill('Olga Owner');
  await page.keyboard.press('Tab');
  await page.getByText('Saved', { exact: true }).waitFor();
  assert.equal(await page.locator('.listed').count(), 2);
  await page.getByLabel('Password now').fill('wrong one here');
  await page.getByLabel('New password').fill(OTHER);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.locator('#password-wrong').getByText(/password/i).waitFor();
  await inspect(page, 'account-wrong');
  await page.getByLabel('Password now').fill(PASSWORD);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Password changed').and(page.locator('.said span')).waitFor();
  assert.equal(await page.locator('.listed').count(), 1);
  await other.reload();
  await other.waitForURL(/sign-in/);
  await other.fill('#username', 'owner@example.com');
  await other.fill('#password', OTHER);
  await other.keyboard.press('Enter');
  await other.waitForURL(u => !u.pathname.includes('sign-in'));
  await page.reload();
  await page.locator('.listed').getByRole('button', { name: /Sign out/ }).click();
  await page.getByText('The session has ended.').and(page.locator('.said span')).waitFor();
  await other.reload();
  await other.waitForURL(/sign-in/);
  await close(other);
  await close(page);
});

test('many apps: typing finds one in the switcher', async t => {
  const { page, ask, open } = await house(t, browser);
  for (let n = 1; n <= 8; n++) await ask('POST', '/api/apps', { name: `App ${n}` });
  await open('/_/tea/home');
  await page.getByRole('button', { name: 'App: Tea' }).click();
  await page.getByRole('searchbox', { name: 'Find an app' }).waitFor();
  await page.keyboard.type('app 7');
  assert.deepEqual(await page.locator('.switcher + .menu').getByRole('menuitem').allInnerTexts(), ['App 7', 'New app', 'All apps']);
  await inspect(page, 'switcher');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/app-7**');
  await page.getByRole('heading', { name: 'No tables yet' }).waitFor();
  await close(page);
});

test('a demo says that it is one, and can be kept as a file', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'carryall-ui-'));
  const env = { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CARRYALL_'))), CARRYALL_ADMIN_EMAIL: 'demo@example.com', CARRYALL_ADMIN_PASSWORD: PASSWORD };
  const server = spawn(CARRYALL_BIN, ['demo', '--listen', '127.0.0.1:0', '--no-open'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise(resolve => server.once('close', resolve));
  t.after(async () => { server.kill(); await ended; rmSync(folder, { recursive: true }); });
  const url = (await new Promise(resolve => createInterface({ input: server.stdout }).once('line', resolve))).replace('listening on ', '');
  const page = await newPage(browser, url);
  await page.goto(new URL('/_/sign-in?next=/_/crm/home', url).href);
  await page.fill('#username', 'demo@example.com');
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('Demo: thrown away when it stops.').waitFor();
  await inspect(page, 'demo');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Keep as a file' }).click()]);
  assert.equal(readFileSync(await download.path()).subarray(0, 15).toString(), 'SQLite format 3');
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`account and tokens are accessible: ${scheme}, ${view.width} px`, async t => {
      const { page, open } = await house(t, browser, { view, scheme });
      for (const [name, at] of Object.entries({ account: '/_/settings/account', tokens: '/_/tokens', apps: '/_/apps' })) {
        await open(at);
        await page.waitForFunction(() => !document.querySelector('.skeleton'));
        await inspect(page, `${name}-${scheme}-${size}`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${name} is not wider than the screen`);
      }
      await close(page);
    });
  }
}
