// The four pictures of the README, drawn anew by hand: node shots.mjs, which writes shots/*.png, 400 KB in all.
//   CARRYALL_BIN   the executable
//   CHROMIUM       optional: the browser, else Debian's
// Not here: any test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch } from './browser.mjs';

const FOLDER = path.join(import.meta.dirname, 'shots'), BYTES_MAX = 400 * 1024;
const SIZE = { width: 960, height: 560 };
const SHOTS = [
  ['grid', '/_/crm/t/deals', async page => { await page.locator('.canvas tr[data-id="rec_12"]').waitFor(); }],
  ['record', '/_/crm/t/companies?r=rec_1', async page => { await page.locator('.linked .lines tbody tr').first().waitFor(); }],
  ['api', '/_/crm/t/deals?p=api', async page => {
    const cell = page.locator('.canvas tr[data-id="rec_2"] > [data-col="1"]');
    await cell.click();
    await page.keyboard.type('Service van planner, second year');
    await page.keyboard.press('Enter');
    await page.locator('.api-request').first().waitFor();
  }],
  ['history', '/_/crm/history', async page => { await page.locator('.log-entry, .act').first().waitFor(); }],
];

const folder = mkdtempSync(path.join(tmpdir(), 'carryall-shots-'));
const server = spawn(process.env.CARRYALL_BIN, ['demo', '--listen', '127.0.0.1:0', '--no-open'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
const link = await new Promise(found => {
  let said = '';
  server.stderr.on('data', text => { said += text; const [url] = /http:\S+\/_\/start#t=[0-9a-f]+/.exec(said) ?? []; if (url) found(url); });
});
const browser = await launch();
try {
  mkdirSync(FOLDER, { recursive: true });
  const page = await (await browser.newContext({ viewport: SIZE, locale: 'en-US', reducedMotion: 'reduce' })).newPage();
  await page.goto(link);
  await page.waitForURL(/\/t\//);
  let bytes = 0;
  for (const [name, at, ready] of SHOTS) {
    await page.goto(new URL(at, link).href);
    await ready(page);
    await page.waitForFunction(() => !document.querySelector('.skeleton'));
    const file = path.join(FOLDER, `${name}.png`);
    await page.screenshot({ path: file });
    bytes += statSync(file).size;
  }
  assert.ok(bytes <= BYTES_MAX, `${bytes} bytes`);
  console.log(`${SHOTS.length} pictures, ${bytes} bytes`);
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true });
}
