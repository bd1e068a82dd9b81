// A server of its own for a test of the page.
//   CARRYALL_BIN   the executable
// Not here: the demo that the other tests share, which tests/run starts.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const { CARRYALL_BIN } = process.env;

/** An empty data file, or one with this app file in it, its server, and ways to ask for a link and to run a command. All of it goes with the test. */
export async function begin(t, appFile = null) {
  assert.ok(CARRYALL_BIN, 'CARRYALL_BIN is needed');
  const folder = mkdtempSync(path.join(tmpdir(), 'carryall-ui-'));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CARRYALL_')));
  const run = (...args) => spawnSync(CARRYALL_BIN, args, { cwd: folder, env, encoding: 'utf8' });
  if (appFile) {
    writeFileSync(path.join(folder, 'app.json'), JSON.stringify(appFile));
    assert.equal(run('apply', 'app.json').status, 0);
  }
  const server = spawn(CARRYALL_BIN, ['serve', '--listen', '127.0.0.1:0', '--no-open', '--quiet'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise(resolve => server.once('close', resolve));
  t.after(async () => { server.kill(); await ended; rmSync(folder, { recursive: true }); });
  const line = await new Promise(resolve => createInterface({ input: server.stdout }).once('line', resolve));
  return { url: line.replace('listening on ', ''), link: () => run('link').stdout.trim(), run };
}
