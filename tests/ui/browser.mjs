// The browser of the page's tests: pages that write down everything that must not happen, and the look at a screen.
//   SHOTS      optional: a folder for one picture of every screen
//   CHROMIUM   optional: the browser, else Debian's
// Not here: journeys (smoke.test.mjs, start.test.mjs).
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

const { SHOTS, CHROMIUM = '/usr/bin/chromium' } = process.env;
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const WIDE = { width: 1280, height: 800 }, PHONE = { width: 390, height: 800 };

export function launch() {
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A page of a server. `page.expected` holds the statuses that a journey provokes on purpose. */
export async function newPage(browser, url, { view = WIDE, scheme = 'light', state = null } = {}) {
  const context = await browser.newContext({ viewport: view, hasTouch: view === PHONE, isMobile: view === PHONE, colorScheme: scheme, storageState: state ?? undefined, locale: 'en-US', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const wrong = page.wrong = [];
  page.expected = new Set();
  const { origin } = new URL(url);
  page.on('console', m => {
    const status = Number(/status of (\d+)/.exec(m.text())?.[1]);
    const refused = /ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(m.text()) && page.expected.has('offline');
    if (m.type() === 'error' && !page.expected.has(status) && !refused) wrong.push(`console: ${m.text()}`);
  });
  page.on('pageerror', e => wrong.push(`error: ${e.stack}`));
  page.on('request', r => { if (!/^(data|blob):/.test(r.url()) && new URL(r.url()).origin !== origin) wrong.push(`foreign request: ${r.url()}`); });
  page.on('response', r => { if (r.status() >= 500) wrong.push(`${r.status()}: ${r.url()}`); });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', e => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
    addEventListener('unhandledrejection', e => console.error(`rejection: ${e.reason}`));
  });
  return page;
}

export async function close(page) {
  await page.context().close();
  assert.deepEqual(page.wrong, []);
}

/** Asks until it is so. What a page is asked to wait for must not be a promise: that one is true at once. */
export async function until(page, isSo) {
  for (let turns = 0; turns < 600; turns++) {
    if (await isSo()) return;
    await page.evaluate(() => new Promise(done => { requestAnimationFrame(done); }));
  }
  assert.fail('it did not come to be so');
}

/** No accessibility violation, one h1, a title of two parts, and a picture. */
export async function inspect(page, name) {
  assert.match(await page.title(), / – /);
  assert.equal(await page.locator('h1').count(), 1, 'one h1');
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document)).violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(' | ')}`));
  assert.deepEqual(found, [], `axe on ${name}`);
  if (SHOTS) await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
}

/** For `waitForFunction`: when the first row of a table is there, and what had been asked for until then. What the browser has kept was not asked for; the
 *  page itself is no entry of the browser's list. `bytes`, unpacked, are those of files, not of data. */
export const firstRow = () => {
  const ms = performance.getEntriesByName('ui:rows')[0]?.startTime, asked = performance.getEntriesByType('resource').filter(r => r.startTime <= ms && (r.transferSize > 0 || !r.responseEnd));
  return ms && document.querySelector('.canvas tr[data-id] > [data-col]') && { ms, requests: 1 + asked.length, bytes: asked.filter(r => r.initiatorType !== 'fetch').reduce((sum, r) => sum + r.decodedBodySize, 0), names: asked.map(r => r.name) };
};
