// Journeys through the palette, the keys and the way around the page without a mouse.
//   CARRYALL_BIN   the executable
// Not here: keys in the grid (grid.test.mjs).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { best } from '../../static/app/find.js';
import { KEYS, keyOf, piecesOf } from '../../static/app/keys.js';
import { PHONE, close, inspect, launch, newPage, until } from './browser.mjs';
import { house } from './house.mjs';
import { begin } from './server.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const AT = '/api/apps/tea/schemas', TABLE = '/_/tea/t/sorts';
const focused = page => page.evaluate(() => ({ tag: document.activeElement.tagName, text: document.activeElement.textContent.trim().slice(0, 60), label: document.activeElement.getAttribute('aria-label'), in: [...['.rail', '.bar', '.tools', '.gridbox', '.page', '.panel', '.plain-bar', '.plain-main']].filter(s => document.activeElement.closest(s)) }));
const ready = page => page.waitForSelector('.grid[aria-busy="false"] tbody[role] tr[data-id]');
// The keys are there a moment after the screen.
const palette = async page => {
  await page.waitForFunction(() => document.querySelector('ui-notes section'));
  await page.keyboard.press('Control+k');
  await page.locator('dialog.palette input').waitFor();
};
const options = page => page.locator('dialog.palette [role="option"]');
const chosen = page => page.locator('dialog.palette [aria-selected="true"]');

test('finding: beginnings before words before letters, all of the words, accents aside', () => {
  const names = texts => texts.map(text => ({ text })), found = (words, texts) => best(names(texts), words, 9).map(s => s.item.text);
  assert.deepEqual(found('de', ['Order', 'Our deals', 'Deals', 'Ideas']), ['Deals', 'Our deals', 'Order', 'Ideas']);
  assert.deepEqual(found('deals', ['Deals of all', 'Deals']), ['Deals', 'Deals of all'], 'of two that fit alike the shorter');
  assert.deepEqual(found('nrd prt', ['Nordlys Print', 'Print', 'Nord']), ['Nordlys Print'], 'letters in order, every word');
  assert.deepEqual(found('grosse', ['Größe', 'Grosse']), ['Grosse']);
  assert.deepEqual(found('cafe', ['Café']), ['Café']);
  assert.deepEqual(found('xyz', ['Deals']), []);
  assert.deepEqual(found('.*+?[', ['Deals', 'a .*+?[ b']), ['a .*+?[ b'], 'signs are signs');
  assert.deepEqual(found('', ['b', 'a']), ['b', 'a'], 'without words all, as they were');
  assert.equal(best([{ text: 'Fields of Deals' }, { text: 'Fields of Calls', bonus: 15 }], 'fields', 1)[0].item.text, 'Fields of Calls', 'what was used lately');
  assert.equal(best([{ text: 'History', note: 'Small CRM' }], 'crm hist', 1).length, 1, 'the note counts, too');
  // Never slow, whatever is typed.
  const begun = performance.now();
  best(names(Array.from({ length: 2_000 }, (_, i) => `a${'ab'.repeat(60)} ${i}`)), 'aaaaaaaaaaaaaaaaaaaac', 9);
  assert.ok(performance.now() - begun < 1_000);
});

test('keys are read as they are written, on any keyboard', () => {
  for (const [event, key] of [
    [{ key: 'k', code: 'KeyK', ctrlKey: true }, 'Ctrl+K'], [{ key: 'k', code: 'KeyK', metaKey: true }, 'Ctrl+K'], [{ key: 'Z', code: 'KeyZ', ctrlKey: true, shiftKey: true }, 'Ctrl+Shift+Z'], [{ key: '?', code: 'Slash', shiftKey: true }, '?'],
    [{ key: '/', code: 'Digit7', shiftKey: true }, '/'], [{ key: '˜', code: 'KeyN', altKey: true }, 'Alt+N'], [{ key: 'я', code: 'KeyZ', ctrlKey: true }, 'Ctrl+Z'], [{ key: 'F6', code: 'F6', shiftKey: true }, 'Shift+F6'], [{ key: 'g', code: 'KeyG' }, 'G'], [{ key: 'Enter', code: 'Enter' }, 'Enter'],
  ]) assert.equal(keyOf(event), key);
  assert.deepEqual(piecesOf('Ctrl+Shift+Z'), ['Ctrl', 'Shift', 'Z']);
  assert.deepEqual(piecesOf('Ctrl+←↑→↓'), ['Ctrl', '←↑→↓']);
  const all = KEYS.filter(k => k.where === 'all' || k.where === 'table').flatMap(k => k.keys);
  assert.equal(new Set(all).size, all.length, 'no key means two things');
  const source = readFileSync(new URL('../../static/ui/keys.js', import.meta.url), 'utf8');
  for (const { id } of KEYS.filter(k => k.where === 'all')) assert.match(source, new RegExp(`(?:'${id.replace('.', '\\.')}'|\\b${id})(?::|,|\\()`), `${id} does something`);
});

