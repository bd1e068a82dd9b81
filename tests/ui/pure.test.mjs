// The parts of the page that need no browser: what is typed, pasted, filtered and scrolled. A property or a table each.
// Not here: what is drawn (grid.test.mjs).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromTsv, toTsv } from '../../static/app/clip.js';
import { compile, countOf, fromAddress, sentence, toAddress } from '../../static/app/filter.js';
import { moved, ordered, shownColumns } from '../../static/app/layout.js';
import { parseValue, typedText } from '../../static/app/parse.js';
import { momentText, parseDay, parseMoment } from '../../static/lib/dates.js';
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
