// Source checks of the admin page in ../../static, without a browser: layers, imports, unused things, forbidden words, sizes.
// Not here: behaviour (smoke.test.mjs).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringsOf, wordsIn } from './words.mjs';

const ROOT = fileURLToPath(new URL('../../static/', import.meta.url));
// 720 KB were planned before records were edited beside their lines and requests told in every dialect; what a screen waits for is bounded by the first load.
const MAX_LINES = 400, MAX_TOTAL = 840 * 1024, MAX_FIRST_LOAD = 300 * 1024, MAX_REQUESTS = 50;
// Demo data for the server: embedded with the page, but no part of it.
const SAMPLES = 'samples/';
// A page of its own, around Swagger UI.
const DOCS = 'docs/';
// The one place that may parse markup, and the one address that is a name and not a place.
const MARKUP_FILE = 'lib/view.js';
const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';
// An icon file cannot read tokens, so the sign of the browser tab repeats two colours.
const RAW_COLOURS = ['css/tokens.css', 'favicon.svg'];
// Who may import whom. The folder of a file is its layer; main.js stands above all.
const LAYERS = { i18n: [], lib: ['lib'], app: ['i18n', 'lib', 'app'], ui: ['i18n', 'lib', 'app', 'ui'], screens: ['i18n', 'lib', 'app', 'ui', 'screens'], '.': ['lib', 'app', 'ui', 'screens', '.'] };

const files = readdirSync(ROOT, { recursive: true }).map(String).filter(f => statSync(ROOT + f).isFile() && !f.startsWith(SAMPLES) && !f.startsWith(DOCS)).sort();
const text = Object.fromEntries(files.map(f => [f, readFileSync(ROOT + f, 'utf8')]));
const js = files.filter(f => f.endsWith('.js')), css = files.filter(f => f.endsWith('.css'));
const layerOf = f => f.includes('/') ? f.split('/')[0] : '.';
const bare = f => text[f].replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}(])\/\/.*$/gm, '$1');

