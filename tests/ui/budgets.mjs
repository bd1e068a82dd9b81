// What the grid costs on a long table, measured in a real browser against the budgets of the design: time to first rows, frames, keys, nodes, memory.
//   node budgets.mjs     prints a line for each figure, and ends with 1 when one is over its budget
//   CARRYALL_BIN   the executable
//   ROWS           how many records, 1,000,000 if not said
//   MINUTES        how long somebody works at random for the memory, 1 if not said
//   AGAIN          how often the page is loaded for a median, 5 if not said
//   STEPS=1        also says where the time of a scrolling page goes
// Run by hand on a quiet machine; no part of the tests. Not here: what the grid does (grid.test.mjs).
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WIDE, firstRow, launch, newPage as pageOf } from './browser.mjs';
import { begin } from './server.mjs';

const ROWS = Number(process.env.ROWS ?? 1_000_000), MINUTES = Number(process.env.MINUTES ?? 1), AGAIN = Number(process.env.AGAIN ?? 5), SAMPLES = 20, SCROLL_MS = 4_000;
const LINES_AT_ONCE = 10_000, PATIENCE_MS = 120_000, SAVE_MOST_MS = 10_000;
const STATES = ['new', 'used', 'broken'], APP = {
  carryall: 1, app: { slug: 'shop', name: 'Shop' },
  schemas: [
    { slug: 'makers', name: 'Makers', fields: [{ slug: 'name', type: 'text' }] },
    { slug: 'things', name: 'Things', model: 'Thing', display_field: 'title', fields: [
      { slug: 'title', type: 'text', index: true }, { slug: 'pieces', type: 'integer' }, { slug: 'price', type: 'money', currency: 'EUR' }, { slug: 'state', type: 'select', options: STATES },
      { slug: 'day', type: 'date' }, { slug: 'mail', type: 'email' }, { slug: 'sold', type: 'boolean' }, { slug: 'maker', type: 'reference', target: 'makers' }] }],
  records: { makers: ['Ada', 'Bo', 'Cy'].map(name => ({ name })) },
};

const ends = [], t = { after: fn => ends.unshift(fn) };
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)], p95 = list => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * 0.95))];
const round = n => Math.round(n * 10) / 10;
let over = 0;

function tell(what, value, unit, budget = null, isLeast = false) {
  const isOver = budget !== null && (isLeast ? value < budget : value > budget);
  if (isOver) over++;
  console.log(`${isOver ? 'OVER ' : '     '}${what.padEnd(58)}${`${round(value).toLocaleString('en')} ${unit}`.padStart(14)}${budget === null ? '' : `   ${isLeast ? 'at least' : 'at most'} ${budget.toLocaleString('en')}`}`);
}

/** The records as a file, by the command that takes it in. */
function fill(run) {
  const folder = mkdtempSync(path.join(tmpdir(), 'carryall-budgets-')), file = path.join(folder, 'things.csv'), out = openSync(file, 'w');
  writeSync(out, 'title,pieces,price,state,day,mail,sold,maker\n');
  for (let at = 0; at < ROWS; at += LINES_AT_ONCE) {
    const lines = Array.from({ length: Math.min(LINES_AT_ONCE, ROWS - at) }, (_, i) => {
      const n = at + i + 1;
      return `Thing ${n},${n % 997},${(n * 7 % 100_000) / 100},${STATES[n % 3]},2026-${String(n % 12 + 1).padStart(2, '0')}-${String(n % 28 + 1).padStart(2, '0')},thing${n}@example.com,${n % 2 ? 'true' : 'false'},rec_${n % 3 + 1}`;
    });
    writeSync(out, `${lines.join('\n')}\n`);
  }
  closeSync(out);
  const done = run('import', file, '--app', 'shop', '--schema', 'things');
  rmSync(folder, { recursive: true });
  if (done.status !== 0) throw new Error(done.stderr);
}

const newPage = async (...given) => { const page = await pageOf(...given); page.setDefaultTimeout(PATIENCE_MS); return page; };

const isQuiet = () => document.querySelector('.grid')?.getAttribute('aria-busy') === 'false' && !document.querySelector('.canvas tr[aria-busy]');
const row = i => `.canvas tr[data-index="${i}"][data-id]`;

/** Scrolls for a while and gives the time between frames. `step`: the new place from the milliseconds since the beginning. */
const scroll = (page, how) => page.evaluate(([ms, name]) => new Promise(done => {
  const box = document.querySelector('.gridbox'), most = box.scrollHeight - box.clientHeight, gaps = [], from = box.scrollTop;
  const ways = { slow: at => from + at * 3, fast: at => from + at * 90, jumps: at => (Math.floor(at / 100) * 7_919_333) % most };
  let begun = 0, last = 0;
  const frame = now => {
    if (!begun) begun = now; else gaps.push(now - last);
    last = now;
    box.scrollTop = ways[name](now - begun) % most;
    if (now - begun < ms) requestAnimationFrame(frame); else done(gaps);
  };
  requestAnimationFrame(frame);
}), [SCROLL_MS, how]);

