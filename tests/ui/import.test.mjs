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
  const bad = [['03.04.2026'], ['05.06.2026'], ['31.02.2026']], dirty = [['1.234,5'], ['2,5'], ['n/a']];
  assert.deepEqual(doubts(lookAt('A', 0, bad), 'date', bad).map(d => d.form), ['dmy', 'mdy'], 'a bad day does not hide the doubt about the others');
  assert.deepEqual([lookAt('A', 0, bad).type, lookAt('A', 0, dirty).type, lookAt('A', 0, dirty).marks], ['text', 'text', [',']], 'nor makes it a type');
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

test('how columns were mapped is remembered for files with the same ones, and guessed anew when that is wanted', async t => {
  const { page, open } = await house(t, browser);
  page.expected.add(400);
  const file = n => `Name,Mail,Firm,Fax,Joined\nSort ${n},sort${n}@example.com,Bee,12,03.04.2026\nSort ${n}b,sort${n}b@example.com,Asa,13,05.06.2026\n`;
  const chosen = () => page.$$eval('.map-to select:first-child', list => list.map(s => s.selectedOptions[0].textContent.split(' · ')[0]));
  await open(IMPORT);
  await paste(page, file(1));
  assert.deepEqual(await chosen(), ['Name', 'E-mail', 'Leave out', 'Leave out', 'Since']);
  assert.equal(await page.getByText(/^Mapped as on/).count(), 0);
  await page.getByLabel('Field for Firm').selectOption('maker');
  await page.getByLabel('Field for Fax').selectOption('new');
  await page.getByLabel('Type of Fax').selectOption('text');
  await page.getByLabel('Apr 3, 2026').check();
  await page.getByLabel('Match on').selectOption('');
  await check(page);
  await page.getByRole('button', { name: 'Import 2 rows' }).click();
  await page.getByText(/2 added/).and(page.locator('.said span')).waitFor();
  // Another day, another file with the same columns: the new field is one of the table by now.
  await open(IMPORT);
  await paste(page, file(2));
  await page.getByText(/^Mapped as on/).waitFor();
  assert.deepEqual(await chosen(), ['Name', 'E-mail', 'Maker', 'Fax', 'Since']);
  assert.equal(await page.getByLabel('Apr 3, 2026').isChecked(), true);
  assert.equal(await page.getByLabel('Match on').inputValue(), '');
  await inspect(page, 'import-recalled');
  await page.getByRole('button', { name: 'Guess it anew' }).click();
  await page.getByText(/^Mapped as on/).waitFor({ state: 'detached' });
  assert.deepEqual(await chosen(), ['Name', 'E-mail', 'Leave out', 'Fax', 'Since']);
  assert.equal(await page.getByLabel('Match on').inputValue(), 'mail');
  // Other columns are another file.
  await open(IMPORT);
  await paste(page, 'Name,Mail\nOne,one@example.com\n');
  assert.equal(await page.getByText(/^Mapped as on/).count(), 0);
  await close(page);
});