function importsOf(f) {
  return [...text[f].matchAll(/^import\s+(?:\{([^}]*)\}\s+from\s+)?'([^']+)';/gm)].map(([, names, from]) => ({
    names: names ? names.split(',').map(n => n.trim()).filter(Boolean) : [],
    from,
    file: path.posix.normalize(path.posix.join(path.posix.dirname(f), from)),
  }));
}
// Modules that come when they are needed: `import('./x.js')`, for what they do or for what they register.
const laterOf = f => [...bare(f).matchAll(/\bimport\('([^']+)'\)/g)].map(m => path.posix.normalize(path.posix.join(path.posix.dirname(f), m[1])));
// Style sheets that come with a module: `wear('css/x.css')`.
const wornOf = f => [...bare(f).matchAll(/\bwear\('([^']+)'\)/g)].map(m => m[1]);
const all = list => assert.deepEqual(list, []);
const assets = [...text['index.html'].matchAll(/(?:href|src)="\/_\/a\/\{\{build\}\}\/([^"]+)"/g)].map(m => m[1]);

test('every import is relative, resolves and names an export', () => {
  const bad = [];
  for (const f of js) for (const i of importsOf(f)) {
    if (!i.from.startsWith('.') || !files.includes(i.file)) { bad.push(`${f}: ${i.from}`); continue; }
    for (const n of i.names) if (!new RegExp(`export (?:async )?(?:const|function|class) ${n}\\b`).test(text[i.file])) bad.push(`${f}: ${n} from ${i.from}`);
    for (const n of i.names) if (bare(f).match(new RegExp(`\\b${n}\\b`, 'g')).length < 2) bad.push(`${f}: ${n} is imported and not used`);
  }
  all(bad);
});

test('layers: lib < app < ui < screens < main.js', () => {
  all(js.flatMap(f => importsOf(f).filter(i => !LAYERS[layerOf(f)].includes(layerOf(i.file))).map(i => `${f} imports ${i.file}`)));
  all(js.flatMap(f => laterOf(f).filter(l => !files.includes(l) || !LAYERS[layerOf(f)].includes(layerOf(l))).map(l => `${f} imports ${l}`)));
  all(js.filter(f => f !== 'main.js').flatMap(f => importsOf(f).filter(i => i.file.startsWith('screens/')).map(i => `${f} imports ${i.file}`)));
});

test('the page names existing files, and preloads exactly the modules of the entry graph', () => {
  all(assets.filter(a => !files.includes(a)));
  const graph = new Set();
  const walk = f => { for (const { file } of importsOf(f)) if (!graph.has(file)) { graph.add(file); walk(file); } };
  walk('main.js');
  const preloaded = [...text['index.html'].matchAll(/rel="modulepreload" href="[^"]*\}\}\/([^"]+)"/g)].map(m => m[1]);
  assert.deepEqual(preloaded.sort(), [...graph].sort());
});

test('no unused file, export, icon, token or class', () => {
  const used = new Set(['index.html', 'icons.svg', ...assets, ...js.flatMap(f => importsOf(f).map(i => i.file)), ...js.flatMap(laterOf), ...js.flatMap(wornOf)]);
  all(js.flatMap(f => wornOf(f).filter(w => !files.includes(w)).map(w => `${f} wears ${w}`)));
  all(files.filter(f => !used.has(f)));

  const wanted = new Set(js.flatMap(f => importsOf(f).flatMap(i => i.names.map(n => `${i.file} ${n}`))));
  // `const { a, b } = await import('./x.js')` takes a and b; so does `import('./x.js').then(({ a, b }) =>`.
  for (const f of js) for (const [, from, names] of bare(f).matchAll(/\bimport\('([^']+)'\)\.then\(\(\{([^{}]*)\}\)/g)) {
    for (const n of names.split(',').map(n => n.trim()).filter(Boolean)) wanted.add(`${path.posix.normalize(path.posix.join(path.posix.dirname(f), from))} ${n}`);
  }
  for (const f of js) for (const [, names, from] of bare(f).matchAll(/\{([^{}]*)\} = await import\('([^']+)'\)/g)) {
    const file = path.posix.normalize(path.posix.join(path.posix.dirname(f), from));
    for (const n of names.split(',').map(n => n.trim()).filter(Boolean)) wanted.add(`${file} ${n}`);
  }
  all(js.flatMap(f => [...text[f].matchAll(/export (?:async )?(?:const|function|class) (\w+)/g)].map(m => `${f} ${m[1]}`)).filter(e => !wanted.has(e)));

  const scripts = js.map(bare).join('\n'), sheets = css.map(bare).join('\n');
  all([...text['icons.svg'].matchAll(/<symbol id="([^"]+)"/g)].map(m => m[1]).filter(id => !scripts.includes(`'${id}'`)));
  all([...bare('css/tokens.css').matchAll(/(--[\w-]+):/g)].map(m => m[1]).filter(t => !sheets.includes(`var(${t})`)));
  const markup = scripts + text['index.html'];
  all([...new Set([...sheets.matchAll(/\.([a-z][\w-]*)(?=[\s,.:[{)>+])/g)].map(m => m[1]))].filter(c => !new RegExp(`[\\s"'\`]${c}[\\s"'\`$]`).test(markup)));
});

test('every token and icon that is used exists', () => {
  const tokens = new Set([...css.map(bare).join('\n').matchAll(/(--[\w-]+)\s*:/g)].map(m => m[1]));
  for (const m of js.map(bare).join('\n').matchAll(/setProperty\('(--[\w-]+)'/g)) tokens.add(m[1]);
  all(css.flatMap(f => [...bare(f).matchAll(/var\((--[\w-]+)/g)].map(m => m[1]).filter(t => !tokens.has(t)).map(t => `${f}: ${t}`)));
  const icons = new Set([...text['icons.svg'].matchAll(/<symbol id="([^"]+)"/g)].map(m => m[1]));
  all(js.flatMap(f => [...bare(f).matchAll(/(?:\bicon\(|\bsign: |icon: )'([^']+)'/g)].map(m => m[1]).filter(i => !icons.has(i)).map(i => `${f}: ${i}`)));
});

test('texts: every key that is used has a text, and every text is used', () => {
  const keys = js.filter(f => layerOf(f) === 'i18n').flatMap(f => [...text[f].matchAll(/^  '([^']+)':/gm)].map(m => m[1]));
  const scripts = js.filter(f => layerOf(f) !== 'i18n').map(bare).join('\n');
  assert.equal(new Set(keys).size, keys.length, 'no key stands twice');
  all([...scripts.matchAll(/\bt\('([^']+)'/g)].map(m => m[1]).filter(k => !keys.includes(k)));
  // A key may be put together: `t(`save.${word}`)` uses all that begin so.
  const begun = [...scripts.matchAll(/\bt\(`([\w.]+)\$\{/g)].map(m => m[1]);
  all(keys.filter(k => !scripts.includes(`'${k}'`) && !begun.some(b => k.startsWith(b))));
});

test('words for people stand in the message files, and nowhere else', () => {
  all(js.filter(f => layerOf(f) !== 'i18n').flatMap(f => stringsOf(text[f]).map(s => [s, wordsIn(s)]).filter(([, words]) => words).map(([s, words]) => `${f}:${s.line}: ${words}`)));
  // It finds them where they would be.
  const found = source => stringsOf(source).map(wordsIn).filter(Boolean);
  assert.deepEqual(found('html`<p>Two words ${x}</p><b title="A tip">${y}</b><code>curl it</code>`'), ['A tip | Two words']);
  assert.deepEqual(found("note('this went wrong', { text: 'A name', kind: 'select', key: 'Enter' })"), ['this went wrong', 'A name']);
  assert.deepEqual(found("// It's a 'Comment here'\nconst a = /'No word/.test(t('a.key')) && `${b} of 'Some'`;"), []);
  assert.deepEqual(found("const words = `Try again in ${n} seconds`;"), ['Try again in  seconds']);
});

test('no property of our elements hides one that every element has: it would be lost while the module is on its way', () => {
  const every = /[{,] *(id|title|hidden|lang|dir|role|slot|style|translate|draggable|inert|popover|nonce|className|dataset|part)\b *[:,}]/;
  const props = f => [...text[f].matchAll(/static props = \{([^;]*)\};/g)].map(m => `{${m[1]}}`);
  all(js.filter(f => props(f).some(p => every.test(p))));
  assert.ok(every.test('{ rows: null, id: null }') && js.some(f => props(f).length));
});

test('no markup from strings, no eval, no inline style, no foreign address', () => {
  const words = [/\binnerHTML\b/, /\bouterHTML\b/, /insertAdjacentHTML/, /document\.write/, /\beval\(/, /new Function\b/, /\sstyle=/, /<style/, /<script>/, /createHTML/];
  const bad = files.filter(f => f !== MARKUP_FILE).flatMap(f => words.filter(w => w.test(bare(f))).map(w => `${f}: ${w}`));
  all(bad);
  const view = bare(MARKUP_FILE);
  assert.equal(view.match(/\.innerHTML = /g).length, 1);
  assert.equal(view.match(/\.createHTML\(/g).length, 1);
  all(files.filter(f => /https?:\/\/|["'(]\/\/\w/.test(text[f].replaceAll(SVG_NAMESPACE, ''))));
});

test('colours, layers and !important only where they belong', () => {
  const colour = /#[0-9a-f]{3}(?:[0-9a-f]{1})?\b(?![\w-])|#[0-9a-f]{6}(?:[0-9a-f]{2})?\b|\b(?:rgb|rgba|hsl|hsla|oklch|oklab|lab|lch|hwb|color-mix)\(/i;
  all([...css, ...js, 'icons.svg', 'index.html'].filter(f => !RAW_COLOURS.includes(f) && colour.test(bare(f))));
  all(css.filter(f => f !== 'css/tokens.css' && /z-index:\s*\d/.test(bare(f))));
  all(css.filter(f => /!important/.test(bare(f).replace('[hidden] { display: none !important; }', ''))));
});

test('every file says what it is, and stays small', () => {
  const opening = { js: /^\/\/ /, css: /^\/\* /, svg: /^<svg[^>]*>\n<!-- /, html: /^<!doctype html>\n<!-- / };
  all(files.filter(f => !opening[f.split('.').pop()]?.test(text[f])));
  all(files.filter(f => text[f].split('\n').length > MAX_LINES));
  all(files.filter(f => text[f].includes('\r') || /[ \t]$/m.test(text[f]) || !text[f].endsWith('\n')));
  const size = list => list.reduce((sum, f) => sum + Buffer.byteLength(text[f]), 0);
  assert.ok(size(files) <= MAX_TOTAL, `static/ is ${size(files)} bytes`);
  const first = [...new Set(['index.html', 'icons.svg', ...assets])];
  assert.ok(size(first) <= MAX_FIRST_LOAD && first.length <= MAX_REQUESTS, `first load is ${size(first)} bytes in ${first.length} files`);
});

test('the page of the API\'s document has no inline code, no markup from strings, and names files that are there', () => {
  const names = readdirSync(ROOT + DOCS).map(String).sort();
  assert.deepEqual(names, ['docs.css', 'docs.js', 'index.html']);
  const [style, script, page] = names.map(f => readFileSync(ROOT + DOCS + f, 'utf8'));
  for (const word of [/innerHTML/, /\beval\(/, /new Function\b/, /\sstyle=/, /<style/, /<script>/, /https?:\/\//]) for (const source of [style, script, page]) assert.ok(!word.test(source), String(word));
  // What build.rs takes out of the crate is named by its makers.
  const made = ['docs/swagger-ui-bundle.js', 'docs/swagger-ui.css'];
  const named = [...page.matchAll(/(?:href|src)="\/_\/a\/\{\{build\}\}\/([^"]+)"/g)].map(m => m[1]);
  all(named.filter(f => !made.includes(f) && !files.includes(f) && !names.includes(f.replace(DOCS, ''))));
});
