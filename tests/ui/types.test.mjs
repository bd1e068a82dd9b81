// How the page shows values: a table with a field of every type, made through the API, in the grid and in the record panel.
//   CARRYALL_BIN   the executable
// Not here: journeys (smoke.test.mjs), the first minutes (start.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, close, inspect, launch, newPage } from './browser.mjs';
import { begin } from './server.mjs';

const APP = '/api/apps/every/schemas', ROWS = '.grid[aria-busy="false"] tbody[role] tr[data-id]';
const LONG = 'A sentence that goes on for longer than any cell is wide, and then for some words more. '.repeat(4).trim();
const COLOURED = [{ value: 'red', label: 'Red wine', color: 'red' }, { value: 'plain', label: 'Plain water' }, { value: 'green', label: 'Green tea', color: 'green' }];

const MAKERS = [{ slug: 'name', type: 'text' }];
const THINGS = [
  { slug: 'title', type: 'text', required: true },
  { slug: 'about', type: 'textarea' },
  { slug: 'mail', name: 'E-mail', type: 'email' },
  { slug: 'phone', type: 'phone' },
  { slug: 'site', type: 'url' },
  { slug: 'tint', type: 'color' },
  { slug: 'zone', type: 'timezone' },
  { slug: 'pieces', type: 'integer' },
  { slug: 'ratio', type: 'number' },
  { slug: 'weight', type: 'decimal', scale: 3 },
  { slug: 'price', type: 'money', currency: 'EUR' },
  { slug: 'sold', type: 'boolean' },
  { slug: 'day', type: 'date' },
  { slug: 'at', type: 'datetime' },
  { slug: 'state', type: 'select', options: COLOURED },
  { slug: 'size', type: 'radio', options: ['S', 'M', 'L'] },
  { slug: 'tags', type: 'multiselect', options: COLOURED },
  { slug: 'steps', type: 'checklist', options: COLOURED },
  { slug: 'maker', type: 'reference', target: 'makers' },
  { slug: 'also', type: 'references', target: 'makers' },
  { slug: 'parts', type: 'lines', target: 'parts', via: 'thing' },
  { slug: 'owner', type: 'user' },
  { slug: 'more', type: 'json' },
  { slug: 'plan', type: 'file' },
  { slug: 'place', type: 'sequence' },
  { slug: 'twice', type: 'computed', formula: 'price * 2', scale: 2 },
  { slug: 'dear', type: 'computed', formula: 'price > 1000' },
  { slug: 'label', type: 'computed', formula: "concat(title, ', ', zone)" },
  { slug: 'due', type: 'computed', formula: 'day' },
  { slug: 'noted', type: 'computed', formula: 'at' },
];
const PARTS = [{ slug: 'name', type: 'text' }, { slug: 'thing', type: 'reference', target: 'things' }];
const FULL = {
  title: 'Chair', about: `${LONG}\nIt has a second line.`, mail: 'ann+b@example.com', phone: '+49 (30) 901820', site: 'https://example.com/a?b=c&d=%20',
  tint: '#1E90ff', zone: 'Europe/Berlin', pieces: -1234, ratio: 1.5e-7, weight: 1.25, price: 1234.5, sold: true, day: '2024-12-31', at: '2024-12-31T18:30:00Z',
  state: 'red', size: 'M', tags: ['red', 'green'], steps: ['plain', 'green'], maker: 'rec_1', also: ['rec_1', 'rec_2', 'rec_3', 'rec_4', 'rec_5'], owner: 1,
  more: { list: [1, { deep: '<img src=x onerror=alert(1)>' }], text: LONG }, plan: { name: 'plan of the house.pdf', size: 1_234_567, type: 'application/pdf' },
};
const OTHER = { title: '<b>Table</b>', price: 12, sold: false, ratio: 1e300, tint: '#ffffff', plan: { name: 'empty' }, more: 'text', tags: [], also: [] };

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** A data file with its first admin and the tables: the server's address, and who is signed in. */
async function everyType(t) {
  const server = await begin(t), at = path => new URL(path, server.url).href;
  const context = await browser.newContext();
  const send = async (path, data, status = 201) => {
    const answer = await context.request.post(at(path), { data });
    assert.equal(answer.status(), status, await answer.text());
    return answer.json();
  };
  await send('/auth/start/', { token: new URL(server.link()).hash.slice('#t='.length), email: 'ann@example.com', password: 'correct horse battery' });
  await send('/api/apps', { slug: 'every', name: 'Every type' });
  await send(APP, { slug: 'makers', fields: MAKERS });
  await send(APP, { slug: 'things', fields: THINGS.filter(f => f.type !== 'lines') });
  await send(APP, { slug: 'parts', fields: PARTS });
  await send(`${APP}/things/fields`, THINGS.find(f => f.type === 'lines'));
  const told = await send(`${APP}/things/fields`, { slug: 'x', type: 'zzzzzzzz' }, 400);
  await send(`${APP}/makers/records`, ['Ada', 'Bo', 'Cy', 'Di', 'Ed'].map(name => ({ name })));
  await send(`${APP}/things/records`, [FULL, OTHER]);
  await send(`${APP}/parts/records`, Array.from({ length: 120 }, (_, i) => ({ name: `Part ${i + 1}`, thing: 'rec_1' })));
  const state = await context.storageState();
  await context.close();
  return { url: server.url, at, state, types: /Types are: ([a-z, ]+)/.exec(JSON.stringify(told))[1].split(', ') };
}