async function loads(browser, at, state) {
  const cold = [], painted = [], warm = [];
  for (let i = 0; i < AGAIN; i++) {
    const page = await newPage(browser, at, { state });
    await page.goto(at);
    cold.push(await (await page.waitForFunction(firstRow)).jsonValue());
    painted.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0));
    await page.waitForFunction(isQuiet);
    await page.waitForLoadState('load');
    await page.reload();
    warm.push(await (await page.waitForFunction(firstRow)).jsonValue());
    await page.context().close();
  }
  const most = (list, name) => Math.max(...list.map(x => x[name]));
  tell('first contentful paint, empty cache', median(painted), 'ms', 300);
  tell('grid usable, empty cache', median(cold.map(x => x.ms)), 'ms', 800);
  tell('requests until then', most(cold, 'requests'), '', 50);
  tell('its files, unpacked', most(cold, 'bytes') / 1024, 'KB', 300);
  tell('grid usable, reload', median(warm.map(x => x.ms)), 'ms', 300);
  tell('requests of a reload until then, but for what is kept', most(warm, 'requests'), '', 3);
}

async function keys(page) {
  await page.evaluate(() => {
    globalThis.shown = [];
    addEventListener('keydown', e => {
      // Only the key that is waited for: the cell may be left before the frame of another one.
      if (e.key !== 'x') return;
      const begun = performance.now(), look = () => { if (document.activeElement?.value?.includes(e.key)) globalThis.shown.push(performance.now() - begun); else requestAnimationFrame(look); };
      requestAnimationFrame(look);
    }, { capture: true });
  });
  const saved = [];
  for (let i = 0; i < SAMPLES; i++) {
    await page.locator(`${row(i)} > [data-col="1"]`).click();
    await page.keyboard.press('x');
    await page.waitForFunction(n => globalThis.shown.length > n, i);
    await page.keyboard.type(`yz ${i}`);
    const took = await page.evaluate(most => new Promise(done => {
      const input = document.activeElement, begun = performance.now();
      let was = false;
      const look = () => {
        const word = document.querySelector('.save')?.dataset.state, ms = performance.now() - begun;
        was ||= word === 'saving';
        if (was && word === 'saved') done(ms); else if (ms > most) done(`${word} after ${Math.round(ms)} ms`); else setTimeout(look);
      };
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      look();
    }), SAVE_MOST_MS);
    if (typeof took === 'string') console.log(`WRONG a cell was not saved: ${took}`); else saved.push(took);
  }
  tell('a key in a cell until it is on the screen, p95', p95(await page.evaluate(() => globalThis.shown)), 'ms', 50);
  tell('a cell left until it is saved, p95', p95(saved), 'ms', 100);
}

async function frames(page) {
  for (const [how, what] of [['slow', '3,000 px/s'], ['fast', '90,000 px/s'], ['jumps', 'ten jumps a second']]) {
    const gaps = await scroll(page, how);
    tell(`4 s at ${what}: frames`, gaps.length, '');
    tell(`4 s at ${what}: a frame, p95`, p95(gaps), 'ms', how === 'slow' ? 17.5 : null);
    tell(`4 s at ${what}: the longest frame`, Math.max(...gaps), 'ms', how === 'slow' ? 50 : null);
    await page.waitForFunction(isQuiet);
  }
}

/** Where the time goes while the page scrolls: the functions that took most of it. */
async function steps(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Profiler.enable');
  await cdp.send('Profiler.setSamplingInterval', { interval: 200 });
  await cdp.send('Profiler.start');
  await scroll(page, 'slow');
  const { profile: { nodes, samples, timeDeltas } } = await cdp.send('Profiler.stop'), byId = new Map(nodes.map(n => [n.id, n])), spent = new Map();
  samples.forEach((id, i) => { const { functionName, url, lineNumber } = byId.get(id).callFrame, name = `${functionName || '(none)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`; spent.set(name, (spent.get(name) ?? 0) + timeDeltas[i] / 1000); });
  for (const [name, ms] of [...spent].sort((a, b) => b[1] - a[1]).slice(0, 16)) console.log(`       ${String(round(ms)).padStart(8)} ms  ${name}`);
}

