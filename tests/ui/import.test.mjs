// Journeys through import and export: files, pastes, columns, checks, results.
//   CARRYALL_BIN   the executable
// Not here: reading of formats by the server (tests/data).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, inspect, launch } from './browser.mjs';
import { doubts, lookAt, valueFor } from '../../static/app/columns.js';
import { house } from './house.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const IMPORT = '/_/tea/t/sorts/import', SORTS = '/api/apps/tea/schemas/sorts/records';
const PEOPLE = 'Title;E-mail;Since;Firm;Fax\nGyokuro;gyokuro@example.com;03.04.2026;Asa;12\nLapsang;no address;04.05.2026;Cee;\nOolong;oolong@example.com;05.06.2026;;\n';

async function paste(page, text) {
  await page.fill('#paste', text);
  await page.getByRole('button', { name: 'Use this' }).click();
  await page.locator('.mapping').waitFor();
}
const check = async page => {
  await page.getByRole('button', { name: /^Check/ }).click();
  await page.locator('.tally').waitFor();
};
const tally = page => page.locator('.tally').innerText();

test('columns: types by values, days and numbers that can be read in two ways', () => {
  const of = (heading, ...values) => lookAt(heading, 0, values.map(v => [v]));
  assert.equal(of('A', '1', '2').type, 'integer');
  assert.equal(of('A', '1.5', '2').type, 'decimal');
  assert.equal(of('A', '1,5', '2').type, 'decimal');
  assert.equal(of('Price', '1.50').type, 'money');
  assert.equal(of('Postcode', '01234', '55555').type, 'text', 'leading zeros are no number');
  assert.equal(of('A', 'yes', 'no').type, 'boolean');
  assert.equal(of('A', '2026-04-03').type, 'date');
  assert.equal(of('A', '03.04.2026 14:30').type, 'datetime');
  assert.equal(of('A', 'a@b.de').type, 'email');
  assert.equal(of('Phone', '+49 40 555 0194').type, 'phone');
  assert.equal(of('A', ...'ababab').type, 'select');
  assert.equal(of('A', 1, 2.5).type, 'decimal');
  assert.equal(of('A', { b: 1 }).type, 'json');
  const rows = [['03.04.2026'], ['05.06.2026']];
  assert.deepEqual(doubts(lookAt('A', 0, rows), 'date', rows).map(d => d.form), ['dmy', 'mdy']);
  assert.deepEqual(doubts(lookAt('A', 0, [['03.04.2026'], ['13.04.2026']]), 'date', [['03.04.2026'], ['13.04.2026']]), [], 'a thirteenth month ends the doubt');
  const thousands = [['1,234']];
  assert.deepEqual(doubts(lookAt('A', 0, thousands), 'decimal', thousands).map(d => d.meaning), ['1234', '1.234']);
  assert.deepEqual([valueFor('3 Apr 2026', 'date', 'dmy'), valueFor('April 3, 2026', 'date', 'ymd'), valueFor('31.02.2026', 'date', 'dmy')], [{ value: '2026-04-03' }, { value: '2026-04-03' }, { wrong: 'date' }]);
  assert.deepEqual([valueFor('€ 1.234,50', 'money', ','), valueFor('12345678901234567890.12', 'decimal', '.'), valueFor('12 pcs', 'integer', '.')], [{ value: '1234.50' }, { value: '12345678901234567890.12' }, { wrong: 'integer' }]);
  assert.deepEqual([valueFor('Ja', 'boolean'), valueFor('', 'text'), valueFor('a, b', 'multiselect')], [{ value: true }, { value: null }, { value: ['a', 'b'] }]);
});

