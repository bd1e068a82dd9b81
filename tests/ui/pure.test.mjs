// The parts of the page that need no browser: what is typed, pasted, filtered and scrolled. A property or a table each.
// Not here: what is drawn (grid.test.mjs).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromTsv, toTsv } from '../../static/app/clip.js';
import { compile, countOf, fromAddress, sentence, toAddress } from '../../static/app/filter.js';
import { columnsFor, nameFieldOf, neededFor, pointersTo, pointing, telling } from '../../static/app/links.js';
import { moved, ordered, shownColumns } from '../../static/app/layout.js';
import { parseValue, typedText } from '../../static/app/parse.js';
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
