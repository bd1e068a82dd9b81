// Journeys through the fields of a table, the diagram, the home and the settings of an app.
//   CARRYALL_BIN   the executable
// Not here: import and export (import.test.mjs), account and tokens (account.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, WIDE, close, inspect, launch, until } from './browser.mjs';
import { guessType, slugFor } from '../../static/app/guess.js';
import { house } from './house.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const FIELDS = '/_/tea/t/sorts/fields';
const saved = page => page.getByText('Saved', { exact: true }).first().waitFor();
const schema = ask => ask('GET', '/api/apps/tea/schemas/sorts');
const field = async (ask, slug) => (await schema(ask)).fields.find(f => f.slug === slug);

test('a type is guessed from the name, and a slug made of it', () => {
  const guesses = { 'E-mail': 'email', 'Contact e-mail': 'email', Phone: 'phone', Website: 'url', 'Created at': 'datetime', 'Close date': 'date', Price: 'money', Status: 'select', 'Is paid': 'boolean', Done: 'boolean', Quantity: 'integer', Notes: 'textarea', Tags: 'multiselect', Title: 'text', Weight: 'number' };
  for (const [name, type] of Object.entries(guesses)) assert.equal(guessType(name).type, type, name);
  assert.deepEqual(guessType('Maker', [{ slug: 'makers', name: 'Makers', model: 'Maker' }]), { type: 'reference', target: 'makers' });
  assert.equal(slugFor('Größe (cm)'), 'grosse_cm');
  assert.equal(slugFor('日本'), 'field');
  assert.equal(slugFor('Name', ['name', 'name_2']), 'name_3');
});

test('type a name and press Enter: a field of the guessed type; a chip changes the type before', async t => {
  const { page, ask, open } = await house(t, browser);
  await open(FIELDS);
  await page.fill('#new-field', 'Contact e-mail');
  assert.equal(await page.locator('.chip[aria-pressed="true"]').innerText(), 'E-mail');
  await inspect(page, 'fields-adding');
  await page.keyboard.press('Enter');
  await page.locator('.fieldrow[data-slug="contact_e_mail"]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'new-field', 'the next one can be typed');
  await page.keyboard.type('Price');
  await page.getByRole('button', { name: 'Whole number' }).click();
  await page.focus('#new-field');
  await page.keyboard.press('Enter');
  await page.locator('.fieldrow[data-slug="price"]').waitFor();
  await page.fill('#new-field', 'Status');
  assert.equal(await page.inputValue('#new-options'), 'Open, In progress, Done');
  await page.keyboard.press('Enter');
  await page.locator('.fieldrow[data-slug="status"]').waitFor();
  await page.fill('#new-field', 'Maker of the box');
  await page.getByLabel('Other types…').selectOption('reference');
  await page.getByLabel('Leads to').selectOption('makers');
  await page.focus('#new-field');
  await page.keyboard.press('Enter');
  await page.locator('.fieldrow[data-slug="maker_of_the_box"]').waitFor();
  const types = Object.fromEntries((await schema(ask)).fields.map(f => [f.slug, f.type]));
  assert.deepEqual([types.contact_e_mail, types.price, types.status, types.maker_of_the_box], ['email', 'integer', 'select', 'reference']);
  await close(page);
});

test('each thing of a field saves on its own; what is refused says so at its place and stays as it was typed', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  await open(`${FIELDS}?f=grams`);
  await page.getByRole('textbox', { name: 'Name', exact: true }).last().waitFor();
  const panel = page.locator('.panel');
  await panel.getByLabel('Name', { exact: true }).fill('Grams of it');
  await page.keyboard.press('Enter');
  await saved(page);
  await panel.getByLabel('Field ID').fill('has space');
  await page.keyboard.press('Tab');
  await panel.locator('.form-error').getByText(/slug|name/i).first().waitFor();
  assert.equal(await panel.getByLabel('Field ID').inputValue(), 'has space');
  await inspect(page, 'fields-refused');
  await panel.getByLabel('Field ID').fill('weight');
  await page.keyboard.press('Enter');
  await page.waitForURL(/f=weight/);
  await panel.getByLabel('Index').check();
  await panel.getByLabel('Default').fill('100');
  await page.keyboard.press('Enter');
  await panel.locator('ui-setting', { has: page.getByLabel('Default') }).locator('.setting-state', { hasText: 'Saved' }).waitFor();
  const made = await field(ask, 'weight');
  assert.deepEqual([made.name, made.index, made.default], ['Grams of it', true, '100']);
  await page.keyboard.press('Escape');
  await page.waitForURL(u => !u.searchParams.has('f'));
  // The focus is back at its row.
  await page.waitForFunction(() => document.activeElement.closest('.fieldrow')?.dataset.slug === 'weight');
  await close(page);
});

