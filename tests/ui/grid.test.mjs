// The grid that people edit in: every type of field, the row for new records, keys, ranges, clipboard, filters, a long table, two who edit at once, no server.
//   CARRYALL_BIN   the executable
// Not here: how values are shown (types.test.mjs), journeys through the other screens (smoke.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, inspect, launch, newPage } from './browser.mjs';
import { RECORDS, cell, copied, editing, entry, idle, many, paste, place, saved, shop as inShop, shows } from './shop.mjs';

const EVIL = '<img src=x onerror=alert(1)>"\'&{{7*7}}';
const THINGS = [
  { slug: 'title', type: 'text', required: true }, { slug: 'about', type: 'textarea' }, { slug: 'mail', name: 'E-mail', type: 'email' }, { slug: 'phone', type: 'phone' }, { slug: 'site', type: 'url' },
  { slug: 'tint', type: 'color' }, { slug: 'zone', type: 'timezone' }, { slug: 'pieces', type: 'integer' }, { slug: 'ratio', type: 'number' }, { slug: 'weight', type: 'decimal', scale: 3 },
  { slug: 'price', type: 'money', currency: 'EUR' }, { slug: 'sold', type: 'boolean' }, { slug: 'day', type: 'date' }, { slug: 'at', type: 'datetime' },
  { slug: 'state', type: 'select', options: ['new', 'used', 'broken'] }, { slug: 'size', type: 'radio', options: ['S', 'M', 'L'] }, { slug: 'tags', type: 'multiselect', options: ['red', 'green', 'blue'] },
  { slug: 'steps', type: 'checklist', options: ['packed', 'sent'] }, { slug: 'maker', type: 'reference', target: 'makers' }, { slug: 'also', type: 'references', target: 'makers' },
  { slug: 'owner', type: 'user' }, { slug: 'more', type: 'json' }, { slug: 'plan', type: 'file' }, { slug: 'place', type: 'sequence' }, { slug: 'twice', type: 'computed', formula: 'price * 2' },
];

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const shop = (t, given) => inShop(browser, t, given);

test('every type of field is edited in its cell', async t => {
  const { open, read } = await shop(t, { fields: THINGS, records: [{ title: 'Chair' }, { title: 'Table' }] });
  const page = await open(), column = slug => THINGS.findIndex(f => f.slug === slug) + 1;
  const type = async (slug, words, end = 'Enter') => {
    await page.evaluate(() => document.querySelector('.grid [tabindex="0"]').focus());
    await cell(page, 0, column(slug)).scrollIntoViewIfNeeded();
    await cell(page, 0, column(slug)).click({ position: { x: 4, y: 4 } });
    await page.keyboard.press('Enter');
    await editing(page);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(words);
    await page.keyboard.press(end);
    await idle(page);
  };
  for (const [slug, words, end] of [
    ['title', 'Stool'], ['about', 'One line', 'Control+Enter'], ['mail', 'bo@example.com'], ['phone', '+49 30 1234'], ['site', 'example.com/x'], ['tint', 'teal'], ['zone', 'Europe/Berlin'],
    ['pieces', '1,234'], ['ratio', '0.25'], ['weight', '1.5'], ['price', '€ 1,234.50'], ['day', '2026-11-30'], ['at', '2026-11-30 14:30'], ['more', '{"a": [1, 2]}', 'Control+Enter'], ['plan', 'plan.pdf'],
  ]) await type(slug, words, end);
  for (const [slug, words] of [['state', 'us'], ['size', 'M'], ['maker', 'bo'], ['owner', 'ann']]) {
    await cell(page, 0, column(slug)).scrollIntoViewIfNeeded();
    await cell(page, 0, column(slug)).click();
    await page.keyboard.type(words);
    await page.locator('.combo-item[data-at]').filter({ hasText: new RegExp(words, 'i') }).waitFor();
    await page.keyboard.press('Enter');
    await idle(page);
  }
  for (const [slug, words] of [['tags', ['re', 'bl']], ['steps', ['se']], ['also', ['Ada', 'Cy']]]) {
    await cell(page, 0, column(slug)).scrollIntoViewIfNeeded();
    await cell(page, 0, column(slug)).click();
    await page.keyboard.press('Enter');
    await editing(page);
    for (const word of words) {
      await page.keyboard.type(word);
      await page.locator('.combo-item[data-at]').filter({ hasText: new RegExp(word, 'i') }).waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.combo-chip').filter({ hasText: new RegExp(word, 'i') }).waitFor();
    }
    await page.keyboard.press('Enter');
    await idle(page);
  }
  await cell(page, 0, column('sold')).scrollIntoViewIfNeeded();
  await cell(page, 0, column('sold')).click();
  await page.keyboard.press('Enter');
  for (const slug of ['place', 'twice']) {
    await cell(page, 0, column(slug)).scrollIntoViewIfNeeded();
    await cell(page, 0, column(slug)).click();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('[data-editing]').count(), 0, `${slug} is not typed`);
  }
  await saved(page);
  const { created_at: _, updated_at: __, place: ___, ...is } = await read('rec_1');
  assert.deepEqual(is, {
    id: 'rec_1', title: 'Stool', about: 'One line', mail: 'bo@example.com', phone: '+49 30 1234', site: ['https', '//example.com/x'].join(':'), tint: '#00796b', zone: 'Europe/Berlin', pieces: 1234, ratio: 0.25, weight: 1.5,
    price: 1234.5, sold: true, day: '2026-11-30', at: is.at, state: 'used', size: 'M', tags: ['red', 'blue'], steps: ['sent'], maker: 'rec_2', also: ['rec_1', 'rec_3'], owner: 1, more: { a: [1, 2] }, plan: is.plan, twice: 2469,
  });
  assert.equal(is.plan.name, 'plan.pdf');
  assert.equal(new Date(is.at).getTime(), new Date(2026, 10, 30, 14, 30).getTime(), 'a time is one of this place');
  assert.equal((await read('rec_2')).title, 'Table');
  await close(page);
});

