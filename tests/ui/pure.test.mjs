// The parts of the page that need no browser: what is typed, pasted, filtered and scrolled. A property or a table each.
// Not here: what is drawn (grid.test.mjs).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromTsv, toTsv } from '../../static/app/clip.js';
import { compile, countOf, fromAddress, sentence, toAddress } from '../../static/app/filter.js';
import { askOf, foldedOf, groupsOf } from '../../static/app/asked.js';
import { treeFrom } from '../../static/app/grouptree.js';
import { columnsFor, nameFieldOf, neededFor, pointersTo, pointing, telling } from '../../static/app/links.js';
import { moved, ordered, shownColumns } from '../../static/app/layout.js';
import { recallMapping, rememberMapping } from '../../static/app/mapping.js';
import { parseValue, typedText } from '../../static/app/parse.js';
import { strayed } from '../../static/app/strayed.js';
import { ago, momentText, parseDay, parseMoment } from '../../static/lib/dates.js';
import { scrollTo, windowOf } from '../../static/lib/virtual.js';

const NOW = new Date(2026, 10, 25, 9, 30); // a Wednesday
const field = (type, more = {}) => ({ slug: type, name: type, type, ...more });

test('days as people type them', () => {
  for (const [typed, day] of [
    ['2026-11-30', '2026-11-30'], ['today', '2026-11-25'], ['Tomorrow', '2026-11-26'], ['yesterday', '2026-11-24'], ['+3d', '2026-11-28'], ['-2w', '2026-11-11'], ['+1m', '2026-12-25'], ['+1y', '2027-11-25'],
    ['fri', '2026-11-27'], ['wednesday', '2026-12-02'], ['30.11.2026', '2026-11-30'], ['3.4.27', '2027-04-03'], ['30 Nov', '2026-11-30'], ['Nov 30, 2027', '2027-11-30'], ['1. Dec 2026', '2026-12-01'],
  ]) assert.equal(parseDay(typed, NOW), day, typed);
  for (const typed of ['', '31.2.2026', '2026-13-01', 'someday', '2026', 'fr', '32 Nov']) assert.equal(parseDay(typed, NOW), null, typed);
});

test('moments are of this place, and come back as they were typed', () => {
  for (const [typed, at] of [['2026-11-30 14:30', [2026, 10, 30, 14, 30]], ['tomorrow 8:05', [2026, 10, 26, 8, 5]], ['30 Nov, 2:30 pm', [2026, 10, 30, 14, 30]], ['12:00 am', [2026, 10, 25, 0, 0]], ['9:15', [2026, 10, 25, 9, 15]], ['now', [2026, 10, 25, 9, 30]], ['2026-11-30', [2026, 10, 30, 0, 0]]]) {
    const found = parseMoment(typed, NOW);
    assert.equal(new Date(found).getTime(), new Date(...at).getTime(), typed);
    assert.equal(parseMoment(momentText(found), NOW), found, `${typed}, again`);
  }
  for (const typed of ['', '25:00', '10:75', 'later']) assert.equal(parseMoment(typed, NOW), null, typed);
  assert.equal(parseMoment('2026-11-30T14:30:00Z', NOW), '2026-11-30T14:30:00Z');
});

