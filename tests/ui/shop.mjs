// A shop with makers and things, signed in, and what its tests do in the grid: cells, keys, the clipboard, waiting for what is shown.
//   CARRYALL_BIN   the executable
// Not here: the browser (browser.mjs), starting and ending a server (server.mjs).
import assert from 'node:assert/strict';
import { newPage } from './browser.mjs';
import { begin } from './server.mjs';

export const RECORDS = '/api/apps/shop/schemas/things/records';
const PLAIN = [{ slug: 'title', type: 'text', required: true }, { slug: 'pieces', type: 'integer' }, { slug: 'price', type: 'money', currency: 'EUR' }, { slug: 'state', type: 'select', options: ['new', 'used', 'broken'] },
  { slug: 'day', type: 'date' }, { slug: 'mail', type: 'email' }, { slug: 'sold', type: 'boolean' }, { slug: 'maker', type: 'reference', target: 'makers' }];

/** A shop with makers and things, its first admin signed in, and ways to ask the API. */
export async function shop(browser, t, { fields = PLAIN, records = [] } = {}) {
  const server = await begin(t), at = path => new URL(path, server.url).href, context = await browser.newContext();
  t.after(() => context.close());
  const ask = async (method, path, data) => {
    const answer = await context.request.fetch(at(path), { method, data });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${answer.ok() ? '' : await answer.text()}`);
    return answer.status() === 204 ? null : answer.json();
  };
  await ask('POST', '/auth/start/', { token: new URL(server.link()).hash.slice('#t='.length), email: 'ann@example.com', password: 'correct horse battery' });
  await ask('POST', '/api/apps', { slug: 'shop', name: 'Shop' });
  await ask('POST', '/api/apps/shop/schemas', { slug: 'makers', fields: [{ slug: 'name', type: 'text' }] });
  await ask('POST', '/api/apps/shop/schemas', { slug: 'things', model: 'Thing', fields });
  await ask('POST', '/api/apps/shop/schemas/makers/records', ['Ada', 'Bo', 'Cy'].map(name => ({ name })));
  if (records.length) await ask('POST', RECORDS, records);
  const state = await context.storageState();
  const open = async (options = {}, query = '') => {
    const page = await newPage(browser, server.url, { state, ...options });
    await page.goto(at(`/_/shop/t/things${query}`));
    await page.waitForSelector('.grid[aria-busy="false"]');
    return page;
  };
  const read = id => ask('GET', `${RECORDS}/${id}`);
  return { ask, at, open, read };
}

export const cell = (page, r, c) => page.locator(`.canvas tr[data-index="${r}"] > [data-col="${c}"]`);
export const entry = (page, c) => page.locator(`.entry > [data-col="${c}"]`);
export const saved = page => page.waitForFunction(() => document.querySelector('.save')?.textContent.trim() === 'Saved');
/** What a cell shows, once it is that. */
export const shows = (page, r, c, text) => page.waitForFunction(([row, col, want]) => document.querySelector(`.canvas tr[data-index="${row}"] > [data-col="${col}"]`)?.textContent.replace(/\s+/g, ' ').trim() === want, [r, c, text]);
export const editing = page => page.waitForFunction(() => document.activeElement?.closest('[data-editing]'));
export const idle = page => page.waitForFunction(() => !document.querySelector('[data-editing]'));
export const place = page => page.evaluate(() => { const td = document.activeElement.closest('td, th'); return td && [td.parentElement.dataset.index ?? td.parentElement.className, td.dataset.col ?? '0'].join(' '); });
export const paste = (page, text) => page.evaluate(words => {
  const data = new DataTransfer();
  data.setData('text/plain', words);
  document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}, text);
export const copied = page => page.evaluate(() => {
  const data = new DataTransfer();
  document.activeElement.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }));
  return [data.getData('text/plain'), data.getData('text/html')];
});
export const many = n => Array.from({ length: n }, (_, i) => ({ title: `Thing ${i + 1}`, pieces: i + 1, price: (i + 1) * 1.5, state: ['new', 'used', 'broken'][i % 3], maker: `rec_${i % 3 + 1}` }));