test('texts that would be markup stay texts: in cells, editors, notes, menus, dialogs', async t => {
  const options = [{ value: 'new', label: EVIL }, { value: 'used' }];
  const { open } = await shop(t, { fields: [{ slug: 'title', type: 'text' }, { slug: 'about', name: EVIL, type: 'textarea' }, { slug: 'state', type: 'select', options }, { slug: 'more', type: 'json' }], records: [{ title: EVIL, about: EVIL, state: 'new', more: { [EVIL]: EVIL } }] });
  const page = await open();
  await shows(page, 0, 1, EVIL);
  await shows(page, 0, 3, EVIL);
  for (const c of [1, 2, 3, 4]) {
    await cell(page, 0, c).click();
    await page.keyboard.press('Enter');
    await editing(page);
    await page.keyboard.press('Escape');
    await idle(page);
  }
  await entry(page, 1).click();
  await page.keyboard.type(EVIL);
  await page.keyboard.press('Enter');
  await page.locator('.note').filter({ hasText: EVIL }).waitFor();
  await page.locator('thead th[data-slug="about"]').click({ button: 'right' });
  await page.locator('.menu-top').filter({ hasText: EVIL }).waitFor();
  await page.keyboard.press('Escape');
  const [, table] = await cell(page, 0, 1).click().then(() => copied(page));
  assert.ok(!table.includes('<img'), 'the table in the clipboard has no markup of records');
  assert.equal(await page.locator('.grid img, .notes img').count(), 0);
  await close(page);
});

test('the row for new records: a name and Enter, a draft that stays, what is required, undo', async t => {
  const { open, ask } = await shop(t, { records: many(3) });
  const page = await open(), names = async () => (await ask('GET', `${RECORDS}?sort=-id`)).records.map(r => r.title);
  await entry(page, 1).click();
  await page.keyboard.type('Lamp');
  await page.keyboard.press('Enter');
  await shows(page, 0, 1, 'Lamp');
  assert.equal(await place(page), 'entry 1', 'ready for the next');
  // Without its name it waits, and a reload keeps it.
  await entry(page, 2).click();
  await page.keyboard.type('7');
  await page.keyboard.press('Tab');
  await editing(page);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await editing(page);
  await page.keyboard.press('Enter');
  await page.locator('.note').filter({ hasText: 'Not yet saved: Title is empty.' }).waitFor();
  await page.reload();
  await page.waitForSelector('.grid[aria-busy="false"] tr[data-id]');
  assert.equal((await entry(page, 2).innerText()).trim(), '7');
  await entry(page, 1).click();
  await page.keyboard.type('Shelf');
  await page.keyboard.press('Enter');
  await shows(page, 0, 1, 'Shelf');
  await shows(page, 0, 2, '7');
  await saved(page);
  assert.deepEqual(await names(), ['Shelf', 'Lamp', 'Thing 3', 'Thing 2', 'Thing 1']);
  await page.locator('.note').filter({ hasText: 'Shelf added' }).getByRole('button', { name: 'Undo' }).click();
  await page.locator('.note').filter({ hasText: 'Taken back' }).waitFor();
  await saved(page);
  assert.deepEqual(await names(), ['Lamp', 'Thing 3', 'Thing 2', 'Thing 1']);
  await close(page);
});