const show = async (page, at) => { await page.goto(at('/_/every/t/things')); await page.waitForSelector(ROWS); };

/** A cell of a row, and a field of the panel, by the name of the field. */
async function cellOf(page, name, row = 0) {
  const column = (await page.locator('.grid thead th').allInnerTexts()).findIndex(text => text.trim() === name);
  assert.ok(column > 0, `a column ${name}`);
  return page.locator(ROWS).nth(row).locator('> *').nth(column);
}
const fieldOf = (page, name) => page.locator('.panel .field-row').filter({ has: page.locator(`dt:text-is("${name}")`) }).locator('dd');
const text = async locator => (await locator.innerText()).replace(/\s+/g, ' ').trim();

test('every field type is shown for what it is', async t => {
  const { url, at, state, types } = await everyType(t);
  assert.deepEqual(types.filter(type => !THINGS.some(f => f.type === type)), [], 'the table has a field of every type');
  const page = await newPage(browser, url, { state });
  await show(page, at);
  for (const [name, shown] of [
    ['Title', 'Chair'], ['E-mail', 'ann+b@example.com'], ['Phone', '+49 (30) 901820'], ['Site', 'example.com/a?b=c&d=%20'], ['Tint', '#1E90ff'],
    ['Zone', 'Europe/Berlin'], ['Pieces', '-1,234'], ['Ratio', '0.00000015'], ['Weight', '1.25'], ['Price', '€1,234.50'], ['Day', 'Dec 31, 2024'],
    ['State', 'Red wine'], ['Size', 'M'], ['Tags', 'Red wine Green tea'], ['Steps', 'Plain water Green tea'], ['Maker', 'Ada'], ['Also', 'Ada, Bo, Cy and 2 more'],
    ['Parts', 'Part 1, Part 2, Part 3 and 117 more'], ['Owner', 'User 1'], ['Plan', 'plan of the house.pdf'], ['Place', '1'], ['Twice', '2,469'], ['Dear', 'Yes'],
    ['Label', 'Chair, Europe/Berlin'], ['Due', 'Dec 31, 2024'],
  ]) assert.equal(await text(await cellOf(page, name)), shown, name);
  const attribute = async (name, what, inner = 'a') => (await cellOf(page, name)).locator(inner).getAttribute(what);
  assert.equal(await attribute('E-mail', 'href'), 'mailto:ann%2Bb@example.com');
  assert.equal(await attribute('Phone', 'href'), 'tel:+4930901820');
  assert.equal(await attribute('Site', 'href'), FULL.site);
  assert.equal(await attribute('Site', 'rel'), 'noopener noreferrer');
  assert.equal(await attribute('Tint', 'fill', 'rect'), FULL.tint);
  assert.deepEqual([await attribute('Steps', 'data-tint', '.tag >> nth=0'), await attribute('Steps', 'data-tint', '.tag >> nth=1')], ['yellow', 'green']);
  assert.equal(await (await cellOf(page, 'Sold')).locator('.yes').count(), 1);
  assert.equal(await (await cellOf(page, 'Noted')).locator('time').getAttribute('datetime'), FULL.at);
  assert.equal(await (await cellOf(page, 'About')).getAttribute('title'), FULL.about, 'what is cut off is in the title');
  assert.ok((await (await cellOf(page, 'About')).textContent()).length < 210);
  assert.equal(await (await cellOf(page, 'Plan')).getAttribute('title'), 'plan of the house.pdf, 1.2 MB, application/pdf');
  assert.equal(JSON.stringify(JSON.parse(await (await cellOf(page, 'More')).getAttribute('title'))), JSON.stringify(FULL.more));
  for (const name of ['Pieces', 'Ratio', 'Price', 'Place', 'Twice']) assert.equal(await (await cellOf(page, name)).getAttribute('data-end'), '', `${name} ends where its heading does`);
  for (const [name, shown] of [['Title', '<b>Table</b>'], ['Price', '€12.00'], ['Ratio', '1e+300'], ['Dear', 'No'], ['Tags', ''], ['Zone', ''], ['More', '"text"']]) assert.equal(await text(await cellOf(page, name, 1)), shown, name);
  await inspect(page, 'types-light-wide');

  // What holds several values has no order, and says so by having nothing to press.
  const heads = await page.$$eval('.grid thead th', list => list.filter(th => !th.querySelector('button.head')).map(th => th.textContent.trim()));
  assert.deepEqual(heads, ['Tags', 'Steps', 'Also', 'Parts']);
  await page.goto(at('/_/every/t/things?sort=tags'));
  await page.waitForSelector(ROWS);
  await close(page);
});

