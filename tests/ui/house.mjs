// A server with an owner who is signed in, for tests of the page around an app.
//   CARRYALL_BIN   the executable
// Not here: the browser (browser.mjs), starting and ending a server (server.mjs).
import assert from 'node:assert/strict';
import { newPage } from './browser.mjs';
import { begin } from './server.mjs';

/** What a person would make of a spreadsheet, and a table that refers to it. */
export const APP = {
  carryall: 1,
  app: { slug: 'tea', name: 'Tea', description: 'Sorts of tea' },
  schemas: [
    { slug: 'makers', name: 'Makers', fields: [{ slug: 'name', name: 'Name', type: 'text', required: true }] },
    { slug: 'sorts', name: 'Sorts', display_field: 'name', fields: [
      { slug: 'name', name: 'Name', type: 'text', required: true },
      { slug: 'mail', name: 'E-mail', type: 'email', unique: true },
      { slug: 'kind', name: 'Kind', type: 'select', options: [{ value: 'green', label: 'Green' }, { value: 'black', label: 'Black' }] },
      { slug: 'grams', name: 'Grams', type: 'text' },
      { slug: 'since', name: 'Since', type: 'date' },
      { slug: 'maker', name: 'Maker', type: 'reference', target: 'makers' }] }],
  records: {
    makers: [{ $ref: 'a', name: 'Asa' }, { name: 'Bee' }],
    sorts: [{ name: 'Sencha', mail: 'sencha@example.com', kind: 'green', grams: '100', maker: { $ref: 'a' } }, { name: 'Assam', mail: 'assam@example.com', kind: 'black', grams: 'a bag' }],
  },
};

/** `{ url, page, ask, open }`: a page of the owner, what asks the API as the owner does, and a way to an address. */
export async function house(t, browser, options = {}) {
  const { url, run } = await begin(t, options.app === undefined ? APP : options.app);
  const made = run('admin', 'create', '--email', 'owner@example.com');
  assert.equal(made.status, 0, made.stderr);
  const token = run('token', 'create', '--user', 'owner@example.com', '--kind', 'personal', '--name', 'test').stdout.trim();
  const ask = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const answer = await fetch(new URL(path, url), { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 204 ? null : answer.json();
  };
  const page = await newPage(browser, url, options);
  await page.goto(run('link', '--user', 'owner@example.com').stdout.trim());
  await page.waitForURL(u => !u.pathname.includes('start'));
  const open = async path => {
    await page.goto(new URL(path, url).href);
    await page.locator('h1').waitFor();
    // The heading may stand before what it is about is loaded.
    await page.waitForFunction(() => document.title.includes(' – '));
  };
  return { url, page, ask, open, run };
}