test('undo and redo by keys, also after a reload', async t => {
  const { open, read } = await shop(t, { records: many(3) });
  const page = await open();
  await cell(page, 1, 1).click();
  await page.keyboard.type('Other');
  await page.keyboard.press('Enter');
  await shows(page, 1, 1, 'Other');
  await saved(page);
  await page.keyboard.press('Control+z');
  await shows(page, 1, 1, 'Thing 2');
  await page.keyboard.press('Control+Shift+z');
  await shows(page, 1, 1, 'Other');
  await saved(page);
  await page.reload();
  await page.waitForSelector('.grid[aria-busy="false"] tr[data-id]');
  await page.getByRole('button', { name: /^Undo: changed .*title/i }).waitFor();
  await page.keyboard.press('Control+z');
  await shows(page, 1, 1, 'Thing 2');
  await saved(page);
  assert.equal((await read('rec_2')).title, 'Thing 2');
  await close(page);
});

test('without a mouse: move, edit, range, fill, empty, filter, sort, open, leave', async t => {
  const { open, read } = await shop(t, { records: many(12) });
  const page = await open();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await place(page), '0 1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('55');
  await page.keyboard.press('Tab');
  await editing(page);
  await page.keyboard.type('9.5');
  await page.keyboard.press('Enter');
  await idle(page);
  assert.equal(await place(page), '2 3');
  await saved(page);
  const second = await read('rec_2');
  assert.deepEqual([second.pieces, second.price], [55, 9.5]);
  // The value of the active cell fills the range.
  await page.keyboard.press('ArrowUp');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowDown');
  assert.equal(await page.locator('.canvas [data-in]').count(), 4);
  await page.keyboard.press('Control+Enter');
  await page.locator('.note').filter({ hasText: '3 records changed' }).waitFor();
  await saved(page);
  assert.deepEqual(await Promise.all([2, 3, 4, 5, 6].map(async n => (await read(`rec_${n}`)).price)), [7.5, 7.5, 7.5, 7.5, 9]);
  await page.keyboard.press('Delete');
  await shows(page, 1, 3, '');
  await page.keyboard.press('Control+Home');
  assert.equal(await place(page), '0 1');
  await page.keyboard.press('Control+End');
  assert.equal(await place(page), '11 8');
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowUp');
  assert.equal(await place(page), 'entry 1');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Alt+ArrowDown');
  await page.getByRole('menuitem', { name: 'Sort descending' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await shows(page, 0, 1, 'Thing 9');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.waitForFunction(() => document.activeElement?.closest('.panel'));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.closest('tr')?.dataset.index === '0');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => !!document.activeElement.closest('.grid')), false, 'Tab leaves the grid');
  await close(page);
});