test('values as people type them, and what cannot be read', () => {
  const options = ['new', 'in use'], choices = [{ value: 'new', label: 'Brand new' }, { value: 'in use', label: 'In use' }];
  for (const [type, typed, value, more] of [
    ['integer', '1,234', 1234], ['integer', '-5', -5], ['integer', '9007199254740993', '9007199254740993'], ['number', '1.5e3', 1500], ['decimal', '1,234.50', 1234.5], ['decimal', '1,5', 1.5], ['money', '€ 1,234.50', 1234.5], ['money', '12 EUR', 12],
    ['boolean', 'Yes', true], ['boolean', '0', false], ['select', 'BRAND NEW', 'new', { options, choices }], ['select', 'in use', 'in use', { options, choices }], ['multiselect', 'new, In use', ['new', 'in use'], { options, choices }],
    ['reference', 'rec_5', 'rec_5'], ['reference', '5', 'rec_5'], ['references', '5, rec_6', ['rec_5', 'rec_6']], ['json', '{"a":1}', { a: 1 }], ['color', 'teal', '#00796b'], ['color', 'FA0', '#FFAA00'], ['user', '3', 3],
    ['text', '  spaces  ', 'spaces'], ['textarea', '  kept\n', '  kept\n'], ['text', '', null], ['multiselect', '', []], ['references', ' ', []], ['file', 'a.pdf', { name: 'a.pdf' }],
  ]) assert.deepEqual(parseValue(field(type, more), typed), { value }, `${type}: ${typed}`);
  for (const [type, typed, more] of [['integer', '1.5'], ['integer', 'many'], ['number', '1-2'], ['boolean', 'perhaps'], ['date', 'soon'], ['select', 'old', { options }], ['json', '{a'], ['color', 'nice'], ['email', 'nobody'], ['phone', 'call me'], ['url', 'java script:x'], ['reference', 'Ada'], ['computed', '1'], ['lines', '1'], ['sequence', '1']]) {
    const { problem } = parseValue(field(type, more), typed);
    assert.ok(problem && !problem.includes('{'), `${type}: ${typed}: ${problem}`);
  }
});

test('what an editor begins with reads as the value that it is', () => {
  const options = ['a', 'b'];
  for (const [type, value] of [['text', 'Ann'], ['integer', -12], ['number', 0.001], ['decimal', 1234.5], ['money', 99.9], ['boolean', true], ['boolean', false], ['date', '2026-11-30'], ['datetime', '2026-11-30T14:30:00Z'], ['datetime', '2026-11-30T14:30:15Z'], ['select', 'b'], ['multiselect', ['a', 'b']], ['references', ['rec_1', 'rec_2']], ['json', { a: [1, null] }], ['color', '#123456'], ['user', 4]])
    assert.deepEqual(parseValue(field(type, { options }), typedText(field(type, { options }), value)).value, value, type);
});

test('cells survive the clipboard, whatever is in them', () => {
  const texts = ['', 'plain', 'tab\there', 'two\nlines', 'a "quote"', '"', '""', ' spaces ', '\t', '\n', "'", '=1+1'];
  for (const a of texts) for (const b of texts) {
    const rows = [[a, 'x', b], ['1', b, a]];
    assert.deepEqual(fromTsv(toTsv(rows)), rows, JSON.stringify(rows));
  }
  assert.deepEqual(fromTsv('a\tb\r\nc\td\r\n'), [['a', 'b'], ['c', 'd']]);
});

test('filters: as an expression, in words, in the address', () => {
  const table = { fields: [field('text'), field('integer'), field('select', { options: ['won', "o'clock"] }), field('boolean'), field('multiselect', { options: ['a'] }), field('reference', { target: 'x' }), field('date'), field('user')] };
  for (const [part, said] of [
    [['integer', 'gt', 10], 'integer > 10'], [['text', 'has', "50% o'clock\\"], "text ~ '50\\\\% o\\'clock\\\\\\\\'"], [['text', 'is', 'x'], "text = 'x'"], [['boolean', 'no', null], 'boolean != true'], [['select', 'anyof', ['won', "o'clock"]], "(select = 'won' || select = 'o\\'clock')"],
    [['select', 'noneof', ['won']], "(select != 'won')"], [['multiselect', 'hasany', ['a']], "(multiselect ?= 'a')"], [['reference', 'anyof', ['rec_1']], "(reference = 'rec_1')"], [['reference', 'empty', null], 'reference = null'],
    [['text', 'filled', null], "!(text = null || text = '')"], [['date', 'before', '2026-11-30'], "date < '2026-11-30'"], [['date', 'on', '2026-11-30'], "(date >= '2026-11-30' && date < '2026-12-01')"], [['user', 'me', null], 'user = @me'],
    [['integer', 'gt', null], null], [['gone', 'gt', 1], null], [['integer', 'nonsense', 1], null],
  ]) assert.equal(compile({ all: [part] }, table), said, JSON.stringify(part));
  const tree = { all: [['integer', 'gt', 1], { any: [['select', 'anyof', ['won']], ['boolean', 'yes', null]] }] };
  assert.equal(compile(tree, table), "(integer > 1 && ((select = 'won') || boolean = true))");
  assert.equal(compile({ all: [['date', 'within', 'last7']] }, table, { byClock: true }), "(date >= date_add(@today, 0 - 6, 'day') && date < date_add(@today, 1, 'day'))");
  assert.equal(sentence(tree, table, () => ''), 'integer is over 1 and (select is won or boolean is ticked)');
  assert.equal(countOf(tree, table), 3);
  assert.deepEqual(fromAddress(toAddress(tree)), tree);
  for (const bad of [null, '', '{', '[]', '7', '{"all":7}', '{"all":[[1,2]]}', '{"all":[{"all":[{"all":[{"all":[{"all":[]}]}]}]}]}']) assert.deepEqual(fromAddress(bad), { all: [] }, String(bad));
});