test('a paste: fields guessed, an ambiguous day spelled out, names matched or made, a bad cell mended in its place', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  await open(IMPORT);
  await inspect(page, 'import-file');
  await paste(page, PEOPLE);
  const chosen = await page.$$eval('.map-to select:first-child', list => list.map(s => s.selectedOptions[0].textContent));
  assert.deepEqual(chosen.map(c => c.split(' · ')[0]), ['Name', 'E-mail', 'Since', 'Leave out', 'Leave out'], 'another word for a field is known, and a field is taken once');
  await page.getByLabel('Field for Firm').selectOption('maker');
  await page.getByLabel('Not there:').selectOption('create');
  await page.getByText('“03.04.2026” is').waitFor();
  await page.getByLabel('Apr 3, 2026').check();
  await page.getByLabel('Field for Fax').selectOption('new');
  await page.getByLabel('Type of Fax').selectOption('text');
  await inspect(page, 'import-columns');
  await check(page);
  assert.match(await tally(page), /2 new[\s\S]*1 row with a problem/);
  await page.getByText('Firm: 1 name is not there and is made: Cee').waitFor();
  await inspect(page, 'import-check');
  await page.getByLabel('Row 2, E-mail').fill('lapsang@example.com');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Import 3 rows' }).click();
  await page.getByText(/3 added, 0 updated, 0 skipped/).and(page.locator('.said span')).waitFor();
  await inspect(page, 'import-done');
  const { records } = await ask('GET', SORTS), makers = (await ask('GET', '/api/apps/tea/schemas/makers/records')).records;
  assert.deepEqual(records.slice(2).map(r => [r.name, r.mail, r.since, r.maker && makers.find(m => m.id === r.maker).name, r.fax]),
    [['Gyokuro', 'gyokuro@example.com', '2026-04-03', 'Asa', '12'], ['Lapsang', 'lapsang@example.com', '2026-05-04', 'Cee', null], ['Oolong', 'oolong@example.com', '2026-06-05', null, null]]);
  await close(page);
});

test('records that are there: updated, left as they are, or added anyway', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  const rows = 'name,mail,grams\nSencha,sencha@example.com,250\nNew,new@example.com,1\n';
  await open(IMPORT);
  await paste(page, rows);
  await check(page);
  assert.match(await tally(page), /1 new[\s\S]*1 updated/);
  await page.getByRole('button', { name: 'Back to the columns' }).click();
  await page.getByLabel('Leave it as it is').check();
  await check(page);
  assert.match(await tally(page), /1 new[\s\S]*0 updated[\s\S]*1 left as it is/);
  await page.getByRole('button', { name: 'Back to the columns' }).click();
  await page.getByLabel('Add another one anyway').check();
  await check(page);
  assert.match(await tally(page), /1 new[\s\S]*1 row with a problem/, 'the address is unique');
  await page.getByText(/is there already/).waitFor();
  await page.getByRole('button', { name: 'Back to the columns' }).click();
  await page.getByLabel('Update it').check();
  await check(page);
  await page.getByRole('button', { name: 'Import 2 rows' }).click();
  await page.getByText(/1 added, 1 updated/).and(page.locator('.said span')).waitFor();
  assert.deepEqual((await ask('GET', SORTS)).records.map(r => [r.name, r.grams]), [['Sencha', '250'], ['Assam', 'a bag'], ['New', '1']]);
  await close(page);
});

test('a spreadsheet becomes an app: dropped on the cards, named, taken in', async t => {
  const { page, ask, open } = await house(t, browser, { app: null });
  await open('/_/apps');
  await page.getByRole('heading', { name: 'What are you making?' }).waitFor();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['Item,Price,Bought\nPen,1.50,2026-04-03\nCup,4.00,2026-04-13\n'], 'my-things.csv', { type: 'text/csv' }));
    document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await page.locator('.mapping').waitFor();
  assert.equal(await page.inputValue('#table-name'), 'My things');
  await inspect(page, 'import-new-app');
  await check(page);
  await page.getByRole('button', { name: 'Import 2 rows' }).click();
  await page.waitForURL('**/_/my-things/t/my-things');
  const { fields } = await ask('GET', '/api/apps/my-things/schemas/my-things');
  assert.deepEqual(fields.map(f => [f.slug, f.type]), [['item', 'text'], ['price', 'money'], ['bought', 'date']]);
  assert.equal((await ask('GET', '/api/apps/my-things/schemas/my-things/records')).records[1].price, 4);
  await close(page);
});

test('a workbook: its sheets to choose from', async t => {
  const { page, ask, open, url } = await house(t, browser);
  const answer = await page.context().request.get(new URL('/api/apps/tea/schemas/sorts/export?format=xlsx', url).href);
  await open('/_/tea/import');
  await page.locator('.filepick input').setInputFiles({ name: 'sorts.xlsx', mimeType: 'application/octet-stream', buffer: await answer.body() });
  await page.locator('.mapping').waitFor();
  await page.fill('#table-name', 'Copy');
  await check(page);
  await page.getByRole('button', { name: 'Import 2 rows' }).click();
  await page.getByText(/2 added/).and(page.locator('.said span')).waitFor();
  assert.deepEqual((await ask('GET', '/api/apps/tea/schemas/copy/records')).records.map(r => r.name), ['Sencha', 'Assam']);
  await close(page);
});