test('another type shows what becomes of the values before it is done', async t => {
  const { page, ask, open } = await house(t, browser);
  await open(`${FIELDS}?f=grams`);
  await page.getByLabel('Type', { exact: true }).selectOption('integer');
  await page.getByText('1 value converts. 1 becomes empty.').and(page.locator('.convert p')).waitFor();
  await page.getByText('“a bag”').waitFor();
  await inspect(page, 'fields-convert');
  await page.getByRole('button', { name: 'Leave it' }).click();
  assert.equal((await field(ask, 'grams')).type, 'text');
  await page.getByLabel('Type', { exact: true }).selectOption('integer');
  await page.getByRole('button', { name: 'Convert' }).click();
  await page.locator('.panel-where').getByText('Whole number').waitFor();
  assert.equal((await field(ask, 'grams')).type, 'integer');
  await close(page);
});

test('options: add, rename, recolour, reorder, and one that records hold is replaced', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400).add(409);
  await open(`${FIELDS}?f=kind`);
  await page.fill('#new-option', 'White tea');
  await page.keyboard.press('Enter');
  await page.getByLabel('Label of White tea').waitFor();
  await page.getByLabel('Colour of White tea').selectOption('purple');
  await page.getByLabel('Label of White tea').fill('White');
  await page.keyboard.press('Tab');
  await page.getByLabel('Label of White', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Option White', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Move up' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.option input:not(.mono)')[1]?.value === 'White');
  await page.getByRole('button', { name: 'Option Green', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await page.locator('.ask').waitFor();
  await inspect(page, 'fields-option-held');
  await page.getByLabel('They hold instead').selectOption('black');
  await page.locator('.ask').getByRole('button', { name: 'Remove' }).click();
  await page.getByLabel('Label of Green').waitFor({ state: 'detached' });
  const { choices } = await field(ask, 'kind');
  assert.deepEqual(choices.map(c => [c.value, c.label, c.color ?? null]).map(c => c.slice(0, 2)), [['white_tea', 'White'], ['black', 'Black']]);
  const { records } = await ask('GET', '/api/apps/tea/schemas/sorts/records');
  assert.deepEqual(records.map(r => r.kind), ['black', 'black']);
  await close(page);
});

test('fields move by keyboard; a field goes when its values were told', async t => {
  const { page, ask, open } = await house(t, browser);
  await open(FIELDS);
  await page.locator('.fieldrow[data-slug="since"] .fieldrow-main').focus();
  await page.keyboard.press('Alt+ArrowUp');
  await page.waitForFunction(() => [...document.querySelectorAll('.fieldrow')].findIndex(x => x.dataset.slug === 'since') === 3);
  await page.keyboard.press('Enter');
  await page.waitForURL(/f=since/);
  await open(`${FIELDS}?f=grams`);
  await page.getByRole('button', { name: 'Remove field…' }).click();
  await page.getByText('its values in 2 records').waitFor();
  await inspect(page, 'fields-remove');
  await page.locator('.ask').getByRole('button', { name: 'Remove' }).click();
  await page.locator('.note').getByText('Grams is removed').waitFor();
  assert.deepEqual((await schema(ask)).fields.map(f => f.slug), ['name', 'mail', 'kind', 'since', 'maker']);
  await close(page);
});

test('a new table, its settings, and its end', async t => {
  const { page, ask, open } = await house(t, browser);
  await open('/_/tea/new-table');
  await page.getByRole('button', { name: 'Make table' }).click();
  await page.getByText('Type a name').waitFor();
  await inspect(page, 'new-table');
  await page.fill('#table-name', 'Tea houses');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/tea/t/tea-houses/fields');
  await page.getByLabel('Slug').fill('houses');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/tea/t/houses/fields');
  await page.getByRole('button', { name: 'Remove table…' }).click();
  await page.locator('.ask').getByRole('button', { name: 'Remove' }).click();
  await page.waitForURL('**/_/tea/home');
  assert.deepEqual((await ask('GET', '/api/apps/tea/schemas')).schemas.map(s => s.slug), ['makers', 'sorts']);
  await close(page);
});

test('who may do what: a role is made, its rules and fields are set one by one, and what is no rule is told at its place', async t => {
  const { page, ask, open } = await house(t, browser);
  page.expected.add(400);
  await open(FIELDS);
  await page.fill('#new-role', 'Taster');
  await page.keyboard.press('Enter');
  const role = page.locator('.rules');
  await role.getByRole('heading', { name: 'What Taster may do in Sorts' }).waitFor();
  await role.getByLabel('Change', { exact: true }).selectOption('where');
  const rule = role.getByLabel('Rule: Change');
  await rule.waitFor();
  await rule.fill('ownr = @me');
  await rule.press('Enter');
  await role.getByRole('alert').waitFor();
  assert.match(await role.getByRole('alert').innerText(), /ownr/);
  assert.equal(await rule.inputValue(), 'ownr = @me', 'what was typed stays');
  await rule.fill("name != 'x'");
  await rule.press('Enter');
  await page.locator('ui-rules td code', { hasText: "name != 'x'" }).waitFor();
  await role.getByLabel('Grams').selectOption('hidden');
  await saved(page);
  await inspect(page, 'fields-rules');
  const { schemas } = await ask('GET', '/api/apps/tea/roles/taster');
  assert.deepEqual(schemas.sorts, { list: true, read: true, update: "name != 'x'", fields: { grams: { readable: false } } });
  await role.getByLabel('Grams').selectOption('write');
  await role.getByLabel('List', { exact: true }).selectOption('none');
  await until(page, async () => (await ask('GET', '/api/apps/tea/roles/taster')).schemas.sorts.list !== true);
  await close(page);
});

test('the diagram: boxes move by keyboard and stay, Enter opens the fields, the list says the same', async t => {
  const { page, open } = await house(t, browser);
  await open('/_/tea/diagram');
  const box = page.getByRole('link', { name: 'Sorts, 6 fields' });
  const x = Number(await box.getAttribute('x'));
  await box.focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(was => Number(document.activeElement.getAttribute('x')) > was, x);
  await inspect(page, 'diagram');
  await page.reload();
  await box.waitFor();
  assert.equal(Number(await box.getAttribute('x')), x + 20);
  await page.getByText('Maker leads to Makers').waitFor();
  await box.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/tea/t/sorts/fields');
  await close(page);
});

test('home counts the records and tells what happened last', async t => {
  const { page, ask, open } = await house(t, browser);
  await ask('PATCH', '/api/apps/tea/schemas/sorts/records/rec_1', { grams: '200' });
  await open('/_/tea/home');
  await page.locator('.tile').getByText('2 records').first().waitFor();
  await page.getByText('changed Sencha in sorts').waitFor();
  await inspect(page, 'home');
  await page.locator('.rail').getByRole('link', { name: 'App settings' }).click();
  await page.waitForURL('**/_/tea/settings');
  await close(page);
});

test('app settings: names save, the old address still leads there, Add Token Access, the end of the app', async t => {
  const { page, ask, open, url } = await house(t, browser);
  await open('/_/tea/settings');
  const { uuid } = await ask('GET', '/api/apps/tea');
  await page.getByText(uuid).waitFor();
  await page.getByLabel('Description').fill('All of it');
  await page.keyboard.press('Tab');
  await saved(page);
  await page.getByLabel('Slug').fill('teas');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/teas/settings');
  await page.getByRole('button', { name: 'Add Token Access' }).click();
  await page.fill('#token-name', 'till');
  await page.keyboard.press('Enter');
  await page.locator('.secret').waitFor();
  await inspect(page, 'settings-token');
  const lines = await page.locator('.secret code.line').allInnerTexts();
  const answer = await fetch(new URL('/api/apps/teas/schemas', url), { headers: { 'x-api-key': lines[0], 'x-api-secret': lines[1] } });
  assert.equal(answer.status, 200);
  assert.equal(lines[2], uuid);
  await page.getByRole('button', { name: 'Remove app…' }).click();
  await page.getByText('2 tables and 4 records').waitFor();
  await page.locator('.ask').getByRole('button', { name: 'Remove' }).click();
  await page.waitForURL('**/_/apps');
  assert.deepEqual((await ask('GET', '/api/apps')).apps, []);
  await close(page);
});

test('who may only look finds no control that would fail, and words of others are words', async t => {
  const evil = '<img src=x onerror=alert(1)>';
  const { url, ask, open, page } = await house(t, browser);
  await ask('PATCH', '/api/apps/tea/schemas/sorts/fields/grams', { name: evil });
  await ask('PATCH', '/api/apps/tea', { description: evil });
  await ask('PATCH', '/api/apps/tea/schemas/makers', { name: evil });
  for (const path of [FIELDS, `${FIELDS}?f=grams`, '/_/tea/diagram', '/_/tea/home', '/_/tea/settings']) {
    await open(path);
    await page.getByText(evil).first().waitFor();
    assert.equal(await page.locator('img').count(), 0);
  }
  const made = await ask('POST', '/api/workspaces/default/users', { email: 'ben@example.com', name: 'Ben', role: 'member', password: 'correct horse battery' });
  await ask('POST', '/api/workspaces/default/grants', { user: made.user.email, app: 'tea', role: 'viewer' });
  await page.context().clearCookies();
  await page.goto(new URL(`/_/sign-in?next=${FIELDS}`, url).href);
  await page.fill('#username', 'ben@example.com');
  await page.fill('#password', 'correct horse battery');
  await page.keyboard.press('Enter');
  await page.getByText('Your role may look at these fields').waitFor();
  await inspect(page, 'fields-viewer');
  assert.deepEqual([await page.locator('.page button, .page input').count(), await page.getByRole('link', { name: 'New table' }).count()], [0, 0]);
  await close(page);
});

for (const scheme of ['light', 'dark']) {
  for (const [size, view] of [['wide', WIDE], ['phone', PHONE]]) {
    test(`the screens around an app are accessible: ${scheme}, ${view.width} px`, async t => {
      const { page, open } = await house(t, browser, { view, scheme });
      for (const [name, path] of Object.entries({ home: '/_/tea/home', fields: FIELDS, field: `${FIELDS}?f=kind`, diagram: '/_/tea/diagram', settings: '/_/tea/settings', newtable: '/_/tea/new-table', newapp: '/_/apps?new=1' })) {
        await open(path);
        await page.waitForFunction(() => !document.querySelector('.skeleton'));
        await inspect(page, `${name}-${scheme}-${size}`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${name} is not wider than the screen`);
      }
      await close(page);
    });
  }
}