test('a list of any length: every row can be seen, and the last one ends where the view does', () => {
  const row = 34, view = 600;
  for (const total of [0, 1, 17, 18, 500, 100_000, 441_176, 441_177, 1_000_000, 30_000_000]) {
    let scroll = 0;
    for (const index of [0, 1, Math.floor(total / 3), total - 1, Math.floor(total / 2), total - 2, 0].filter(i => i >= 0 && i < total)) {
      scroll = scrollTo({ index, total, row, view, scroll });
      const w = windowOf({ total, row, view, scroll }), top = (index - w.base) * row + w.shift - scroll;
      assert.ok(index >= w.first && index < w.last, `${index} of ${total} is there`);
      assert.ok(top >= -1 && top + row <= view + 1, `${index} of ${total} is in sight: ${top}`);
      assert.ok(w.last - w.first <= view / row + 16, 'few rows');
    }
    const end = windowOf({ total, row, view, scroll: Math.max(0, windowOf({ total, row, view, scroll: 0 }).height - view) });
    if (total * row > view) assert.ok(Math.abs((total - end.base) * row + end.shift - end.height) < 1, `the end of ${total}`);
  }
});

test('columns: an order with fields that come and go', () => {
  const table = { fields: ['a', 'b', 'c', 'd'].map(slug => ({ slug, name: slug, type: 'text' })), display_field: 'a' }, none = { order: [], widths: {}, hidden: [], frozen: 1 };
  const slugs = list => list.map(f => f.slug).join('');
  assert.equal(slugs(ordered(table, { ...none, order: ['c', 'gone', 'a'] })), 'cabd');
  assert.equal(slugs(shownColumns(table, { ...none, hidden: ['b'] })), 'acd');
  assert.equal(slugs(ordered(table, moved(table, none, 'b', 1))), 'acbd');
  assert.equal(slugs(ordered(table, moved(table, { ...none, hidden: ['b'] }, 'c', -1))), 'cabd', 'over what is hidden');
  assert.equal(slugs(ordered(table, moved(table, none, 'a', -1))), 'abcd', 'the first goes no further');
});

test('groups in groups, out of one row for each innermost one', () => {
  const state = field('select', { slug: 'state', options: ['new', 'used'] }), maker = field('reference', { slug: 'maker', target: 'makers' }), price = field('money', { slug: 'price', scale: 2 });
  const names = new Map([['makers/rec_1', 'Zoe'], ['makers/rec_2', 'Ada']]), row = (m, s, count, sum) => ({ maker: m, state: s, count, 'sum(price)': sum });
  const tree = treeFrom([row(null, 'new', 1, null), row('rec_1', 'used', 2, 0.1), row('rec_1', 'new', 1, 0.2), row('rec_2', null, 3, 5)], [maker, state], [price], names, null);
  const said = nodes => nodes.map(n => [n.value, n.count, n.sums.get('price') ?? null, ...(n.children ? [said(n.children)] : [])]);
  assert.deepEqual(said(tree), [['rec_2', 3, 5, [[null, 3, 5]]], ['rec_1', 3, 0.3, [['new', 1, 0.2], ['used', 2, 0.1]]], [null, 1, null, [['new', 1, null]]]], 'by name, options in their order, nothing last, sums without the dust of doubles');
  assert.deepEqual(tree[1].children.map(n => [n.key, n.level, n.parent === tree[1]]), [['["rec_1","new"]', 1, true], ['["rec_1","used"]', 1, true]]);
  assert.equal(tree[0].key, '"rec_2"');
  assert.deepEqual(said(treeFrom([row('rec_1', 'new', 1, 1), row('rec_2', 'new', 1, 1)], [maker], [], names, '-maker')).map(n => n[0]), ['rec_1', 'rec_2'], 'downwards when the list is');
  assert.deepEqual(treeFrom([], [maker, state], [price], names, null), []);
});

