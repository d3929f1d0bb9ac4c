import { expect, test } from 'vitest';
import { linesOf } from '../src/run_groups';
import { row } from './fakes';

const words = (...args: Parameters<typeof linesOf>) =>
  linesOf(...args).map(line => (line.kind === 'run' ? line.row.id : `[${line.title}]`));

const runs = [
  row('a', { experiment: 'pong' }),
  row('b', { experiment: 'cartpole', final: true }),
  row('c', { experiment: 'pong', pinned: true }),
  row('d', { experiment: 'pong', final: true })
];

test('pinned runs come first, then experiments in the order of their newest run', () => {
  const lines = words(runs, true, new Set());
  expect(lines).toEqual(['[Pinned]', 'c', '[pong]', 'a', 'd', '[cartpole]', 'b']);
});

test('a closed experiment keeps its heading and its counts', () => {
  const lines = linesOf(runs, true, new Set(['pong']));
  expect(lines[2]).toMatchObject({ title: 'pong', runs: 2, active: 1, open: false });
  expect(lines[3]).toMatchObject({ title: 'cartpole' });
});

test('without groups the order of the rows is kept', () => {
  const others = runs.filter(one => !one.pinned);
  expect(words(others, false, new Set())).toEqual(['a', 'b', 'd']);
  expect(words(runs, false, new Set())).toEqual(['[Pinned]', 'c', '[Others]', 'a', 'b', 'd']);
});

test('runs stand a level below their heading, and at the first without one', () => {
  const levels = (grouped: boolean, rows = runs) =>
    linesOf(rows, grouped, new Set()).flatMap(line => (line.kind === 'run' ? [line.level] : []));
  expect(levels(true)).toEqual([2, 2, 2, 2]);
  expect(levels(false)).toEqual([2, 2, 2, 2]);
  expect(levels(false, runs.slice(0, 2))).toEqual([1, 1]);
});

test('each run knows its place in its group', () => {
  const last = linesOf(runs, true, new Set())[4];
  expect(last).toMatchObject({ kind: 'run', position: 2, of: 2 });
});