test('cells go out as text and as a table, and come in with a look at what will happen', async t => {
  const { open, ask } = await shop(t, { records: many(20) });
  const page = await open();
  await cell(page, 0, 1).click();
  await page.keyboard.press('Shift+ArrowDown');
  for (let i = 0; i < 7; i++) await page.keyboard.press('Shift+ArrowRight');
  const [text, table] = await copied(page);
  assert.equal(text, 'Thing 1\t1\t1.5\tNew\t\t\t\tAda\nThing 2\t2\t3\tUsed\t\t\t\tBo');
  assert.match(table, /<td>Thing 1<\/td><td>1<\/td>/);
  // 200 rows over a table of 20: 20 are changed, 180 are new.
  await cell(page, 0, 1).click();
  await paste(page, Array.from({ length: 200 }, (_, i) => `New ${i + 1}\t${i}\t${i}.5\tUSED\t2026-11-${String(i % 28 + 1).padStart(2, '0')}`).join('\r\n'));
  const dialog = page.getByRole('dialog', { name: 'Paste' });
  await dialog.getByText('20 update').waitFor();
  await dialog.getByText('180 new').waitFor();
  await inspect(page, 'grid-paste');
  await dialog.getByRole('button', { name: 'Paste', exact: true }).click();
  await page.locator('.note').filter({ hasText: '20 changed, 180 added' }).waitFor();
  const total = async () => (await ask('GET', `${RECORDS}?per_page=1`)).total;
  assert.equal(await total(), 200);
  const { records: [one] } = await ask('GET', `${RECORDS}?filter[title]=New%20200`);
  assert.deepEqual([one.pieces, one.price, one.state, one.day], [199, 199.5, 'used', '2026-11-04']);
  await page.keyboard.press('Control+z');
  await page.locator('.note').filter({ hasText: 'Taken back' }).waitFor();
  assert.equal(await total(), 20);
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.querySelector('.gridbox').scrollTo(0, 0));
  await shows(page, 0, 1, 'Thing 1');
  // What cannot be read is told, and left as it is.
  await cell(page, 1, 1).click();
  await paste(page, 'Good\tmany\nBetter\t5\t\t\t\t\t\tNobody');
  await page.getByText('Pieces is a whole number').or(page.getByText('Pieces is a number')).waitFor();
  await page.getByText('No record called “Nobody”').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await shows(page, 1, 1, 'Thing 2');
  await close(page);
});