test('what the address asks goes before what the view says; what the table cannot do is left out', () => {
  const table = { fields: [field('text'), field('select'), field('multiselect'), field('json')] }, view = { sort: ['-text'], options: { tree: { all: [['text', 'is', 'a']] }, layout: null, groups: ['select', 'gone'], folded: ['"a"'] } };
  const at = words => new URLSearchParams(words), groups = (words, v = null) => groupsOf(at(words), v, table).map(f => f.slug).join();
  assert.deepEqual(askOf(at(''), null, table), { sort: null, filter: null, q: null });
  assert.deepEqual(askOf(at(''), view, table), { sort: '-text', filter: "text = 'a'", q: null, groups: ['select'], folded: ['"a"'] });
  assert.deepEqual(askOf(at('sort=&f=&g='), view, table), { sort: null, filter: null, q: null });
  assert.equal(askOf(at('sort=multiselect,gone,-text,id'), null, table).sort, '-text,id');
  for (const [words, want] of [['g=select,text,select', 'select,text'], ['g=json,multiselect,gone', ''], ['g=select&q=tea', ''], ['g=', ''], ['', '']]) assert.equal(groups(words), want, words);
  for (const bad of ['gf={', 'gf=7', 'gf=null', 'gf={"a":1}']) assert.ok(Array.isArray(foldedOf(at(bad), null)), bad);
  assert.equal(askOf(at(''), { filter: "text = 'x'", sort: [], options: {} }, table).filter, "text = 'x'", 'what a program wrote goes as it is');
});

