import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sparkPath } from '../src/components/Sparkline';
import { compareCode } from '../src/commands/compare_code';
import { tagsChange, tagsText } from '../src/commands/tags';
import { formQuery, linkOf, withoutLink } from '../src/deep_link';
import { number, tick } from '../src/format';
import { sorted } from '../src/page/columns';
import { matching } from '../src/page/search';
import { VERSION } from '../src/tokens';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

test('one version everywhere', () => {
  expect(JSON.parse(read('package.json')).version).toBe(VERSION);
  expect(read('pyproject.toml')).toContain(`\nversion = "${VERSION}"`);
});

test('numbers are written as in the notebook', () => {
  const cases: [number | null, string][] = [
    [null, '—'],
    [0, '0.00'],
    [-20.3, '-20.30'],
    [0.95, '0.9500'],
    [123.456, '123.5'],
    [208550, '208,550'],
    [1e-5, '1e-5']
  ];
  cases.forEach(([value, text]) => expect(number(value)).toBe(text));
  expect([tick(250_000), tick(1_500_000), tick(9000), tick(0)]).toEqual([
    '250k',
    '1.5M',
    '9000',
    '0'
  ]);
});

test('a small curve has gaps, and none without two numbers', () => {
  expect(sparkPath([])).toBe('');
  expect(sparkPath([1, null])).toBe('');
  expect(sparkPath([0, 1, null, 1, 0]).match(/M/g)?.length).toBe(2);
  expect(sparkPath([5, 5])).not.toContain('NaN');
});

test('a link is read from the address and taken off it', () => {
  const href = 'http://h/lab?rl-widgets-run=a_1&reset';
  expect(linkOf(href)).toEqual({ run: 'a_1', form: '' });
  expect(withoutLink(href)).toBe('http://h/lab?reset=');
  expect(linkOf('http://h/lab')).toEqual({ run: '', form: '' });
});

test('a link opens a form, empty or with the values of a run', () => {
  const base = 'http://h/user/ann/lab';
  for (const form of ['experiment', 'target'] as const) {
    const href = base + formQuery(form, '');
    expect(href).toBe(`${base}?rl-widgets-new=${form}`);
    expect(linkOf(href)).toEqual({ run: '', form });
    expect(withoutLink(href)).toBe(base);
  }
  const again = base + formQuery('experiment', 'a/1 &b');
  expect(linkOf(again)).toEqual({ run: 'a/1 &b', form: 'experiment' });
  expect(withoutLink(again)).toBe(base);
  expect(linkOf(`${base}?rl-widgets-new=else`).form).toBe('');
});

test('tags are written and read back', () => {
  const tags = { seed: '3', good: '' };
  expect(tagsText(tags)).toBe('seed: 3\ngood');
  expect(tagsChange(tags, ' good \n\nurl: http://x: y ')).toEqual({
    seed: null,
    url: 'http://x: y'
  });
  expect(tagsChange(tags, 'seed: 4\ngood: ')).toEqual({ seed: '4' });
  expect(tagsChange({}, 'a:b\n')).toEqual({ 'a:b': '' });
});

test('tags that are looked at and saved stay as they are, whatever is in them', () => {
  const tags = {
    note: 'a, b',
    'lr:0.1': 'x',
    'a: b': 'c: d',
    Größe: 'groß, 大きい 🎲',
    empty: '',
    spaced: '  two  ',
    lines: 'one\ntwo\r\nthree',
    constructor: 'z'
  };
  expect(tagsChange(tags, tagsText(tags))).toEqual({});
  expect(tagsText(tags).split('\n').length).toBe(Object.keys(tags).length);
  expect(tagsChange(tags, `${tagsText(tags)}\nnew: 1`)).toEqual({ new: '1' });
  expect(tagsChange(tags, tagsText(tags).replace('empty', 'empty: no'))).toEqual({ empty: 'no' });
});

test('runs are compared in the workspace that the server names', () => {
  const insert = "from rl_widgets import X\n\nws = Workspace(folder='/w')\nRunDetails(1)";
  expect(compareCode(insert, ['a', 'b'])).toContain("ws = Workspace(folder='/w')\nCompareRuns([");
});

test('columns of a curve come by growing x, without points that have none', () => {
  const curve = { x: [3, null, 1], y: [30, 20, null], name: '', gaps: 0, last_id: 0, sentence: '' };
  expect(sorted(curve, false)).toEqual({ x: [1, 3], rest: [[null, 30]], order: [2, 0] });
});

test('a search finds what holds each of its words', () => {
  const names = ['learner/entropy', 'learner/loss', 'entropy of it'];
  expect(matching(names, ' LEARNER  entro', name => name)).toEqual(['learner/entropy']);
  expect(matching(names, '', name => name)).toEqual(names);
});