test('the panel shows all of a value, and calls more records by name than a cell', async t => {
  const { url, at, state } = await everyType(t);
  const page = await newPage(browser, url, { state });
  await show(page, at);
  await page.locator(ROWS).first().locator('.open').click();
  await page.waitForSelector('.panel .field-row');
  // Lines are a table of their own.
  const parts = page.locator('.linked').filter({ hasText: 'Parts' });
  await parts.getByText('Part 10', { exact: true }).waitFor();
  assert.equal(await page.locator('.panel .field-row').count(), THINGS.length - 1);
  for (const [name, shown] of [
    ['Price', '€1,234.50'], ['Also', 'Ada Bo Cy Di Ed'], ['Plan', 'plan of the house.pdf 1.2 MB, application/pdf'], ['Site', FULL.site], ['Owner', 'User 1'],
    ['Steps', 'Plain water Green tea'], ['Tint', '#1E90ff'], ['About', FULL.about.replace('\n', ' ')], ['Twice', '2,469'],
  ]) assert.equal(await text(fieldOf(page, name)), shown, name);
  assert.match(await text(parts.locator('h3')), /^Parts 120$/);
  await parts.getByRole('button', { name: 'Show 110 more' }).click();
  await parts.getByText('Part 110', { exact: true }).waitFor();
  await parts.getByRole('button', { name: 'Show 10 more' }).waitFor();
  assert.equal(await fieldOf(page, 'Site').locator('a').getAttribute('target'), '_blank');
  assert.deepEqual(JSON.parse(await fieldOf(page, 'More').innerText()), FULL.more);
  await inspect(page, 'types-record-light-wide');
  await parts.locator('tbody tr').first().hover();
  await parts.getByRole('link', { name: 'Open Part 1', exact: true }).click();
  await page.waitForFunction(() => document.querySelector('.panel h2')?.textContent === 'Part 1');
  await page.goBack();
  await parts.getByText('Part 10', { exact: true }).waitFor();
  await page.getByRole('button', { name: /^Next record/ }).click();
  await page.waitForFunction(() => document.querySelector('.panel h2')?.textContent === '<b>Table</b>');
  await page.waitForFunction(() => [...document.querySelectorAll('.linked h3')].some(h => /^Parts\s+0$/.test(h.innerText)));
  await close(page);
});

test('every field type is accessible in the dark and on a phone', async t => {
  const { url, at, state } = await everyType(t);
  for (const [scheme, size, view] of [['dark', 'wide', undefined], ['light', 'phone', PHONE], ['dark', 'phone', PHONE]]) {
    const page = await newPage(browser, url, { state, scheme, view });
    await show(page, at);
    await inspect(page, `types-${scheme}-${size}`);
    if (view) {
      await page.getByRole('button', { name: 'Sort', exact: true }).click();
      assert.ok(!(await page.locator('.filter-add option').allInnerTexts()).includes('Tags'), 'no order by tags');
      await page.keyboard.press('Escape');
    }
    await page.locator(ROWS).first().locator(view ? '.number' : '.open').click();
    await page.waitForSelector('.panel .field-row');
    await inspect(page, `types-record-${scheme}-${size}`);
    // The lower half of the panel, too.
    await page.locator('.panel .field-row').last().scrollIntoViewIfNeeded();
    await inspect(page, `types-record-end-${scheme}-${size}`);
    await close(page);
  }
});