test('days that are counted, spans by this clock and by the server\'s', () => {
  const table = { fields: [field('date'), field('datetime'), field('multiselect', { options: ['a', 'b'] })] }, iso = n => { const at = new Date(); at.setDate(at.getDate() + n); return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`; };
  const say = (part, how) => compile({ all: [part] }, table, how);
  assert.equal(say(['date', 'lastn', 7]), `(date >= '${iso(-6)}' && date < '${iso(1)}')`);
  assert.equal(say(['date', 'nextn', '3']), `(date >= '${iso(0)}' && date < '${iso(3)}')`);
  assert.equal(say(['date', 'ago', 2]), `date < '${iso(-2)}'`);
  assert.equal(say(['date', 'ago', -5]), `date < '${iso(0)}'`, 'no days that are less than none');
  assert.equal(say(['date', 'lastn', 7], { byClock: true }), "(date >= date_add(@today, 0 - 6, 'day') && date < date_add(@today, 1, 'day'))");
  assert.equal(say(['date', 'nextn', 3], { byClock: true }), "(date >= date_add(@today, 0, 'day') && date < date_add(@today, 3, 'day'))");
  assert.equal(say(['date', 'ago', 2], { byClock: true }), "date < date_add(@today, 0 - 2, 'day')");
  assert.equal(say(['date', 'lastn', null]), null, 'not finished');
  assert.match(say(['created_at', 'within', 'today']), /^\(created_at >= '.*Z' && created_at < '.*Z'\)$/);
  assert.equal(say(['multiselect', 'hasall', ['a', 'b']]), "(multiselect ?= 'a' && multiselect ?= 'b')");
  const words = part => sentence({ all: [part] }, table, () => '');
  assert.deepEqual([words(['date', 'lastn', 1]), words(['date', 'ago', 30]), words(['created_at', 'nextn', 2]), words(['multiselect', 'hasall', ['a', 'b']])],
    ['date is in the last 1 day', 'date is before 30 days ago', 'Created is in the next 2 days', 'multiselect has all of a and b']);
});

test('rows that no longer belong where they stand: those that changed, never their neighbours', async () => {
  const before = globalThis.fetch;
  /** What is found when the server has them in this order. `*` stands behind those that changed. */
  const judged = async (standing, order, ask = { sort: 'name' }) => {
    globalThis.fetch = async () => new Response(JSON.stringify({ records: [...order].map(id => ({ id })) }));
    const list = [...standing.matchAll(/(\w)(\*?)/g)].map(([, id, mark]) => ({ id, isChanged: !!mark }));
    return [...await strayed('app', 'table', ask, list)].map(([id, why]) => `${id}:${why}`).join(' ');
  };
  try {
    for (const [standing, order, found] of [
      ['ab*c', 'abc', ''], ['ab*c', 'bac', 'b:order'], ['ab*c', 'acb', 'b:order'], ['ab*c', 'ac', 'b:match'], ['a*b', 'ba', 'a:order'], ['ab*', 'ba', 'b:order'], ['ab*c*d', 'acbd', 'c:order'], ['ab*c*d', 'adbc', 'b:order c:order'],
      ['a*', 'a', ''], ['a*', '', 'a:match'], ['abc*', 'bac', ''], ['ab', 'a', ''],
    ]) assert.equal(await judged(standing, order), found, `${standing} is ${order}`);
    assert.equal(await judged('ab*c', 'bac', { q: 'tea' }), '', 'how well words fit is no order');
    assert.equal(await judged('ab*c', 'ac', { q: 'tea' }), 'b:match');
  } finally { globalThis.fetch = before; }
});

test('a mapping that was kept: used again as far as table and file still have what it says', () => {
  const kept = new Map(), before = globalThis.localStorage;
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, writable: true, value: { getItem: k => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) } });
  try {
    const table = { slug: 't', fields: [field('text', { slug: 'name' }), field('date', { slug: 'day' }), field('text', { slug: 'fax' }), field('computed', { slug: 'twice' })] };
    const column = (heading, orders = []) => ({ heading, orders, marks: [] }), columns = [column('Name'), column('When', ['dmy', 'mdy']), column('Fax')], guessed = columns.map(() => ({ to: null, form: null, match: null, missing: 'empty', type: 'text' }));
    const plan = [{ ...guessed[0], to: 'name' }, { ...guessed[1], to: 'day', form: 'mdy' }, { ...guessed[2], to: 'new' }];
    rememberMapping('app', table, columns, { plan, match: 'name', existing: 'skip', made: [{ at: 2, field: { slug: 'fax' } }] });
    const again = recallMapping('app', table, columns, guessed);
    assert.deepEqual([again.plan.map(p => p.to), again.plan[1].form, again.match, again.existing], [['name', 'day', 'fax'], 'mdy', 'name', 'skip']);
    assert.equal(recallMapping('app', table, [...columns].reverse(), guessed), null, 'other columns');
    assert.equal(recallMapping('other', table, columns, guessed), null, 'another app');
    assert.equal(recallMapping('app', table, [columns[0], column('When', ['dmy']), columns[2]], guessed).plan[1].form, null, 'a form by which this file cannot be read');
    const less = { ...table, fields: table.fields.filter(f => f.slug !== 'name') };
    assert.deepEqual([recallMapping('app', less, columns, guessed).plan[0].to, recallMapping('app', less, columns, guessed).match], [null, null], 'a field that is gone');
    assert.equal(recallMapping('app', less, columns, [{ ...guessed[0], to: 'day' }, ...guessed.slice(1)]), null, 'no field twice');
    for (const broken of ['{', '7', '[{"headings":"x"}]', `[{"headings":${JSON.stringify(JSON.stringify(['Name', 'When', 'Fax']))},"plan":[null,{"to":"twice"},{}]}]`]) {
      kept.set('ui:mapping:app/t', broken);
      const found = recallMapping('app', table, columns, guessed);
      assert.ok(found === null || found.plan.every(p => p.to === null), broken);
    }
  } finally { Object.defineProperty(globalThis, 'localStorage', { configurable: true, writable: true, value: before }); }
});

const table = (slug, fields, more = {}) => ({ slug, name: slug, fields: fields.map(f => ({ name: f.slug, required: false, ...f })), ...more });
const FIRM = table('firms', [{ slug: 'name', type: 'text', required: true }, { slug: 'people', type: 'lines', target: 'people', via: 'firm' }, { slug: 'parent', type: 'reference', target: 'firms', inverse: 'daughter_firms' }]);
const PEOPLE = table('people', [
  { slug: 'first', type: 'text', required: true }, { slug: 'full', type: 'computed' }, { slug: 'mail', type: 'email' }, { slug: 'firm', type: 'reference', target: 'firms' }, { slug: 'story', type: 'textarea' },
], { display_field: 'full' });
const BILLS = table('bills', [
  { slug: 'no', type: 'sequence' }, { slug: 'payer', type: 'reference', target: 'firms', required: true }, { slug: 'seller', type: 'reference', target: 'firms' }, { slug: 'what', type: 'text', required: true }, { slug: 'kind', type: 'select' },
  { slug: 'amount', type: 'money', required: true, default: 1 }, { slug: 'firms', type: 'references', target: 'firms' }], { display_field: 'what' });

test('which tables point to one: lines first, and twins by their fields', () => {
  const found = pointersTo([BILLS, PEOPLE, FIRM], FIRM);
  assert.deepEqual(found.map(p => [p.key, p.name, p.by, p.isLines, p.isOwned]), [
    ['people.firm', 'people', null, true, false], ['bills.payer', 'bills', 'payer', false, true], ['bills.seller', 'bills', 'seller', false, false], ['bills.firms', 'bills', 'firms', false, false], ['firms.parent', 'Daughter firms', null, false, false],
  ]);
  assert.deepEqual(pointersTo([FIRM], PEOPLE), [], 'lines of this table are no pointer to the other one');
  assert.deepEqual(pointersTo([{ ...PEOPLE, can: { list: false } }], FIRM), [], 'a table that may not be listed is not asked');
  const columns = (key, most) => columnsFor(found.find(p => p.key === key), most).map(f => f.slug);
  assert.deepEqual(columns('bills.payer', 2), ['what', 'amount'], 'numbers of what is owned go before choices');
  assert.deepEqual(columns('bills.payer', 3), ['what', 'kind', 'amount'], 'in the order of the table');
  assert.deepEqual(columns('people.firm', 4), ['first', 'full', 'mail'], 'long texts have no column');
  assert.deepEqual(columns('people.firm', 2), ['first', 'full'], 'the name and what must be there come first');
});

test('what a new record needs, and where its name goes', () => {
  assert.deepEqual(neededFor(BILLS, { what: 'Tea' }).map(f => f.slug), ['payer'], 'a default is enough');
  assert.deepEqual(neededFor(BILLS, { what: '', payer: 'rec_1' }).map(f => f.slug), ['what']);
  assert.equal(nameFieldOf(PEOPLE).slug, 'first', 'a computed name is typed elsewhere');
  assert.equal(nameFieldOf(FIRM).slug, 'name');
  assert.deepEqual(telling(BILLS).map(f => f.slug), ['kind', 'amount'], 'two short fields beside the name');
  assert.equal(nameFieldOf(table('dull', [{ slug: 'n', type: 'integer' }])), null);
});

test('pointing to one more record, or one less', () => {
  const one = { slug: 'firm', type: 'reference' }, many = { slug: 'firms', type: 'references' };
  assert.equal(pointing(one, { firm: 'rec_2' }, 'rec_1', true), 'rec_1');
  assert.equal(pointing(one, { firm: 'rec_1' }, 'rec_1', false), null);
  assert.deepEqual(pointing(many, null, 'rec_1', true), ['rec_1']);
  assert.deepEqual(pointing(many, { firms: ['rec_1', 'rec_2'] }, 'rec_1', true), ['rec_2', 'rec_1'], 'never twice');
  assert.deepEqual(pointing(many, { firms: ['rec_1', 'rec_2'] }, 'rec_1', false), ['rec_2']);
});

test('how long ago', () => {
  const now = Date.UTC(2026, 10, 25, 12), at = s => new Date(now - s * 1000).toISOString();
  for (const [s, words] of [[0, 'now'], [-5, 'now'], [30, '30 seconds ago'], [60, '1 minute ago'], [3_599, '59 minutes ago'], [3_600, '1 hour ago'], [86_399, '23 hours ago'], [86_400, null]]) assert.equal(ago(at(s), now), words, String(s));
});
