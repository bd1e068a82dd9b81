// Every screen in the language for testing: what a person can read, and what is read aloud, is a text of the message files or what people typed; and no text
// is cut off at 1280 px by being a third longer.
//   CARRYALL_BIN   the executable
// Not here: words in the source (lint.test.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pseudo } from '../../static/i18n/pseudo.js';
import { close, inspect, launch } from './browser.mjs';
import { APP, house } from './house.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** What an answer of the server holds, as texts; of the change log also the keys, which name parts of a table. */
function textsIn(value, found, hasKeys = false) {
  if (typeof value === 'string') found.add(value);
  else if (typeof value === 'number') found.add(String(value));
  else if (Array.isArray(value)) for (const x of value) textsIn(x, found, hasKeys);
  else if (value && typeof value === 'object') for (const [key, x] of Object.entries(value)) { if (hasKeys) found.add(key); textsIn(x, found, hasKeys); }
}

/** Runs in the page: texts that people read or hear and that are neither in brackets nor data, and texts of ours that are cut off. */
function look(data) {
  const known = new Set(data), list = [...known].filter(x => x.length > 2);
  const dates = /^(?:(?:Mon|Tues?|Wednes|Thurs?|Fri|Satur|Sun)(?:day)?|Jan\w*|Feb\w*|Mar\w*|Apr\w*|May|June?|July?|Aug\w*|Sep\w*|Oct\w*|Nov\w*|Dec\w*|at|AM|PM|kB|byte|bytes|EUR|Esc|Alt|Ctrl|Shift|Space|Enter|Tab)$/;
  const isOurs = text => {
    let rest = text;
    // From the inside out: a text may be in a hole of another one.
    for (let before = ''; before !== rest;) { before = rest; rest = rest.replace(/\[[^[\]]*\]/g, ' '); }
    rest = rest.trim();
    if (!/\p{L}{2}/u.test(rest) || known.has(rest)) return true;
    for (const x of list.filter(x => rest.includes(x)).sort((a, b) => b.length - a.length)) rest = rest.replaceAll(x, ' ');
    return rest.split(/[^\p{L}]+/u).filter(Boolean).every(word => word.length < 2 || dates.test(word));
  };
  const isShown = el => el.checkVisibility({ visibilityProperty: true }) && !el.closest('noscript, script, style, code, kbd, pre, textarea');
  const bad = [], cut = [];
  const where = el => `${el.tagName.toLowerCase()}${el.className && typeof el.className === 'string' ? `.${el.className.split(' ')[0]}` : ''}`;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.trim(), el = node.parentElement;
    if (!text || !isShown(el)) continue;
    if (!isOurs(text)) bad.push(`${where(el)}: ${text.slice(0, 80)}`);
    // A box that hides what does not fit, with a text of ours in it.
    if (!/\[[^[\]]*\]/.test(text) || el.closest('.quiet, .skip, option, svg')) continue;
    for (let box = el; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.display === 'inline' || style.display === 'contents') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const at = range.getBoundingClientRect(), in_ = box.getBoundingClientRect();
      if (['hidden', 'clip'].includes(style.overflowX) && (at.right > in_.right + 1 || at.left < in_.left - 1)) cut.push(`${where(el)} in ${where(box)}: ${text.slice(0, 60)}`);
      if (['auto', 'scroll'].includes(style.overflowX)) break;
    }
  }
  for (const el of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    if (!isShown(el) || el.closest('svg')) continue;
    for (const name of ['aria-label', 'title', 'placeholder']) { const text = el.getAttribute(name); if (text && !isOurs(text)) bad.push(`${where(el)} ${name}: ${text.slice(0, 80)}`); }
  }
  if (!isOurs(document.title)) bad.push(`title: ${document.title}`);
  const side = document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} px wide`] : [];
  return { bad: [...new Set(bad)], cut: [...new Set([...cut, ...side])] };
}

test('the language for testing: brackets, accents, a third longer; holes and the space around stay', () => {
  assert.equal(pseudo(' and '), ' [àñđ ·] ');
  assert.equal(pseudo(''), '');
  const said = pseudo('{n} records of {table}');
  assert.match(said, /^\[\{n\} ŕéçóŕđš óƒ \{table\}[ ·]+\]$/);
  for (const text of ['Save', 'Type your password.', 'The program is not answering. You can go on; {n} changes wait in this browser.']) assert.ok(pseudo(text).length >= text.length * 1.35, text);
});

test('every screen speaks it, and cuts nothing off', async t => {
  const { page, ask, open, run } = await house(t, browser, { app: { ...APP, app: { ...APP.app } } });
  page.expected.add(401).add(404).add(409).add(400);
  const data = new Set(['Tea', 'English', 'true', 'false', 'null', 'test', 'Edge', 'Chrome', 'HeadlessChrome', 'Linux', 'curl', 'Carryall', 'carryall', 'amount * probability / 100', 'CSV', 'JSON', 'NDJSON', 'XLSX', 'Excel', 'rec', 'admin@example.com', 'appUUID', 'API', 'ID']);
  page.on('response', async r => {
    if (!/\/(?:api|auth)\//.test(r.url()) || !/json/.test(r.headers()['content-type'] ?? '')) return;
    try {
      const answer = await r.json();
      // Of the dialects only their names are shown; the rest would excuse too many words.
      if (answer.dialects) for (const d of answer.dialects) data.add(d.name);
      else textsIn(answer, data, /\/changes/.test(r.url()));
    } catch { /* Nothing to read. */ }
  });
  await ask('POST', '/api/apps/tea/schemas/sorts/fields', { slug: 'weight', name: 'Weight', type: 'decimal', min: 1, max: 9 });
  await ask('PATCH', '/api/apps/tea/schemas/sorts/records/1', { grams: '250' });
  await ask('DELETE', '/api/apps/tea/schemas/sorts/records/2');
  await ask('POST', '/api/apps/tea/checkpoints', { name: 'first' });
  await ask('POST', '/api/apps/tea/schemas/sorts/views', { name: 'Green only', kind: 'grid', filter: "kind = 'green'" });
  await open('/_/settings/account');
  await page.getByLabel('Language', { exact: true }).selectOption('pseudo');
  await page.getByRole('heading', { name: '[', exact: false }).first().waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en-XA');
  // What is wrong, and where it was seen first.
  const wrong = new Map();
  const check = async name => {
    // Whoever watches a table asks without end, so the network is never idle there.
    await page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton, [aria-busy="true"]'));
    await page.evaluate(() => new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    const { bad, cut } = await page.evaluate(look, [...data]);
    for (const x of [...bad, ...cut.map(c => `cut off: ${c}`)]) if (!wrong.has(x)) wrong.set(x, name);
  };
  await check('account');
  // It sees what is no text of ours, and what is cut off.
  await page.evaluate(() => {
    const [p, box, button] = ['p', 'p', 'button'].map(tag => document.createElement(tag));
    p.textContent = 'Plain words';
    box.textContent = '[Ŵóŕđš ťħàť đó ñóť ƒíť]';
    Object.assign(box.style, { width: '40px', overflow: 'hidden', whiteSpace: 'nowrap' });
    button.setAttribute('aria-label', 'Press it');
    document.querySelector('main').append(p, box, button);
  });
  await check('seeded');
  assert.deepEqual([...wrong.keys()].filter(x => wrong.get(x) === 'seeded'), ['p: Plain words', 'button aria-label: Press it', 'cut off: p in p: [Ŵóŕđš ťħàť đó ñóť ƒíť]']);
  for (const [what, name] of wrong) if (name === 'seeded') wrong.delete(what);
  await inspect(page, 'language-account');
  const table = '/_/tea/t/sorts';
  const settled = () => page.waitForSelector('.grid[aria-busy="false"] tbody[role] tr[data-id]');
  await open(table);
  await settled();
  await check('table');
  await inspect(page, 'language-table');
  const boxes = await page.locator('.tools ui-drop > button').all();
  for (const [i, box] of boxes.entries()) { await box.click(); await page.locator('.drop:popover-open').waitFor(); await check(`tools ${i}`); await page.keyboard.press('Escape'); }
  for (const [name, at] of [['table menu', 'ui-tablemenu button'], ['profile', 'ui-profile button'], ['switcher', '.switcher'], ['column', '.grid th [aria-haspopup], .grid th button']]) { await page.locator(at).first().click(); await check(name); await page.keyboard.press('Escape'); }
  await page.keyboard.press('Control+k');
  await page.locator('dialog.palette [role="option"]').first().waitFor();
  await check('palette');
  await page.keyboard.press('Escape');
  await page.locator('dialog.palette').waitFor({ state: 'hidden' });
  await page.locator('h1').focus();
  await page.keyboard.press('?');
  await page.locator('dialog.keyhelp').waitFor();
  await check('keys');
  await page.keyboard.press('Escape');
  await page.locator('.grid .picker input, .grid input[type="checkbox"]').first().check({ force: true });
  await page.locator('.bulk').waitFor();
  await check('bulk');
  await page.locator('.bulk button').first().click();
  await page.locator('dialog.ask').waitFor();
  await check('bulk edit');
  await page.keyboard.press('Escape');
  await open(`${table}?r=rec_1`);
  await page.locator('.panel .fields, .panel-body').first().waitFor();
  await settled();
  await check('record');
  for (const [name, at] of [['nothing found', `${table}?q=nothing+is+like+this`], ['not there', `${table}?r=rec_99`], ['no table', '/_/tea/t/nowhere'], ['no app', '/_/nowhere'], ['no page', '/_/tea/x/y/z']]) { await open(at); await check(name); }
  for (const [name, at] of [['home', '/_/tea/home'], ['new table', '/_/tea/new-table'], ['diagram', '/_/tea/diagram'], ['import', '/_/tea/import'], ['import into', `${table}/import`], ['export', `${table}/export`], ['settings', '/_/tea/settings'], ['history', '/_/tea/history'], ['gone', '/_/tea/history?show=gone'], ['points', '/_/tea/history?show=points'],
    ['fields', `${table}/fields`], ['field', `${table}/fields?f=kind`], ['number', `${table}/fields?f=weight`], ['reference', `${table}/fields?f=maker`], ['tokens', '/_/tokens'], ['apps', '/_/apps'], ['new app', '/_/apps?new=1'], ['import an app', '/_/apps/import']]) {
    await open(at);
    await check(name);
  }
  await open(`${table}/fields`);
  await page.fill('#new-field', 'Status');
  await page.locator('.chip').first().waitFor();
  await check('new field');
  await page.locator('.remove button').last().click();
  await page.locator('.ask').waitFor();
  await check('remove');
  await open('/_/tea/history');
  await page.locator('.act-face').first().click();
  await page.locator('.act-entry').first().waitFor();
  await check('act');
  await page.locator('.set-point').click();
  await page.locator('.point-form button').first().click();
  await check('point');
  await open(`${table}/import`);
  await page.fill('#paste', 'Name\tMail\tWhen\nOne\tno mail\tnever\nTwo\ttwo@example.com\t2026-01-01');
  await page.locator('ui-import .row .btn').last().click();
  await page.locator('.mapping').waitFor();
  textsIn(['Name', 'Mail', 'When', 'One', 'no mail', 'never', 'Two', 'two@example.com', '2026-01-01'], data);
  await check('mapping');
  await page.locator('ui-import .main-act').last().click();
  await page.locator('.tally').waitFor();
  await check('problems');
  await open('/_/tokens');
  await page.locator('#main button').first().click();
  await check('new token');
  const link = run('link', '--user', 'owner@example.com').stdout.trim();
  await open('/_/tea/home');
  await page.locator('ui-profile button').first().click();
  await page.locator('ui-profile [role="menuitem"]').last().click();
  await page.waitForURL(/sign-in/);
  await check('sign-in');
  await page.locator('#username').fill('owner@example.com');
  await page.locator('#password').fill('wrong password');
  await page.keyboard.press('Enter');
  await page.locator('#sign-in-error:not(:empty)').waitFor();
  await check('sign-in refused');
  await page.goto(new URL('/_/start#t=used', page.url()).href);
  await page.locator('.notice').waitFor();
  await check('used link');
  assert.deepEqual([...wrong].map(([what, name]) => `${name}: ${what}`), []);
  await page.goto(link);
  await page.waitForURL(u => !u.pathname.includes('start'));
  await close(page);
});