test('Ctrl+K: a table, a view, a screen, a deed, a record by a few letters and Enter; what was used stands first', async t => {
  const { page, ask, open } = await house(t, browser);
  await ask('POST', `${AT}/sorts/views`, { name: 'Green only', kind: 'grid', filter: "kind = 'green'" });
  await open(TABLE);
  await ready(page);
  await page.locator('.grid [tabindex="0"]').first().focus();
  await palette(page);
  await options(page).filter({ hasText: 'Makers' }).first().waitFor();
  await inspect(page, 'palette');
  assert.equal(await page.locator('dialog.palette input').getAttribute('aria-activedescendant'), await chosen(page).getAttribute('id'));
  await page.keyboard.press('ArrowUp');
  assert.ok(await options(page).last().getAttribute('aria-selected') === 'true', 'from the first to the last');
  await page.keyboard.press('Escape');
  await page.locator('dialog.palette').waitFor({ state: 'detached' });
  assert.deepEqual((await focused(page)).in, ['.gridbox'], 'the focus goes back');

  const take = async (words, text) => {
    await palette(page);
    await page.keyboard.type(words);
    await chosen(page).filter({ hasText: text }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('dialog.palette').waitFor({ state: 'detached' });
  };
  await take('mkrs', 'Makers');
  await page.waitForURL(/\/t\/makers$/);
  await take('green', 'Green only');
  await page.waitForURL(/\/v\/green-only$/);
  await take('hist', 'History');
  await page.waitForURL(/\/history$/);
  await take('checkpoint', 'Set a checkpoint');
  await page.waitForFunction(() => document.activeElement.id === 'point-name');
  await page.keyboard.press('Escape');
  await take('assam@', 'Assam');
  await page.waitForURL(/\/t\/sorts\?r=rec_2$/);
  await take('>new', 'New record');
  await page.waitForFunction(() => document.activeElement.closest('[data-editing]'));
  await page.keyboard.press('Escape');
  await palette(page);
  await page.locator('[role="group"][aria-label="Lately"]').waitFor();
  assert.equal(await options(page).first().innerText().then(x => x.split('\n')[0]), 'Assam', 'newest first');
  await page.keyboard.type('nothing is called like this');
  await page.getByText('Nothing matches “nothing is called like this”.').waitFor();
  await inspect(page, 'palette-none');
  await page.keyboard.press('Control+k');
  await page.locator('dialog.palette').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.locator('dialog.palette input').waitFor();
  await page.mouse.click(5, 700);
  await page.locator('dialog.palette').waitFor({ state: 'detached' });
  await close(page);
});

test('without a mouse: a record made, cells edited, sorted, filtered, opened, undone, signed out; F6 goes round', async t => {
  const { page, ask, open } = await house(t, browser);
  await open(TABLE);
  await ready(page);
  await page.waitForFunction(() => document.querySelector('ui-notes section'));
  const round = [];
  for (let i = 0; i < 5; i++) { await page.keyboard.press('F6'); round.push((await focused(page)).in.at(-1)); }
  assert.deepEqual(round, ['.rail', '.bar', '.tools', '.gridbox', '.rail']);
  for (const part of ['.gridbox', '.tools']) { await page.keyboard.press('Shift+F6'); assert.equal((await focused(page)).in.at(-1), part); }
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(ring, 'none', 'the focus is seen');
  // A part remembers where the focus was.
  await page.keyboard.press('Tab');
  const there = (await focused(page)).text;
  await page.keyboard.press('F6');
  await page.keyboard.press('Shift+F6');
  assert.equal((await focused(page)).text, there);

  await page.keyboard.press('Alt+n');
  await page.waitForFunction(() => document.activeElement.closest('[data-editing]'));
  await page.keyboard.type('Lapsang');
  await page.keyboard.press('Enter');
  await page.locator('.note').filter({ hasText: 'Lapsang added' }).waitFor();
  await page.keyboard.press('F6');
  await page.waitForFunction(() => document.activeElement.closest('.notes') || document.activeElement.closest('.rail'));
  await palette(page);
  await page.keyboard.type('lapsang');
  await chosen(page).filter({ hasText: 'Lapsang' }).filter({ hasText: 'Sorts' }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/r=rec_3/);
  await page.locator('.panel').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.panel').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+z');
  await page.waitForFunction(() => document.title && [...document.querySelectorAll('.note')].some(n => n.textContent.includes('Taken back')));
  assert.equal((await ask('GET', `${AT}/sorts/records`)).total, 2);
  await page.keyboard.press('Control+Shift+z');
  await page.waitForFunction(() => [...document.querySelectorAll('.note')].some(n => n.textContent.includes('Done again')));
  assert.equal((await ask('GET', `${AT}/sorts/records`)).total, 3);
  // G and H go to the history, but not from a text.
  await page.locator('h1').focus();
  await page.keyboard.type('gh');
  await page.waitForURL(/\/history$/);
  await page.getByLabel('Words').focus();
  await page.keyboard.type('gs');
  assert.equal(await page.getByLabel('Words').inputValue(), 'gs');
  await page.locator('h1').focus();
  await page.keyboard.press('?');
  await page.locator('dialog.keyhelp').waitFor();
  await inspect(page, 'keys');
  for (const words of ['Find anything', 'Next part of the page', 'Copy, cut, paste', 'Record before or after']) await page.locator('dialog.keyhelp').getByText(words).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog.keyhelp').waitFor({ state: 'detached' });
  // Letters can be switched off; keys with Ctrl stay.
  await open('/_/settings/account');
  await page.getByLabel('Keys of one letter').uncheck();
  await page.getByText('Saved', { exact: true }).waitFor();
  await open('/_/tea/home');
  await page.waitForFunction(() => document.querySelector('ui-notes section'));
  await page.locator('h1').focus();
  await page.keyboard.type('?gh');
  await page.keyboard.press('Control+k');
  await page.locator('dialog.palette').waitFor();
  assert.equal(await page.locator('dialog.keyhelp').count(), 0);
  assert.match(page.url(), /home$/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('F6');
  await page.getByRole('button', { name: /^Profile/ }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.matches('[role^="menuitem"]'));
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.waitForURL(/sign-in/);
  await close(page);
});

test('from the start without a mouse: a record, three kinds of cells, a sort, a filter, the record, undo, out', async t => {
  const { url, link } = await begin(t), page = await newPage(browser, url);
  // The request that waited for them is told of the end of the session.
  page.expected.add(401);
  const seen = async what => assert.ok(await page.evaluate(() => document.activeElement !== document.body && document.activeElement.matches(':focus-visible')), `the focus is seen: ${what}`);
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const round = async part => { for (let i = 0; i < 8 && (await focused(page)).in.at(-1) !== part; i++) await press('F6'); assert.equal((await focused(page)).in.at(-1), part); };
  const cell = (slug, text) => page.waitForFunction(([s, x]) => document.querySelector(`.grid [aria-selected="true"], .grid`)?.closest('.gridbox').textContent.includes(x) && s, [slug, text]);
  await page.goto(link());
  await page.waitForFunction(() => document.activeElement?.id === 'password');
  await page.keyboard.type('correct horse battery');
  await press('Enter');
  await ready(page);
  await page.waitForFunction(() => document.querySelector('ui-notes section'));
  await round('.gridbox');
  await seen('grid');
  await press('Alt+n');
  await page.waitForFunction(() => document.activeElement.closest('[data-editing]'));
  await page.keyboard.type('Pilot');
  await press('Enter');
  await page.locator('.note').filter({ hasText: 'Pilot added' }).waitFor();
  await page.waitForFunction(() => !document.querySelector('[data-editing]') && document.activeElement.closest('.entry'));
  // The new one stands first: its name, its stage, its amount.
  await round('.gridbox');
  await press('Escape', 'Control+Home');
  await page.waitForFunction(() => document.activeElement.closest('.canvas tr[data-index="0"]'));
  await seen('first cell');
  await page.keyboard.type('Pilot, 20 seats');
  await press('Enter');
  await cell('name', 'Pilot, 20 seats');
  const editing = () => page.waitForFunction(() => document.activeElement.closest('[data-editing]')), at = (r, c) => page.waitForFunction(([row, col]) => !document.querySelector('[data-editing]') && document.activeElement.matches(`.canvas tr[data-index="${row}"] > [data-col="${col}"]`), [r, c]);
  await at(1, 1);
  await press('ArrowUp', 'ArrowRight');
  await at(0, 2);
  await press('Enter');
  await editing();
  await page.keyboard.type('Won');
  await page.locator('[role="option"]').filter({ hasText: 'Won' }).waitFor();
  await press('Enter');
  await at(1, 2);
  await press('ArrowUp', 'ArrowRight');
  await at(0, 3);
  await seen('amount');
  await page.keyboard.type('12500');
  await editing();
  await press('Enter');
  const made = () => page.evaluate(async at => (await (await fetch(at)).json()).records, `/api/apps/crm/schemas/deals/records?${new URLSearchParams({ filter: "name = 'Pilot, 20 seats'" })}`);
  await until(page, async () => Number((await made())[0]?.amount) === 12_500);
  assert.equal((await made())[0].stage_id, 'won');
  await press('Control+Home', 'ArrowUp', 'ArrowUp', 'Enter');
  await page.waitForURL(/sort=/);
  await ready(page);
  await round('.gridbox');
  await seen('header');
  await press('Alt+ArrowDown');
  await page.waitForFunction(() => document.activeElement.closest('[role="menu"], .menu'));
  while (!/Filter by this/.test(await page.evaluate(() => document.activeElement.textContent))) await press('ArrowDown');
  await press('Enter');
  await page.locator('.drop:popover-open').waitFor();
  await page.waitForFunction(() => document.activeElement.closest('.drop'));
  for (let i = 0; i < 9 && !await page.evaluate(() => document.activeElement.matches('.filter-value input, .filter-value textarea')); i++) await press('Tab');
  await seen('filter');
  await page.keyboard.type('Pilot, 20');
  await press('Enter');
  await page.waitForFunction(() => new URLSearchParams(location.search).get('f')?.includes('Pilot, 20'));
  // In the value Esc would give back what stood there.
  await press('Shift+Tab', 'Escape');
  await page.waitForFunction(() => document.querySelectorAll('.grid[aria-busy="false"] tbody[role] tr[data-id]').length === 1);
  await round('.gridbox');
  await press('Control+Home', 'Space');
  await page.locator('.panel h2').getByText('Pilot, 20 seats').waitFor();
  await press('Escape');
  await page.locator('.panel').waitFor({ state: 'detached' });
  // After a reload, too, the last step is known.
  await page.reload();
  await ready(page);
  await page.waitForFunction(() => document.querySelector('ui-notes section') && !document.querySelector('ui-undo button').matches('[aria-disabled="true"]'));
  await press('Control+z');
  await page.locator('.note').filter({ hasText: 'Taken back' }).waitFor();
  await until(page, async () => Number((await made())[0]?.amount) !== 12_500);
  await press('Control+Shift+z');
  await page.locator('.note').filter({ hasText: 'Done again' }).waitFor();
  await until(page, async () => Number((await made())[0]?.amount) === 12_500);
  await round('.gridbox');
  await press('Tab');
  assert.ok(!(await focused(page)).in.includes('.gridbox'), 'Tab leaves the grid');
  await round('.rail');
  for (let i = 0; i < 40 && !/^Profile/.test((await focused(page)).label ?? ''); i++) await press('Tab');
  await seen('profile');
  await press('Enter');
  await page.waitForFunction(() => document.activeElement.matches('[role^="menuitem"]'));
  await press('End', 'Enter');
  await page.waitForURL(/sign-in/);
  await close(page);
});

for (const scheme of ['light', 'dark']) test(`palette and keys on a phone, ${scheme}`, async t => {
  const { page, open } = await house(t, browser, { view: PHONE, scheme });
  await open(TABLE);
  await page.waitForFunction(() => document.querySelector('ui-notes section'));
  await page.locator('.bar-menu').click();
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await options(page).first().waitFor();
  await inspect(page, `palette-phone-${scheme}`);
  await page.locator('dialog.palette input').fill('keys');
  await options(page).filter({ hasText: 'Keys' }).first().click();
  await page.locator('dialog.keyhelp').waitFor();
  await inspect(page, `keys-phone-${scheme}`);
  assert.ok(await page.evaluate(() => { const d = document.querySelector('dialog.keyhelp'); return d.scrollWidth <= d.clientWidth && d.getBoundingClientRect().right <= innerWidth; }));
  await close(page);
});