test('ten thousand rows with wrong days, names that are not there and doubles: told, the good ones taken in, and taken back as one', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  const rows = Array.from({ length: 10_000 }, (_, i) => {
    const since = i % 2500 === 3 ? '31.02.2026' : `${String(i % 9 + 1).padStart(2, '0')}.04.2026`, maker = i % 3000 === 5 ? 'Nobody' : ['Asa', 'Bee'][i % 2];
    return `Sort ${i},s${i % 4000 === 9 ? 'a' : i}@example.com,${since},${maker}`;
  });
  await page.addInitScript(() => {
    globalThis.seen = new Set();
    new MutationObserver(() => { const bar = document.querySelector('.working progress[max]'); if (bar) globalThis.seen.add(bar.value); }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await open(IMPORT);
  await page.locator('.filepick input').setInputFiles({ name: 'many.csv', mimeType: 'text/csv', buffer: Buffer.from(`Name,Mail,Since,Maker\n${rows.join('\n')}\n`) });
  await page.locator('.mapping').waitFor();
  await page.getByText('“01.04.2026” is').waitFor();
  await page.getByLabel('Apr 1, 2026').check();
  await page.getByLabel('Match on').selectOption('');
  await page.getByLabel('Not there:').selectOption('skip');
  await check(page);
  // Four days that there are not, four makers that there are not, two of the three that share an address.
  assert.match(await tally(page), /9,990 new[\s\S]*10 rows with a problem/);
  await page.getByText('It is no day of the calendar.').first().waitFor();
  await page.getByText('There is nothing called “Nobody”.').first().waitFor();
  await page.getByText(/has the same mail .* as row 10$/).first().waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the 10 rows' }).click()]);
  assert.equal(readFileSync(await download.path(), 'utf8').split('\r\n').length, 11);
  await page.getByRole('button', { name: 'Import the 9,990 good rows' }).click();
  await page.getByText(/9,990 added/).and(page.locator('.said span')).waitFor({ timeout: 60_000 });
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 9_992);
  t.diagnostic(`progress stood at ${[...await page.evaluate(() => [...globalThis.seen])].join(', ')}`);
  const began = Date.now();
  await page.locator('.note').filter({ hasText: '9,990 added' }).getByRole('button', { name: 'Undo' }).click();
  await page.locator('.note').filter({ hasText: /^Taken back/ }).waitFor({ timeout: 60_000 });
  t.diagnostic(`taken back in ${Date.now() - began} ms`);
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 2);
  await close(page);
});

test('an import that is cancelled is asked to end, and what came of it is what the server says', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  page.expected.add(409);
  let held = null, isAsked = false;
  const ready = async () => {
    await open(IMPORT);
    await paste(page, 'name,mail\nOne,one@example.com\n');
    await check(page);
    await page.route('**/import?*', route => { held = route; });
    await page.route('**/jobs', route => route.fulfill({ json: { jobs: [{ id: 7, kind: 'import', state: 'running', done: 3, total: 10 }] } }));
    await page.route('**/jobs/7', route => { isAsked = route.request().method() === 'DELETE'; return route.fulfill({ status: 202, json: {} }); });
    await page.getByRole('button', { name: 'Import 1 row' }).click();
    await page.getByText('3 of 10').waitFor();
    assert.equal(await page.locator('.working progress').evaluate(p => p.value), 3);
    await inspect(page, 'import-running');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Ending…' }).waitFor();
    await page.waitForFunction(() => document.querySelector('.working'));
    assert.equal(isAsked, true);
  };
  await ready();
  await held.fulfill({ status: 409, json: { error: { code: 'conflict', message: 'The job was cancelled: nothing was changed' } } });
  await page.getByRole('button', { name: 'Import 1 row' }).waitFor();
  await page.waitForFunction(() => document.getElementById('live').textContent.startsWith('Cancelled'));
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 2);
  await page.unrouteAll();
  // Too late to be ended: it is in, and said so.
  await ready();
  await held.continue();
  await page.getByText(/1 added/).and(page.locator('.said span')).waitFor();
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 3);
  await close(page);
});

test('who may not see the jobs of the server is not offered to end one', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  page.expected.add(403);
  await open(IMPORT);
  await paste(page, 'name,mail\nOne,one@example.com\n');
  await check(page);
  let held = null;
  await page.route('**/import?*', route => { held = route; });
  await page.route('**/jobs', route => route.fulfill({ status: 403, json: { error: { code: 'forbidden', message: 'no' } } }));
  await page.getByRole('button', { name: 'Import 1 row' }).click();
  await page.getByText('This goes on also when you leave the page.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 0);
  await held.continue();
  await page.getByText(/1 added/).and(page.locator('.said span')).waitFor();
  assert.equal((await ask('GET', '/api/apps/tea/schemas/sorts')).records, 3);
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