test('what is no table is told', async t => {
  const { page, open } = await house(t, browser);
  page.expected.add(400);
  await open(IMPORT);
  await page.locator('.filepick input').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from('x') });
  await page.getByText('A file of this kind cannot be read').waitFor();
  await page.locator('.filepick input').setInputFiles({ name: 'broken.xlsx', mimeType: 'x', buffer: Buffer.from('x') });
  await page.getByText('The file is no .xlsx workbook').waitFor();
  await inspect(page, 'import-refused');
  await close(page);
});

test('ten thousand rows: all bad ones found, the good ones taken in, the others as a file', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  const rows = Array.from({ length: 10_000 }, (_, i) => `Sort ${i},s${i}${i % 1000 === 7 ? '' : '@example.com'},2026-01-${String(i % 28 + 1).padStart(2, '0')}`);
  await open(IMPORT);
  await page.locator('.filepick input').setInputFiles({ name: 'many.csv', mimeType: 'text/csv', buffer: Buffer.from(`name,mail,since\n${rows.join('\n')}\nSort again,s1@example.com,2026-01-01\n`) });
  await page.locator('.mapping').waitFor();
  await page.getByLabel('Match on').selectOption('');
  await check(page);
  assert.match(await tally(page), /9,990 new[\s\S]*11 rows with a problem/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the 11 rows' }).click()]);
  const left = readFileSync(await download.path(), 'utf8').split('\r\n');
  assert.deepEqual([left.length, left[0], left[1], left.at(-1)], [12, 'name,mail,since', 'Sort 7,s7,2026-01-08', 'Sort again,s1@example.com,2026-01-01']);
  await page.getByRole('button', { name: 'Import the 9,990 good rows' }).click();
  await page.getByText(/9,990 added/).and(page.locator('.said span')).waitFor();
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 9_992);
  await close(page);
});

test('cancelling a check leaves nothing behind', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add('offline');
  await open(IMPORT);
  await paste(page, 'name,mail\nOne,one@example.com\n');
  let held = null;
  await page.route('**/import?*', route => { held = route; });
  await page.getByRole('button', { name: /^Check/ }).click();
  await page.getByText('Checking every row…').waitFor();
  await inspect(page, 'import-checking');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.mapping').waitFor();
  await held?.abort().catch(() => {});
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 2);
  await close(page);
});

test('export: fields and format chosen, a bad filter told, and the file goes in again without a change', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  await open('/_/tea/t/sorts/export');
  await page.getByLabel('Filter').fill('nam = "x"');
  await page.getByRole('button', { name: 'Download' }).click();
  await page.locator('.form-error').getByText(/nam/).waitFor();
  await inspect(page, 'export-refused');
  await page.getByLabel('Filter').fill('name = "Sencha"');
  await page.getByLabel('Grams').uncheck();
  const [one] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  assert.equal(readFileSync(await one.path(), 'utf8').trim().split(/\r?\n/).join('|'), 'id,name,mail,kind,since,maker|rec_1,Sencha,sencha@example.com,green,,rec_1');
  await open('/_/tea/t/sorts/export');
  const [all] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  const before = await ask('GET', SORTS);
  await open(IMPORT);
  await page.locator('.filepick input').setInputFiles({ name: 'sorts.csv', mimeType: 'text/csv', buffer: readFileSync(await all.path()) });
  await page.locator('.mapping').waitFor();
  await check(page);
  assert.match(await tally(page), /0 new/);
  await page.getByRole('button', { name: /^Import/ }).click();
  await page.getByText(/0 added/).and(page.locator('.said span')).waitFor();
  assert.deepEqual((await ask('GET', SORTS)).records, before.records);
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`import and export are accessible: ${scheme}, ${view.width} px`, async t => {
      const { page, open } = await house(t, browser, { view, scheme });
      page.expected.add(400);
      const look = async name => {
        await inspect(page, `${name}-${scheme}-${size}`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${name} is not wider than the screen`);
      };
      await open(IMPORT);
      await paste(page, PEOPLE);
      await look('import-columns');
      await check(page);
      await look('import-check');
      await open('/_/apps/import');
      await look('import-app');
      await open('/_/tea/t/sorts/export');
      await look('export');
      await close(page);
    });
  }
}