async function heap(page) {
  const cdp = await page.context().newCDPSession(page), used = async () => { await cdp.send('HeapProfiler.collectGarbage'); return (await cdp.send('Runtime.getHeapUsage')).usedSize / 1024 ** 2; };
  const before = await used(), end = Date.now() + MINUTES * 60_000;
  let half = null;
  for (let n = 0; Date.now() < end; n++) {
    await page.evaluate(k => { const box = document.querySelector('.gridbox'); box.scrollTop = (k * 7_919_333) % box.scrollHeight; }, n);
    await page.waitForFunction(isQuiet);
    await page.locator('.canvas tr[data-id]').nth(12).locator('[data-col="1"]').click();
    if (n % 4 === 0) { await page.keyboard.press(' '); await page.keyboard.press('Escape'); } else await page.keyboard.press('ArrowDown');
    if (n % 5 === 0) { await page.keyboard.type(`Now ${n}`); await page.keyboard.press('Enter'); }
    if (half === null && Date.now() > end - MINUTES * 30_000) half = await used();
  }
  const after = await used();
  tell(`memory of scripts before`, before, 'MB');
  tell(`memory of scripts after ${MINUTES} min of random use`, after, 'MB', 60);
  tell('memory that the second half of it added', after - half, 'MB', 5);
}

const browser = await launch();
try {
  const server = await begin(t, APP), made = server.run('admin', 'create', '--email', 'owner@example.com');
  if (made.status !== 0) throw new Error(made.stderr);
  const began = Date.now();
  fill(server.run);
  console.log(`${ROWS.toLocaleString('en')} records in ${round((Date.now() - began) / 1000)} s`);
  const first = await newPage(browser, server.url);
  await first.goto(server.run('link', '--user', 'owner@example.com').stdout.trim());
  await first.waitForURL(u => !u.pathname.includes('start'));
  const state = await first.context().storageState(), at = new URL('/_/shop/t/things', server.url).href;
  await first.context().close();
  await loads(browser, at, state);

  const page = await newPage(browser, server.url, { state, view: WIDE });
  await page.goto(at);
  await page.waitForFunction(isQuiet);
  await page.waitForSelector('.foot');
  const seen = await page.$$eval('.canvas tr', list => { const foot = document.querySelector('.foot').getBoundingClientRect().top, head = document.querySelector('.entry').getBoundingClientRect().bottom; return list.map(r => r.getBoundingClientRect()).filter(b => b.bottom <= foot + 1 && b.top >= head - 1).length; });
  tell('rows in sight', seen, '', 18, true);
  tell('nodes', await page.evaluate(() => document.querySelectorAll('*').length), '', 1_500);
  await keys(page);
  const times = [];
  for (const [key, index] of [['Control+End', ROWS - 1], ['Control+Home', 0], ['Control+End', ROWS - 1]]) {
    const begun = Date.now();
    await page.keyboard.press(key);
    await page.waitForSelector(row(index));
    times.push(Date.now() - begun);
  }
  tell('to the last record', times[0], 'ms', 500);
  tell('to the last record, again', times[2], 'ms');
  await page.evaluate(() => { document.querySelector('.gridbox').scrollTop = 0; });
  await page.waitForFunction(isQuiet);
  await frames(page);
  if (process.env.STEPS) await steps(page);
  tell('nodes after scrolling', await page.evaluate(() => document.querySelectorAll('*').length), '', 1_500);
  for (const [what, query, wanted] of [['sorted by a field with an index', '?sort=-title', null], ['sorted by one without', '?sort=-price', null], ['filtered', `?f=${encodeURIComponent(JSON.stringify({ all: [['state', 'anyof', ['used']]] }))}`, null], ['in groups', '?g=state', '.canvas tr[data-group]']]) {
    const begun = Date.now();
    await page.goto(at + query, { waitUntil: 'commit' });
    const shown = page.waitForSelector(wanted ?? '.canvas tr[data-id]'), refused = page.locator('.main [role="alert"] .notice').waitFor();
    await Promise.race([shown, refused]);
    for (const left of [shown, refused]) left.catch(() => {});
    if (await page.locator('.main [role="alert"] .notice').count()) console.log(`OVER rows that are ${what}: ${await page.locator('.main [role="alert"] .notice').innerText()}`);
    else tell(`rows that are ${what}, page and all`, Date.now() - begun, 'ms');
  }
  await page.goto(at);
  await page.waitForFunction(isQuiet);
  const begun = Date.now();
  await page.locator('.rail-list a').filter({ hasText: 'Makers' }).click();
  await page.waitForFunction(() => document.querySelector('.canvas tr[data-index="0"] > [data-col="1"]')?.textContent.includes('Ada'));
  tell('another table of the app', Date.now() - begun, 'ms', 150);
  await page.goto(at);
  await page.waitForFunction(isQuiet);
  await heap(page);
  for (const wrong of page.wrong) console.log(`WRONG ${wrong}`);
} finally {
  await browser.close();
  for (const end of ends) await end();
}
process.exitCode = over ? 1 : 0;