test('many are ticked: edited, deleted, all that match', async t => {
  const { open, ask } = await shop(t, { records: many(150) });
  const page = await open({}, `?f=${encodeURIComponent(JSON.stringify({ all: [['state', 'anyof', ['new']]] }))}`);
  await page.getByText('50 records', { exact: true }).waitFor();
  await cell(page, 0, 1).click();
  await page.keyboard.press('Control+a');
  await page.getByText('All 50 matching selected').first().waitFor();
  await inspect(page, 'grid-bulk');
  await page.getByRole('button', { name: 'Edit field…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Field').selectOption('pieces');
  await dialog.locator('.edit-input').fill('1000');
  await inspect(page, 'grid-bulk-edit');
  await dialog.getByRole('button', { name: 'Change 50' }).click();
  await page.locator('.note').filter({ hasText: 'Pieces is 1,000 in 50 records' }).waitFor();
  const count = async filter => (await ask('GET', `${RECORDS}?per_page=1&${filter}`)).total;
  assert.equal(await count('filter[pieces]=1000'), 50);
  await page.keyboard.press('Escape');
  await page.locator('.canvas tr[data-index="0"]').hover();
  await page.locator('.canvas tr[data-index="0"] .picker').click();
  await page.locator('.canvas tr[data-index="1"] .picker').click({ force: true });
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('48 records', { exact: true }).waitFor();
  assert.equal(await count(''), 148);
  await page.locator('.note').filter({ hasText: '2 records removed' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByText('50 records', { exact: true }).waitFor();
  assert.equal(await count('filter[id]=rec_1&filter[id]=rec_4'), 2, 'under their own numbers');
  await close(page);
});

test('a filter is built, said in words, kept in the address; so are order and words; columns are kept in the browser', async t => {
  const { open } = await shop(t, { records: many(60) });
  const page = await open();
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('button', { name: 'condition', exact: true }).click();
  const row = n => page.locator('.filter-row').nth(n);
  await row(0).getByLabel('Field').selectOption('pieces');
  await row(0).getByLabel('Comparison').selectOption('gt');
  await row(0).locator('input').fill('10');
  await page.keyboard.press('Enter');
  await page.getByText('50 records match').waitFor();
  await page.getByRole('button', { name: 'group', exact: true }).click();
  await row(1).getByLabel('Field').selectOption('state');
  await row(1).locator('input').click();
  await page.keyboard.type('us');
  await page.keyboard.press('Enter');
  await page.getByText('Pieces is over 10 and State is Used').waitFor();
  await page.locator('.filter-group[data-inner]').getByRole('button', { name: 'condition', exact: true }).click();
  await row(2).getByLabel('Field').selectOption('maker');
  await row(2).locator('input').click();
  await page.keyboard.type('ada');
  await page.locator('.combo-item[data-at]').filter({ hasText: 'Ada' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Pieces is over 10 and (State is Used or Maker is Ada)').waitFor();
  await page.waitForFunction(() => document.querySelector('.foot-text')?.textContent.startsWith('33 '));
  await inspect(page, 'grid-filter');
  await page.keyboard.press('Escape');
  await page.locator('thead th[data-slug="price"] .head').click();
  await page.waitForFunction(() => new URLSearchParams(location.search).get('sort') === 'price');
  await page.reload();
  await page.waitForFunction(() => document.querySelector('.foot-text')?.textContent.startsWith('33 '));
  await page.getByRole('button', { name: 'Filter: 3 set' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('zzz');
  await page.getByText('Nothing matches: Pieces is over 10').waitFor();
  await inspect(page, 'grid-nothing');
  await page.getByRole('button', { name: 'Clear all' }).click();
  await page.waitForFunction(() => document.querySelector('.foot-text')?.textContent.startsWith('60 '));
  // Columns: hidden, moved, wider, frozen; kept over a reload.
  await page.locator('thead th[data-slug="day"]').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Hide' }).click();
  await page.locator('thead th[data-slug="state"]').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Move left' }).click();
  const grip = await page.locator('thead th[data-slug="pieces"] .grip').boundingBox();
  await page.mouse.move(grip.x + 4, grip.y + 10);
  await page.mouse.down();
  await page.mouse.move(grip.x + 84, grip.y + 10, { steps: 4 });
  await page.mouse.up();
  await page.reload();
  await page.waitForSelector('.grid[aria-busy="false"] tr[data-id]');
  assert.deepEqual(await page.$$eval('thead th[data-slug]', list => list.map(th => th.dataset.slug)), ['title', 'pieces', 'state', 'price', 'mail', 'sold', 'maker']);
  assert.equal(Math.round((await page.locator('thead th[data-slug="pieces"]').boundingBox()).width), 196);
  await page.getByRole('button', { name: 'Fields: 1 hidden' }).click();
  await inspect(page, 'grid-fields');
  await page.getByLabel('Day', { exact: true }).check();
  await page.locator('thead th[data-slug="day"]').waitFor();
  await close(page);
});

test('a view is saved, found again by its address, changed, saved to and deleted', async t => {
  const { open, ask, at } = await shop(t, { records: many(60) });
  const page = await open({}, `?sort=-pieces&f=${encodeURIComponent(JSON.stringify({ all: [['state', 'anyof', ['used']]] }))}`);
  await shows(page, 0, 1, 'Thing 59');
  await page.locator('thead th[data-slug="day"]').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Hide' }).click();
  await page.getByRole('button', { name: 'Views: All Things' }).click();
  await page.getByLabel('Save as a new view').fill('Used ones');
  await inspect(page, 'grid-views');
  await page.locator('.viewsbox').getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/\/_\/shop\/t\/things\/v\/used-ones$/);
  await page.reload();
  await shows(page, 0, 1, 'Thing 59');
  assert.equal(await page.locator('thead th[data-slug="day"]').count(), 0);
  const { views: [view] } = await ask('GET', '/api/apps/shop/schemas/things/views');
  assert.deepEqual([view.filter, view.sort, view.fields.includes('day'), view.shared], ["(state = 'used')", ['-pieces'], false, false]);
  assert.equal((await ask('GET', `${RECORDS}?view=used-ones`)).total, 20, 'programs ask by it, too');
  // Another order is the address's until it is saved.
  await page.locator('thead th[data-slug="price"] .head').click();
  await shows(page, 0, 1, 'Thing 2');
  await page.getByRole('button', { name: 'Views: Used ones' }).click();
  await page.getByRole('button', { name: 'Save to Used ones' }).click();
  await page.waitForFunction(() => !new URLSearchParams(location.search).has('sort'));
  assert.deepEqual((await ask('GET', '/api/apps/shop/schemas/things/views')).views[0].sort, ['price']);
  await page.getByRole('button', { name: 'Delete view' }).click();
  await page.waitForURL(/\/t\/things$/);
  await shows(page, 0, 1, 'Thing 1');
  await page.goto(at('/_/shop/t/things/v/used-ones'));
  await page.getByText('There is no view “used-ones” any more').waitFor();
  await shows(page, 0, 1, 'Thing 1');
  await close(page);
});

test('rows stand in groups with their counts and sums, which fold; the address says so', async t => {
  const { open } = await shop(t, { records: many(60) });
  const page = await open();
  await page.getByRole('button', { name: 'Group', exact: true }).click();
  await page.getByLabel('Group by').selectOption('maker');
  await page.waitForFunction(() => new URLSearchParams(location.search).get('g') === 'maker');
  await page.keyboard.press('Escape');
  const group = n => page.locator('.canvas tr[data-group]').nth(n);
  await group(0).filter({ hasText: /Ada\s*20 records/ }).waitFor();
  await shows(page, 0, 2, '590');
  await shows(page, 1, 1, 'Thing 1');
  await shows(page, 20, 1, 'Thing 58');
  await inspect(page, 'grid-groups');
  await group(0).locator('.fold').click();
  await page.waitForFunction(() => new URLSearchParams(location.search).has('gf'));
  await group(1).filter({ hasText: 'Bo' }).waitFor();
  await shows(page, 2, 1, 'Thing 2');
  await page.reload();
  await shows(page, 2, 1, 'Thing 2');
  assert.equal(await group(0).locator('.fold').getAttribute('aria-expanded'), 'false');
  // By keyboard: open again, and move a record from one group to another.
  await group(0).locator('> :nth-child(2)').click({ position: { x: 200, y: 10 } });
  await page.keyboard.press('Enter');
  await shows(page, 1, 1, 'Thing 1');
  await cell(page, 1, 8).click();
  await page.keyboard.type('Cy');
  await page.keyboard.press('Enter');
  await group(0).filter({ hasText: '19 records' }).waitFor();
  await saved(page);
  await shows(page, 1, 1, 'Thing 1');
  await page.getByRole('button', { name: 'Sort again' }).click();
  await shows(page, 1, 1, 'Thing 4');
  await close(page);
});

test('a table of a hundred thousand: the end at once, few nodes, 18 rows in sight', async t => {
  const { open, ask } = await shop(t);
  for (let n = 0; n < 2; n++) await ask('POST', RECORDS, Array.from({ length: 50_000 }, (_, i) => ({ title: `Thing ${n * 50_000 + i + 1}`, pieces: i })));
  const page = await open();
  await shows(page, 0, 1, 'Thing 1');
  assert.equal(await page.locator('.grid').getAttribute('aria-rowcount'), '100002');
  await page.waitForSelector('.foot');
  const inSight = await page.$$eval('.canvas tr', list => { const foot = document.querySelector('.foot').getBoundingClientRect().top, head = document.querySelector('.entry').getBoundingClientRect().bottom; return list.map(r => r.getBoundingClientRect()).filter(b => b.bottom <= foot + 1 && b.top >= head - 1).length; });
  assert.ok(inSight >= 18, `${inSight} rows in sight`);
  const began = Date.now();
  await page.evaluate(() => { const box = document.querySelector('.gridbox'); box.scrollTop = box.scrollHeight; });
  await shows(page, 99_999, 1, 'Thing 100000');
  assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms to the end`);
  const nodes = () => page.evaluate(() => document.querySelectorAll('*').length);
  assert.ok(await nodes() <= 1_500, `${await nodes()} nodes`);
  // Scrolling for a while: rows come and go, and no node stays behind.
  await page.evaluate(() => new Promise(done => {
    const box = document.querySelector('.gridbox');
    let n = 0;
    const step = () => { box.scrollTop = (n * 7919 * 50) % box.scrollHeight; if (++n < 60) requestAnimationFrame(step); else done(); };
    step();
  }));
  assert.ok(await nodes() <= 1_500, `${await nodes()} nodes after scrolling`);
  await page.evaluate(() => document.querySelector('.gridbox').scrollTo(0, 34 * 50_000));
  await page.waitForFunction(() => [...document.querySelectorAll('.canvas tr[data-id]')].some(r => r.dataset.index === '50005'));
  await cell(page, 50_005, 1).click();
  await page.keyboard.type('Middle');
  await page.keyboard.press('Enter');
  await shows(page, 50_005, 1, 'Middle');
  await saved(page);
  await close(page);
});

test('two edit the same cell: the later one sees both values and chooses; other cells are nobody\'s business', async t => {
  const { open, ask, read } = await shop(t, { records: many(3) });
  const page = await open();
  page.expected.add(412);
  await shows(page, 0, 1, 'Thing 1');
  await cell(page, 0, 1).click();
  await page.keyboard.type('Mine');
  await ask('PATCH', `${RECORDS}/rec_1`, { title: 'Theirs', pieces: 99 });
  // What the other did is in sight by now, but for the cell that is being edited.
  await shows(page, 0, 2, '99');
  await page.keyboard.press('Enter');
  const note = page.locator('.note').filter({ hasText: 'Yours: Mine. Theirs: Theirs.' });
  await note.waitFor();
  assert.equal((await read('rec_1')).title, 'Theirs', 'nothing is overwritten');
  await shows(page, 0, 1, 'Theirs');
  await note.getByRole('button', { name: 'Keep mine' }).click();
  await shows(page, 0, 1, 'Mine');
  await ask('PATCH', `${RECORDS}/rec_1`, { pieces: 5 });
  await cell(page, 0, 3).click();
  await page.keyboard.type('8');
  await page.keyboard.press('Enter');
  await shows(page, 0, 2, '5');
  await shows(page, 0, 3, '€8.00');
  await saved(page);
  const now = await read('rec_1');
  assert.deepEqual([now.title, now.pieces, now.price], ['Mine', 5, 8]);
  await close(page);
});

test('what the server refuses stays at its cell, with the reason', async t => {
  const { open, read } = await shop(t, { records: many(2) });
  const page = await open();
  page.expected.add(400);
  await cell(page, 0, 1).click();
  await page.keyboard.press('Delete');
  await page.locator('.note').filter({ hasText: 'Not saved' }).waitFor();
  assert.equal(await cell(page, 0, 1).getAttribute('aria-invalid'), 'true');
  await cell(page, 0, 6).click();
  await page.keyboard.type('nobody');
  await page.keyboard.press('Enter');
  await page.getByText('Mail needs an @. You typed “nobody”.').waitFor();
  await inspect(page, 'grid-refused');
  await page.keyboard.type('@example.com');
  await page.keyboard.press('Enter');
  await idle(page);
  await shows(page, 0, 6, 'nobody@example.com');
  assert.equal((await read('rec_1')).title, 'Thing 1');
  await close(page);
});

test('without the server: edits wait, survive a reload, and are sent when it is back', async t => {
  const { open, read } = await shop(t, { records: many(3) });
  const page = await open();
  page.expected.add('offline');
  await shows(page, 0, 1, 'Thing 1');
  await cell(page, 0, 1).click();
  await page.keyboard.press('Enter');
  await editing(page);
  await page.keyboard.press('Escape');
  await page.context().setOffline(true);
  await cell(page, 0, 1).click();
  await page.keyboard.type('Offline');
  await page.keyboard.press('Enter');
  await cell(page, 1, 2).click();
  await page.keyboard.type('77');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.save')?.textContent.trim() === '2 waiting');
  await shows(page, 0, 1, 'Offline');
  await page.getByText('You can go on; 2 changes wait in this browser.').waitFor();
  await inspect(page, 'grid-waiting');
  await page.context().setOffline(false);
  await saved(page);
  assert.equal((await read('rec_1')).title, 'Offline');
  assert.equal((await read('rec_2')).pieces, 77);
  await close(page);
});

test('a session that ends in the middle of an edit: after the sign-in it is saved', async t => {
  const { open, read } = await shop(t, { records: many(2) });
  const page = await open();
  page.expected.add(401);
  await page.waitForSelector('.foot-number');
  await cell(page, 0, 1).click();
  await page.keyboard.press('Enter');
  await editing(page);
  await page.context().clearCookies();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Kept');
  await page.keyboard.press('Enter');
  await page.waitForURL(/sign-in\?next=/);
  await page.fill('#username', 'ann@example.com');
  await page.fill('#password', 'correct horse battery');
  await page.keyboard.press('Enter');
  await shows(page, 0, 1, 'Kept');
  await saved(page);
  assert.equal((await read('rec_1')).title, 'Kept');
  await close(page);
});

test('who may only look finds nothing that would fail', async t => {
  const { open, ask, at } = await shop(t, { records: many(3) });
  await ask('POST', '/api/workspaces/default/users', { email: 'vic@example.com', name: 'Vic', role: 'member', password: 'correct horse battery' });
  await ask('POST', '/api/workspaces/default/grants', { user: 'vic@example.com', app: 'shop', role: 'viewer' });
  const context = await browser.newContext();
  assert.ok((await context.request.post(at('/auth/login/'), { data: { username: 'vic@example.com', password: 'correct horse battery' } })).ok());
  const page = await open({ state: await context.storageState() });
  await context.close();
  await shows(page, 0, 1, 'Thing 1');
  await page.getByText('Read only', { exact: true }).first().waitFor();
  assert.equal(await page.locator('.entry').count(), 0);
  assert.equal(await page.getByRole('button', { name: 'New record' }).count(), 0);
  await cell(page, 0, 1).click();
  await page.keyboard.type('x');
  await page.keyboard.press('Delete');
  assert.equal(await page.locator('[data-editing]').count(), 0);
  await page.keyboard.press('Shift+Space');
  await page.getByText('1 selected', { exact: true }).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0);
  await inspect(page, 'grid-readonly');

  // Who may change records and make none is offered no new one.
  await ask('POST', '/api/apps/shop/roles', { slug: 'fixer', schemas: { things: { list: true, read: true, update: true } } });
  await ask('POST', '/api/workspaces/default/grants', { user: 'vic@example.com', app: 'shop', role: 'fixer' });
  await page.reload();
  await shows(page, 0, 1, 'Thing 1');
  await page.waitForSelector('.foot-number');
  assert.deepEqual([await page.locator('.entry').count(), await page.getByRole('button', { name: 'New record' }).count()], [0, 0]);
  await cell(page, 0, 1).click();
  await page.keyboard.type('Mended');
  await page.keyboard.press('Enter');
  await shows(page, 0, 1, 'Mended');
  await saved(page);
  await page.keyboard.press('Shift+Space');
  await page.getByRole('button', { name: 'Edit field…' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Delete' }).count(), 0);
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`the grid is accessible while it is worked in: ${scheme}, ${view.width} px`, async t => {
      const { open } = await shop(t, { records: many(40) });
      const page = await open({ scheme, view }), name = part => `grid-${part}-${scheme}-${size}`;
      await shows(page, 0, 1, 'Thing 1');
      await inspect(page, name('rest'));
      await page.getByRole('button', { name: 'New record' }).click();
      await editing(page);
      await inspect(page, name('entry'));
      await page.keyboard.press('Escape');
      for (const button of view === WIDE ? ['Filter', 'Sort', 'Fields', 'Group'] : ['Filter', 'Sort']) {
        await page.getByRole('button', { name: button, exact: true }).click();
        await page.locator('.drop:popover-open').waitFor();
        await inspect(page, name(button.toLowerCase()));
        await page.keyboard.press('Escape');
      }
      if (view === WIDE) {
        for (const [c, what] of [[4, 'select'], [8, 'relation'], [5, 'date']]) {
          await cell(page, 2, c).click();
          await page.keyboard.press('Enter');
          await editing(page);
          await inspect(page, name(what));
          await page.keyboard.press('Escape');
        }
        await cell(page, 1, 1).click();
        await page.keyboard.press('Shift+ArrowDown');
        await page.keyboard.press('Shift+ArrowRight');
        await inspect(page, name('range'));
        await page.keyboard.press('Shift+Space');
        await page.locator('.bulk').waitFor();
        await inspect(page, name('ticked'));
        await page.locator('thead th[data-slug="price"]').click({ button: 'right' });
        await page.getByRole('menuitem', { name: 'Wider' }).waitFor();
        await inspect(page, name('menu'));
      }
      await close(page);
    });
  }
}
