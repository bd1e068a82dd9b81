// What a list does beyond one edit: groups in groups, rows that stay until they are sorted again, filters that count days and suggest values,
// many records at once, nobody's newer values overwritten, and rows that are put into an order of one's own.
//   CARRYALL_BIN   the executable
// Not here: editing, keys and views (grid.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, inspect, launch, until } from './browser.mjs';
import { RECORDS, cell, many, paste, place, saved, shop as inShop, shows } from './shop.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const shop = (t, given) => inShop(browser, t, given);
const group = (page, n) => page.locator('.canvas tr[data-group]').nth(n);
const strayed = (page, r) => page.locator(`.canvas tr[data-index="${r}"][data-strayed]`);
const type = async (page, r, c, words) => {
  await cell(page, r, c).click();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
};
const query = (page, name) => page.evaluate(key => new URLSearchParams(location.search).get(key), name);
const asked = tree => `?f=${encodeURIComponent(JSON.stringify(tree))}`;
const counts = (page, text) => page.waitForFunction(want => document.querySelector('.foot-text')?.textContent.startsWith(want), text);

test('groups in groups: counts and sums at each, closed alone or all at once, kept in the address and in a view', async t => {
  // Every maker has things in every state: twenty each, six or seven of a state.
  const { open } = await shop(t, { records: many(60).map((r, i) => ({ ...r, state: ['used', 'new', 'broken'][Math.floor(i / 3) % 3] })) });
  const page = await open();
  await page.locator('thead th[data-slug="maker"]').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Group by this' }).click();
  await group(page, 1).filter({ hasText: 'Bo' }).waitFor();
  await page.getByRole('button', { name: 'Group by Maker' }).click();
  await page.locator('ui-groupbox').getByLabel('Then by').selectOption('state');
  await page.waitForFunction(() => new URLSearchParams(location.search).get('g') === 'maker,state');
  await group(page, 0).filter({ hasText: /Ada\s*20 records/ }).waitFor();
  await group(page, 1).filter({ hasText: /New\s*7 records/ }).waitFor();
  assert.deepEqual(await page.$$eval('.canvas tr[data-group]', list => list.map(r => [r.dataset.group, r.dataset.index])).then(l => l.slice(0, 3)), [['0', '0'], ['1', '1'], ['1', '9']], 'options stand in their order');
  await shows(page, 0, 2, '590');
  await shows(page, 0, 3, '€885.00');
  await shows(page, 2, 1, 'Thing 4');
  await inspect(page, 'lists-groups');
  await page.locator('ui-groupbox').getByRole('button', { name: 'Close all' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.canvas tr').length === 3);
  await page.keyboard.press('Escape');
  // By keyboard: one is opened, and one in it.
  await group(page, 1).locator('> :nth-child(2)').click({ position: { x: 190, y: 10 } });
  await page.keyboard.press('Enter');
  await group(page, 2).filter({ hasText: 'New' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  await shows(page, 3, 1, 'Thing 5');
  assert.deepEqual(JSON.parse(await query(page, 'gf')), ['*', '"rec_2"', '["rec_2","new"]']);
  await page.reload();
  await shows(page, 3, 1, 'Thing 5');
  // The view keeps all of it.
  await page.getByRole('button', { name: 'Views: All Things' }).click();
  await page.getByLabel('Save as a new view').fill('By maker');
  await page.locator('.viewsbox').getByRole('button', { name: 'Save', exact: true }).click();
  await page.waitForURL(/\/v\/by-maker$/);
  await page.reload();
  await shows(page, 3, 1, 'Thing 5');
  assert.equal(await query(page, 'g'), null);
  // Without groups under a view that has some.
  await page.getByRole('button', { name: 'Group by Maker, State' }).click();
  await page.getByRole('button', { name: 'Do not group by State' }).click();
  await page.getByRole('button', { name: 'Do not group by Maker' }).click();
  await shows(page, 0, 1, 'Thing 1');
  await close(page);
});

test('a sum follows an edit; a record that goes to another group stays until it is sorted again', async t => {
  const { open } = await shop(t, { records: many(6) });
  const page = await open({}, '?g=maker');
  await shows(page, 0, 2, '5');
  await type(page, 1, 2, '10');
  await shows(page, 0, 2, '14');
  assert.equal(await page.locator('[data-strayed]').count(), 0, 'no group is another one by that');
  await type(page, 1, 8, 'Cy');
  await strayed(page, 1).waitFor();
  await group(page, 0).filter({ hasText: /Ada\s*1 record/ }).waitFor();
  await shows(page, 1, 1, 'Thing 1');
  await inspect(page, 'lists-strayed');
  await page.getByRole('button', { name: '1 record is out of place. Sort again' }).click();
  await shows(page, 1, 1, 'Thing 4');
  await shows(page, 6, 1, 'Thing 1');
  assert.equal(await page.locator('.again').count(), 0);
  await close(page);
});

test('an edited row stays where it stands, is marked when it belongs elsewhere, and goes there when that is asked for', async t => {
  const { open } = await shop(t, { records: many(30) });
  const page = await open({}, '?sort=pieces');
  await shows(page, 0, 1, 'Thing 1');
  await type(page, 0, 1, 'Renamed');
  await type(page, 2, 2, '3');
  await saved(page);
  await type(page, 1, 2, '99');
  await strayed(page, 1).waitFor();
  await shows(page, 1, 2, '99');
  assert.deepEqual(await page.$$eval('[data-strayed]', list => list.map(r => [r.dataset.index, r.dataset.strayed])), [['1', 'order']], 'only what would move is marked');
  // Back where it belongs: no mark any more.
  await type(page, 1, 2, '2');
  await strayed(page, 1).waitFor({ state: 'detached' });
  await type(page, 1, 2, '99');
  await page.getByRole('button', { name: 'Sort again' }).click();
  await shows(page, 1, 1, 'Thing 3');
  await shows(page, 29, 1, 'Thing 2').catch(() => {});
  await page.keyboard.press('Control+End');
  await shows(page, 29, 1, 'Thing 2');
  await close(page);

  const other = await open({}, asked({ all: [['state', 'anyof', ['used']]] }));
  await counts(other, '10 ');
  await type(other, 0, 4, 'new');
  await strayed(other, 0).waitFor();
  assert.match(await strayed(other, 0).locator('.number').getAttribute('title'), /no longer fits/);
  await other.getByRole('button', { name: 'Sort again' }).click();
  await counts(other, '9 ');
  await shows(other, 0, 1, 'Thing 5');
  await close(other);
});

test('a filter counts days, knows when a record was made, suggests values, goes three groups deep and says all of it', async t => {
  const today = new Date(), day = n => { const at = new Date(today.getFullYear(), today.getMonth(), today.getDate() + n); return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`; };
  const { open } = await shop(t, { records: many(20).map((r, i) => ({ ...r, day: day(-i), mail: i % 4 ? 'often@example.com' : `m${i}@example.com` })) });
  const page = await open();
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByRole('button', { name: 'condition', exact: true }).click();
  const row = n => page.locator('.filter-row').nth(n);
  await row(0).getByLabel('Field').selectOption('day');
  await row(0).getByLabel('Comparison').selectOption('lastn');
  await page.getByText('7 records match').waitFor();
  await row(0).locator('input').fill('3');
  await page.keyboard.press('Enter');
  await page.getByText('Day is in the last 3 days').waitFor();
  await counts(page, '3 ');
  await row(0).getByLabel('Comparison').selectOption('ago');
  await page.getByText('Day is before 3 days ago').waitFor();
  await counts(page, '16 ');
  await row(0).getByLabel('Field').selectOption('created_at');
  await row(0).getByLabel('Comparison').selectOption('within');
  await row(0).getByLabel('Value for Created').selectOption('today');
  await page.getByText('Created is today').waitFor();
  await counts(page, '20 ');
  // A group in a group in a group; the focus is in what was added.
  await page.getByRole('button', { name: 'group', exact: true }).click();
  await page.waitForFunction(() => document.activeElement?.closest('.filter-group[data-inner]'));
  await page.locator('.filter-group[data-inner]').getByRole('button', { name: 'group', exact: true }).click();
  await page.waitForFunction(() => document.activeElement?.closest('.filter-group[data-inner] .filter-group[data-inner]'));
  assert.equal(await page.getByRole('button', { name: 'group', exact: true }).count(), 2, 'no deeper');
  await row(2).getByLabel('Field').selectOption('mail');
  await row(2).getByLabel('Comparison').selectOption('is');
  await row(2).locator('input').click();
  await page.waitForFunction(() => document.querySelector('.filter-row datalist option')?.value === 'often@example.com');
  await page.keyboard.type('m8');
  await page.waitForFunction(() => [...document.querySelectorAll('.filter-row datalist option')].map(o => o.value).join() === 'm8@example.com');
  await row(2).locator('input').fill('m8@example.com');
  await page.keyboard.press('Enter');
  await row(1).getByLabel('Field').selectOption('maker');
  await row(1).locator('input').click();
  await page.keyboard.type('ada');
  await page.locator('.combo-item[data-at]').filter({ hasText: 'Ada' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Created is today and (Maker is Ada or E-mail is m8@example.com)').or(page.getByText('Created is today and (Maker is Ada or Mail is m8@example.com)')).first().waitFor();
  await counts(page, '8 ');
  await inspect(page, 'lists-filter');
  await close(page);
  // From an address: linked records by their names, also where nothing matches.
  const none = await open({}, asked({ all: [['maker', 'anyof', ['rec_2']], ['pieces', 'gt', 999]] }));
  await none.getByText('Nothing matches: Maker is Bo and Pieces is over 999.').waitFor();
  await close(none);
});

test('ticked records are duplicated, without what only one may have; one step takes that back', async t => {
  const fields = [{ slug: 'title', type: 'text', required: true }, { slug: 'mail', type: 'email', unique: true }, { slug: 'tags', type: 'multiselect', options: ['red', 'blue'] }, { slug: 'place', type: 'sequence' }];
  const { open, ask } = await shop(t, { fields, records: [{ title: 'Chair', mail: 'a@example.com', tags: ['red'] }, { title: 'Table', tags: [] }, { title: 'Lamp' }] });
  const page = await open();
  for (const r of [0, 1]) { await cell(page, r, 1).click(); await page.keyboard.press('Shift+ '); }
  await page.getByRole('button', { name: 'Duplicate' }).click();
  const note = page.locator('.note').filter({ hasText: '2 records duplicated. Left empty, because no two records may have the same: Mail.' });
  await note.waitFor();
  const made = (await ask('GET', `${RECORDS}?sort=id`)).records.slice(3);
  assert.deepEqual(made.map(r => [r.title, r.mail, r.tags, r.place]), [['Chair', null, ['red'], 4], ['Table', null, [], 5]]);
  await note.getByRole('button', { name: 'Undo' }).click();
  await counts(page, '3 ');
  assert.equal((await ask('GET', RECORDS)).total, 3);
  await close(page);
});

test('many cells at once overwrite nothing newer: both values are shown first, for a paste and for an edit of ticked records', async t => {
  const { open, ask, read } = await shop(t, { records: many(6) });
  const page = await open();
  await shows(page, 5, 1, 'Thing 6');
  // What others do does not come into sight before the paste: its news never arrive here.
  await page.route(/\/changes\?/, () => {});
  await page.reload();
  await shows(page, 5, 1, 'Thing 6');
  await ask('PATCH', `${RECORDS}/rec_2`, { pieces: 77 });
  await cell(page, 0, 2).click();
  await paste(page, '11\n12\n13');
  const dialog = page.getByRole('dialog', { name: 'Changed in between' });
  await dialog.getByText('Thing 2, Pieces: yours 12, theirs 77').waitFor();
  assert.deepEqual([(await read('rec_1')).pieces, (await read('rec_2')).pieces], [1, 77], 'nothing is written yet');
  await inspect(page, 'lists-clash');
  await dialog.getByRole('button', { name: 'Take theirs' }).click();
  await shows(page, 2, 2, '13');
  await shows(page, 1, 2, '77');
  assert.equal((await read('rec_2')).pieces, 77);
  await ask('PATCH', `${RECORDS}/rec_4`, { pieces: 88 });
  await cell(page, 3, 2).click();
  await paste(page, '21\n22');
  await dialog.getByRole('button', { name: 'Keep mine' }).click();
  await shows(page, 3, 2, '21');
  await saved(page);
  assert.equal((await read('rec_4')).pieces, 21);
  // Ticked records, in one of which the same field is another by now; other fields of others are nobody's business.
  await ask('PATCH', `${RECORDS}/rec_5`, { title: 'Renamed', pieces: 5 });
  await ask('PATCH', `${RECORDS}/rec_6`, { pieces: 99 });
  for (const r of [4, 5]) { await cell(page, r, 1).click(); await page.keyboard.press('Shift+ '); }
  await page.getByRole('button', { name: 'Edit field…' }).click();
  const asks = page.getByRole('dialog', { name: 'Edit a field' });
  await asks.getByLabel('Field').selectOption('title');
  await asks.locator('edit-text input').fill('Same');
  await asks.getByRole('button', { name: 'Change 2' }).click();
  await dialog.getByText('Renamed, Title: yours Same, theirs Renamed').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await shows(page, 4, 1, 'Renamed');
  assert.deepEqual([(await read('rec_5')).title, (await read('rec_6')).title], ['Renamed', 'Thing 6']);
  await close(page);
});

test('what is pressed and pasted before the part is here that takes it in is not lost', async t => {
  const { open, read } = await shop(t, { records: many(3) });
  const page = await open(), held = [];
  const hold = part => page.route(part, route => { held.push(() => route.continue()); });
  await shows(page, 0, 1, 'Thing 1');
  for (const part of ['**/ui/keys.js', '**/ui/gridclip.js', '**/ui/side.js']) await hold(part);
  await page.reload();
  await shows(page, 0, 1, 'Thing 1');
  await page.waitForSelector('.foot-number');
  await cell(page, 0, 2).click();
  await paste(page, '41');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  await page.keyboard.press('Control+k');
  await until(page, () => held.length === 3);
  for (const go of held) go();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.panel h2').filter({ hasText: 'Thing 2' }).waitFor();
  await until(page, async () => (await read('rec_1')).pieces === 41);
  await close(page);
});

test('two values typed before the editor is here are two values, in the list and for new records', async t => {
  const { open, ask } = await shop(t, { records: many(3) });
  const page = await open(), held = [];
  await page.route('**/ui/editors/editors.js', route => { held.push(() => route.continue()); });
  const late = async last => { held.length = 0; await page.reload(); await shows(page, 2, 1, last); await until(page, () => held.length > 0); }, come = () => { for (const go of held.splice(0)) go(); };
  await late('Thing 3');
  // A key that comes while nothing has the focus is for the cell that is marked.
  await page.keyboard.press('ArrowDown');
  await page.keyboard.type('AAA');
  await page.keyboard.press('Enter');
  await page.keyboard.type('BBB');
  await page.keyboard.press('Enter');
  come();
  await shows(page, 1, 1, 'AAA');
  await shows(page, 2, 1, 'BBB');
  await saved(page);
  await late('BBB');
  await page.locator('.entry [data-col="1"]').click();
  for (const title of ['New one', 'New two']) { await page.keyboard.type(title); await page.keyboard.press('Enter'); }
  await page.keyboard.type('Left');
  await page.keyboard.press('Tab');
  await page.keyboard.type('7');
  await page.keyboard.press('Enter');
  come();
  await until(page, async () => (await ask('GET', RECORDS)).total === 6);
  assert.deepEqual((await ask('GET', `${RECORDS}?sort=id`)).records.map(r => r.title), ['Thing 1', 'AAA', 'BBB', 'New one', 'New two', 'Left']);
  assert.equal((await ask('GET', `${RECORDS}?filter[title]=Left`)).records[0].pieces, 7);
  await close(page);
});

test('what is typed for the palette or the search before they are here is typed into them, and not into the cell behind', async t => {
  const { open, read } = await shop(t, { records: many(3) });
  const page = await open(), held = [];
  await page.route('**/ui/palette.js', route => { held.push(() => route.continue()); });
  await page.reload();
  await shows(page, 0, 1, 'Thing 1');
  await cell(page, 0, 1).click();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('makerx');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Enter');
  await until(page, () => held.length > 0);
  for (const go of held.splice(0)) go();
  await page.waitForURL(/\/t\/makers/);
  assert.equal((await read('rec_1')).title, 'Thing 1');
  await page.unroute('**/ui/palette.js');
  await page.route('**/ui/keys.js', route => { held.push(() => route.continue()); });
  await page.reload();
  await shows(page, 0, 1, 'Ada');
  await page.keyboard.type('/Bo');
  await until(page, () => held.length > 0);
  for (const go of held.splice(0)) go();
  await shows(page, 0, 1, 'Bo');
  assert.equal(await query(page, 'q'), 'Bo');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('things');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/t\/things/);
  await close(page);
});

test('a block of two hundred by five: what is updated and what is new is told before, and one step takes all of it back', async t => {
  const { open, ask } = await shop(t, { records: many(50) });
  const page = await open();
  await cell(page, 0, 1).click();
  const block = Array.from({ length: 200 }, (_, i) => [`Pasted ${i + 1}`, i * 2, `€ ${i}.50`, 'Used', '2026-11-30'].join('\t')).join('\n');
  await paste(page, block);
  const dialog = page.getByRole('dialog', { name: 'Paste' });
  await dialog.getByText('200 rows: 50 update, 150 new').waitFor();
  await dialog.getByRole('button', { name: 'Paste', exact: true }).click();
  const note = page.locator('.note').filter({ hasText: '50 changed, 150 added' });
  await note.waitFor();
  const { records, total } = await ask('GET', `${RECORDS}?sort=id&limit=1000`);
  assert.deepEqual([total ?? records.length, records[49].title, records[49].price, records[199].title, records[199].pieces, records[199].day], [200, 'Pasted 50', 49.5, 'Pasted 200', 398, '2026-11-30']);
  await note.getByRole('button', { name: 'Undo' }).click();
  await counts(page, '50 ');
  assert.equal((await ask('GET', `${RECORDS}/rec_50`)).title, 'Thing 50');
  await close(page);
});

test('a paste into groups passes over the groups themselves', async t => {
  const { open, ask } = await shop(t, { records: many(6) });
  const page = await open({}, '?g=maker');
  await shows(page, 1, 1, 'Thing 1');
  await cell(page, 1, 2).click();
  await paste(page, '11\n12\n13');
  await shows(page, 4, 2, '13');
  await saved(page);
  assert.deepEqual((await ask('GET', `${RECORDS}?sort=id`)).records.map(r => r.pieces), [11, 13, 3, 12, 5, 6]);
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`groups, long values and marked rows are accessible: ${scheme}, ${view.width} px`, async t => {
      const long = 'A name that is far longer than the column it stands in, and goes on and on without an end '.repeat(3);
      const { open, ask } = await shop(t, { records: [...many(30), { title: long, pieces: 31, state: 'new', maker: 'rec_1' }] });
      await ask('PATCH', '/api/apps/shop/schemas/makers/records/rec_1', { name: long });
      const page = await open({ view, scheme }, '?g=maker,state&sort=-pieces');
      await group(page, 0).waitFor();
      await page.locator('.canvas tr[data-id]').first().waitFor();
      await inspect(page, `lists-${scheme}-${size}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, 'not wider than the screen');
      await close(page);
    });
  }
}

const TITLES = ['Ask', 'Build', 'Check', 'Deliver', 'Enjoy'], PLACES = [{ slug: 'title', type: 'text', required: true }, { slug: 'place', type: 'sequence' }];
const standing = async (page, titles) => { for (const [r, title] of titles.entries()) await shows(page, r, 1, title); };
const heard = (page, text) => page.waitForFunction(want => document.getElementById('live').textContent === want, text);
const order = async ask => (await ask('GET', `${RECORDS}?sort=place`)).records.map(r => r.title);
/** Takes the row r by its handle to the upper or the lower half of another one, and does not let go. */
async function carry(page, r, to, isLower = false) {
  const handle = await page.locator(`.canvas tr[data-index="${r}"] .carry`).boundingBox(), row = await page.locator(`.canvas tr[data-index="${to}"]`).boundingBox(), x = handle.x + handle.width / 2;
  await page.mouse.move(x, handle.y + handle.height / 2);
  await page.mouse.down();
  await page.mouse.move(x + 2, handle.y + handle.height / 2 + 8);
  await page.mouse.move(x + 4, row.y + row.height * (isLower ? 0.8 : 0.2), { steps: 4 });
  await page.waitForSelector('.grid[data-carrying]');
}

test('on a phone a finger takes a card by its handle; beside it the list scrolls', async t => {
  const { open, ask } = await shop(t, { fields: PLACES, records: [...TITLES, ...Array.from({ length: 20 }, (_, i) => `More ${i + 1}`)].map(title => ({ title })) });
  const page = await open({ view: PHONE, scheme: 'dark' }, '?sort=place'), cdp = await page.context().newCDPSession(page);
  const touch = (type, x, y) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
  const card = r => page.locator(`.canvas tr[data-index="${r}"]`).boundingBox(), title = async () => (await page.locator('.canvas tr[data-id] [data-slot="name"]').allInnerTexts()).slice(0, 5);
  await page.waitForSelector('.canvas tr[data-index="4"]');
  await inspect(page, 'lists-carry-phone');
  const handle = await page.locator('.canvas tr[data-index="4"] .carry').boundingBox(), to = await card(1), x = handle.x + handle.width / 2;
  assert.ok(handle.width >= 24 && handle.height >= 24, 'large enough for a finger');
  await touch('touchStart', x, handle.y + handle.height / 2);
  for (let step = 0; step <= 4; step++) await touch('touchMove', x, handle.y + handle.height / 2 + (to.y + 8 - handle.y - handle.height / 2) * step / 4);
  await page.waitForSelector('.canvas tr[data-index="1"][data-line="before"]');
  await touch('touchEnd');
  await page.locator('.note').filter({ hasText: 'Enjoy moved.' }).waitFor();
  assert.deepEqual(await title(), ['Ask', 'Enjoy', 'Build', 'Check', 'Deliver']);
  assert.deepEqual((await order(ask)).slice(0, 5), ['Ask', 'Enjoy', 'Build', 'Check', 'Deliver']);
  assert.equal(new URL(page.url()).searchParams.get('r'), null, 'no record is opened by it');
  const from = await card(3);
  await touch('touchStart', 200, from.y + 30);
  for (let step = 1; step <= 8; step++) await touch('touchMove', 200, from.y + 30 - step * 25);
  await touch('touchEnd');
  await page.waitForFunction(() => document.querySelector('.gridbox').scrollTop > 50);
  assert.deepEqual((await order(ask)).slice(0, 5), ['Ask', 'Enjoy', 'Build', 'Check', 'Deliver']);
  await close(page);
});

test('rows are dragged into an order of one\'s own: shown at once, one step takes it back, Esc leaves all as it was', async t => {
  const { open, ask } = await shop(t, { fields: PLACES, records: TITLES.map(title => ({ title })) });
  const page = await open({}, '?sort=place');
  await standing(page, TITLES);
  assert.equal(await page.locator('.carry').count(), 5);
  // Before the server has answered.
  let let_go;
  const held = new Promise(done => { let_go = done; });
  await page.route('**/resequence', async route => { await held; await route.continue(); });
  await carry(page, 4, 1);
  await page.waitForSelector('.canvas tr[data-index="1"][data-line="before"]');
  await page.waitForSelector('.canvas tr[data-index="4"][data-carried]');
  await inspect(page, 'lists-carry');
  await page.mouse.up();
  await standing(page, ['Ask', 'Enjoy', 'Build', 'Check', 'Deliver']);
  await heard(page, 'Moved to place 2 of 5');
  assert.deepEqual(await order(ask), TITLES);
  let_go();
  const note = page.locator('.note').filter({ hasText: 'Enjoy moved.' });
  await note.waitFor();
  await shows(page, 1, 2, '2');
  assert.deepEqual(await order(ask), ['Ask', 'Enjoy', 'Build', 'Check', 'Deliver']);
  await note.getByRole('button', { name: 'Undo' }).click();
  await standing(page, TITLES);
  // To the end, and by the key that takes back.
  await carry(page, 0, 4, true);
  await page.waitForSelector('.canvas tr[data-index="4"][data-line="behind"]');
  await page.mouse.up();
  await standing(page, ['Build', 'Check', 'Deliver', 'Enjoy', 'Ask']);
  await page.locator('.note').filter({ hasText: 'Ask moved.' }).waitFor();
  await page.reload();
  await standing(page, ['Build', 'Check', 'Deliver', 'Enjoy', 'Ask']);
  await cell(page, 0, 1).click();
  await page.keyboard.press('Control+z');
  await standing(page, TITLES);
  await carry(page, 3, 0);
  await page.waitForSelector('[data-line]');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('[data-line], [data-carried], [data-carrying]'));
  await page.mouse.up();
  await saved(page);
  assert.deepEqual(await order(ask), TITLES);
  // Where the rows stand in another order, or in groups, there are no handles.
  for (const sort of ['', '?sort=title', '?sort=place,title', '?sort=place&g=title']) {
    await page.goto(new URL(sort, page.url().split('?')[0]).href);
    await page.waitForSelector('.grid[aria-busy="false"] .canvas tr[data-id], .grid[aria-busy="false"] .canvas tr[data-group]');
    assert.equal(await page.locator('.carry').count(), 0, sort);
  }
  await close(page);
});

test('rows go up and down by keys, in either order; new ones go to their place first; what waits for the server is sent later', async t => {
  const { open, ask } = await shop(t, { fields: PLACES, records: TITLES.map(title => ({ title })) });
  const page = await open({}, '?sort=place');
  page.expected.add('offline');
  await standing(page, TITLES);
  await cell(page, 0, 1).click();
  for (let i = 0; i < 2; i++) await page.keyboard.press('Alt+ArrowDown');
  await standing(page, ['Build', 'Check', 'Ask', 'Deliver', 'Enjoy']);
  await heard(page, 'Moved to place 3 of 5');
  assert.equal(await place(page), '2 1');
  await page.keyboard.press('Alt+ArrowUp');
  await standing(page, ['Build', 'Ask', 'Check', 'Deliver', 'Enjoy']);
  await saved(page);
  assert.deepEqual(await order(ask), ['Build', 'Ask', 'Check', 'Deliver', 'Enjoy']);
  await cell(page, 0, 1).click();
  await page.keyboard.press('Alt+ArrowUp');
  await heard(page, 'There is no place beyond this one');
  await page.route('**/resequence', route => route.abort());
  await page.keyboard.press('Alt+ArrowDown');
  await page.getByText('You can go on; 1 change waits in this browser.').waitFor();
  await standing(page, ['Ask', 'Build', 'Check', 'Deliver', 'Enjoy']);
  await page.unroute('**/resequence');
  await saved(page);
  await page.locator('.note').filter({ hasText: 'Build moved.' }).waitFor();
  assert.deepEqual(await order(ask), TITLES);
  // A new one stands first until the list is sorted again.
  await page.locator('.entry > [data-col="1"]').click();
  await page.keyboard.type('Fetch');
  await page.keyboard.press('Enter');
  await shows(page, 0, 1, 'Fetch');
  await saved(page);
  await cell(page, 0, 1).click();
  await page.keyboard.press('Alt+ArrowUp');
  await standing(page, ['Ask', 'Build', 'Check', 'Deliver', 'Fetch', 'Enjoy']);
  await page.locator('.note').filter({ hasText: 'Fetch moved.' }).waitFor();
  assert.equal(await place(page), '4 1');
  // The other way round.
  await page.goto(page.url().replace('sort=place', 'sort=-place'));
  await standing(page, ['Enjoy', 'Fetch', 'Deliver', 'Check', 'Build', 'Ask']);
  await cell(page, 0, 1).click();
  await page.keyboard.press('Alt+ArrowDown');
  await standing(page, ['Fetch', 'Enjoy', 'Deliver']);
  await page.locator('.note').filter({ hasText: 'Enjoy moved.' }).waitFor();
  await carry(page, 2, 5, true);
  await page.mouse.up();
  await standing(page, ['Fetch', 'Enjoy', 'Check', 'Build', 'Ask', 'Deliver']);
  await page.locator('.note').filter({ hasText: 'Deliver moved.' }).waitFor();
  assert.deepEqual(await order(ask), ['Deliver', 'Ask', 'Build', 'Check', 'Enjoy', 'Fetch']);
  await close(page);
});

test('rows made here, which stand first: dragged among the others, moved while the list is asked again, left for another table', async t => {
  const { open, ask } = await shop(t, { fields: PLACES, records: TITLES.map(title => ({ title })) });
  const page = await open({}, '?sort=place'), posts = [];
  page.on('request', r => { if (r.url().includes('/resequence')) posts.push(r.postDataJSON()); });
  const make = async title => {
    await page.locator('.entry > [data-col="1"]').click();
    await page.keyboard.type(title);
    await page.keyboard.press('Enter');
    await page.locator('.canvas tr[data-index="0"]', { hasText: title }).waitFor();
    await saved(page);
  };
  await standing(page, TITLES);
  // It stands there already: nothing to take back.
  await make('Fetch');
  await carry(page, 0, 5, true);
  await page.mouse.up();
  const there = page.locator('.note').filter({ hasText: 'Fetch stands there already.' });
  await there.waitFor();
  assert.equal(await there.getByRole('button', { name: 'Undo' }).count(), 0);
  await standing(page, [...TITLES, 'Fetch']);
  // Two of them, one dragged between the others: all go to their places.
  await make('Get');
  await make('Have');
  await carry(page, 0, 3);
  await page.mouse.up();
  await page.locator('.note').filter({ hasText: 'Have moved.' }).waitFor();
  await standing(page, ['Ask', 'Have', 'Build', 'Check', 'Deliver', 'Enjoy', 'Fetch', 'Get']);
  assert.deepEqual(await order(ask), ['Ask', 'Have', 'Build', 'Check', 'Deliver', 'Enjoy', 'Fetch', 'Get']);
  // While an answer that was asked before is on its way, one goes to its place first all the same.
  await make('Mine');
  let letGo;
  const held = new Promise(done => { letGo = done; });
  const lists = /\/records\?.*offset=0/, holdBack = async route => { await held; await route.continue(); }, asked = page.waitForRequest(lists);
  await page.route(lists, holdBack);
  await ask('POST', RECORDS, { title: 'Theirs' });
  await asked;
  await cell(page, 0, 1).click();
  await page.keyboard.press('Alt+ArrowUp');
  letGo();
  await page.locator('.note').filter({ hasText: 'Mine moved.' }).waitFor();
  await page.unroute(lists);
  await page.waitForFunction(() => document.querySelector('.grid').getAttribute('aria-busy') === 'false');
  assert.deepEqual((await order(ask)).slice(-3), ['Mine', 'Get', 'Theirs']);
  // Somebody goes elsewhere before it is at its place: nothing is moved there.
  await make('Later');
  const begun = posts.length, late = page.waitForRequest(lists);
  let letGoAgain;
  const heldAgain = new Promise(done => { letGoAgain = done; });
  await page.route(lists, async route => { await heldAgain; await route.continue().catch(() => {}); });
  await cell(page, 0, 1).click();
  await page.keyboard.press('Alt+ArrowUp');
  await late;
  await page.locator('.rail a', { hasText: 'Makers' }).click();
  await page.waitForURL(/t\/makers/);
  letGoAgain();
  await page.waitForSelector('.grid[aria-busy="false"]');
  assert.equal(posts.length, begun);
  await close(page);
});

test('what cannot be moved stays where it was and says why; who may only look finds no handle', async t => {
  const { open, ask, at } = await shop(t, { fields: PLACES, records: TITLES.map(title => ({ title })) });
  const page = await open({}, '?sort=place');
  page.expected.add(400);
  await standing(page, TITLES);
  // Nobody tells this page that one of them is gone.
  await page.route(/\/changes\?/, () => {});
  await page.reload();
  await standing(page, TITLES);
  await ask('DELETE', `${RECORDS}/rec_2`);
  await cell(page, 3, 1).click();
  await page.keyboard.press('Alt+ArrowUp');
  await page.locator('.note[data-bad]').filter({ hasText: 'Deliver stays where it was: There is no record \'rec_2\' in table \'things\'' }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.canvas tr[data-id]').length === 4);
  const now = await order(ask);
  await standing(page, now);
  await close(page);

  await ask('POST', '/api/workspaces/default/users', { email: 'vic@example.com', name: 'Vic', role: 'member', password: 'correct horse battery' });
  await ask('POST', '/api/workspaces/default/grants', { user: 'vic@example.com', app: 'shop', role: 'viewer' });
  const context = await browser.newContext();
  assert.ok((await context.request.post(at('/auth/login/'), { data: { username: 'vic@example.com', password: 'correct horse battery' } })).ok());
  const looks = await open({ state: await context.storageState() }, '?sort=place');
  await context.close();
  await standing(looks, now);
  assert.equal(await looks.locator('.carry').count(), 0);
  await cell(looks, 0, 1).click();
  await looks.keyboard.press('Alt+ArrowDown');
  await looks.keyboard.press('Escape');
  await standing(looks, now);
  assert.deepEqual(await order(ask), now);
  await close(looks);
});
