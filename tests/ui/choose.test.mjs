// Invitations and resets in the browser: somebody chooses a password by a link and is signed in. Every test has a server of its own.
//   CARRYALL_BIN   the executable
// Not here: the links from the terminal (start.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, inspect, launch, newPage } from './browser.mjs';
import { begin } from './server.mjs';

const { CARRYALL_BIN } = process.env;
const PASSWORD = 'correct horse battery', OTHER = 'battery staple horse', LONG = 'x'.repeat(1025);
const APP = { carryall: 1, app: { slug: 'tea', name: 'Tea' }, schemas: [{ slug: 'sorts', fields: [{ slug: 'name', type: 'text' }] }], records: { sorts: [{ name: 'Green' }] } };

let browser;
before(async () => {
  assert.ok(CARRYALL_BIN, 'CARRYALL_BIN is needed');
  browser = await launch();
});
after(() => browser?.close());

/** A server with an owner, and what asks it as the owner does. */
async function house(t) {
  const { url, run } = await begin(t, APP);
  const made = run('admin', 'create', '--email', 'owner@example.com');
  assert.equal(made.status, 0, made.stderr);
  const token = run('token', 'create', '--user', 'owner@example.com', '--kind', 'personal', '--name', 'test');
  assert.equal(token.status, 0, token.stderr);
  const ask = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${token.stdout.trim()}`, 'Content-Type': 'application/json' };
    const answer = await fetch(new URL(`/api/workspaces/default/${path}`, url), { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 204 ? null : answer.json();
  };
  const invite = async () => (await ask('POST', 'users', { email: 'ben@example.com', name: 'Ben', role: 'admin' })).invitation.url;
  return { url, ask, invite };
}

const ready = page => page.waitForFunction(() => document.activeElement?.id === 'password');
const inside = page => page.waitForURL(u => /^\/_\/(apps|tea)/.test(u.pathname));

async function signIn(page, url, password) {
  await page.goto(new URL('/_/sign-in', url).href);
  await page.fill('#username', 'ben@example.com');
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
}

test('an invitation: a name, a password and Enter, and one is in; once', async t => {
  const { url, ask, invite } = await house(t);
  const href = await invite();
  const page = await newPage(browser, url);
  page.expected.add(400);
  await page.goto(href);
  await ready(page);
  assert.equal(new URL(page.url()).hash, '', 'the token leaves the address bar');
  assert.deepEqual([await page.inputValue('#email'), await page.inputValue('#name')], ['ben@example.com', 'Ben']);
  await inspect(page, 'invitation');
  await page.keyboard.press('Enter');
  await page.getByText('Choose a password.').waitFor();
  await page.keyboard.type(LONG);
  await page.keyboard.press('Enter');
  await page.getByText('at most 1024 bytes').and(page.locator('[role="alert"]')).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password', 'the focus goes to what is wrong');
  await page.keyboard.type(PASSWORD);
  await page.fill('#name', 'Ben Baker');
  await page.keyboard.press('Enter');
  await inside(page);
  await page.reload();
  await inside(page);
  assert.equal((await ask('GET', 'users')).users[0].name, 'Ben Baker');
  const other = await newPage(browser, url);
  other.expected.add(401);
  await other.goto(href);
  await other.getByText('Ask an admin for another one').waitFor();
  await inspect(other, 'invitation-used');
  await signIn(other, url, PASSWORD);
  await inside(other);
  await close(other);
  await close(page);
});

test('a reset: another password, and the session from before is over', async t => {
  const { url, ask, invite } = await house(t);
  const page = await newPage(browser, url);
  page.expected.add(401);
  await page.goto(await invite());
  await ready(page);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await inside(page);
  const { users } = await ask('GET', 'users');
  const { reset } = await ask('POST', `users/${users.find(user => user.email === 'ben@example.com').id}/reset`);
  const other = await newPage(browser, url);
  await other.goto(reset.url);
  await ready(other);
  assert.equal(await other.locator('#name').count(), 0, 'the name stays');
  await inspect(other, 'reset');
  await other.keyboard.type(OTHER);
  await other.keyboard.press('Enter');
  await inside(other);
  await page.reload();
  await page.waitForURL(/sign-in/);
  await signIn(page, url, PASSWORD);
  await page.getByText('do not belong together').waitFor();
  await signIn(page, url, OTHER);
  await inside(page);
  await close(other);
  await close(page);
});

test('a link of the other kind, a link that was taken back, and no link at all do not work', async t => {
  const { url, ask, invite } = await house(t);
  const href = await invite();
  const page = await newPage(browser, url);
  page.expected.add(401);
  const refused = () => page.getByText('This link does not work').waitFor();
  await page.goto(href.replace('/_/invitation', '/_/reset'));
  await refused();
  await page.goto('about:blank');
  await page.goto(new URL('/_/invitation', url).href);
  await refused();
  await ask('DELETE', 'invitations/2');
  await page.goto('about:blank');
  await page.goto(href);
  await refused();
  await close(page);
});

test('a connection that is lost on the way costs nothing', async t => {
  const { url, invite } = await house(t);
  const page = await newPage(browser, url);
  page.expected.add('offline');
  await page.goto(await invite());
  await ready(page);
  await page.keyboard.type(PASSWORD);
  await page.context().setOffline(true);
  await page.keyboard.press('Enter');
  await page.getByText('The server did not answer').waitFor();
  await page.context().setOffline(false);
  await page.keyboard.press('Enter');
  await inside(page);
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`the page is accessible: ${scheme}, ${view.width} px`, async t => {
      const { url, invite } = await house(t);
      const page = await newPage(browser, url, { view, scheme });
      page.expected.add(401);
      await page.goto(await invite());
      await ready(page);
      await inspect(page, `invitation-${scheme}-${size}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      assert.equal(wider, false, 'nothing is wider than the screen');
      await page.goto('about:blank');
      await page.goto(new URL('/_/reset#t=0000', url).href);
      await page.getByText('Ask an admin').waitFor();
      await inspect(page, `reset-unknown-${scheme}-${size}`);
      await close(page);
    });
  }
}
