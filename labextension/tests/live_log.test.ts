import { expect, test } from 'vitest';
import type { ILogPage } from '../src/contract';
import { LiveLog, extended } from '../src/page/live_log';

const page = (first: number, lines: string[], change: Partial<ILogPage> = {}): ILogPage => ({
  file: 'a.txt',
  first,
  lines: lines.map(text => [{ text, colour: '', bold: false }]),
  total_lines: first + lines.length,
  at_end: true,
  ...change
});

const texts = (found: ILogPage | null) => found?.lines.map(line => line[0]?.text);

test('new lines follow; the last one may have become longer', () => {
  const found = extended(page(10, ['a', 'b']), page(11, ['b and more', 'c']));
  expect(texts(found)).toEqual(['a', 'b and more', 'c']);
  expect([found?.first, found?.total_lines]).toEqual([10, 13]);
});

test('nothing new leaves the page as it is', () => {
  const before = page(0, ['a', 'b']);
  expect(extended(before, page(1, ['b']))).toBe(before);
});

test('a file that was begun anew, or grew by too much, is read from its end', () => {
  const before = page(0, ['a', 'b']);
  expect(extended(before, page(1, ['other']))).toBeNull();
  expect(extended(before, page(0, []))).toBeNull();
  expect(extended(before, page(1, ['b', 'c'], { at_end: false }))).toBeNull();
});

test('only so many lines are held', () => {
  const found = extended(page(5, ['a', 'b', 'c']), page(7, ['c', 'd']), 2);
  expect([texts(found), found?.first]).toEqual([['c', 'd'], 7]);
});

test('a log is read from its end once, then from its last line', async () => {
  const asked: (number | undefined)[] = [];
  const all = ['a', 'b', 'c'];
  const requests = {
    logPage: async (_id: string, _file: string, line?: number) => {
      asked.push(line);
      const first = line ?? all.length - 2;
      return page(first, all.slice(first));
    }
  };
  const log = new LiveLog('r', 2);
  expect(texts(await log.read(requests, 'a.txt'))).toEqual(['b', 'c']);
  all.push('d');
  expect(texts(await log.read(requests, 'a.txt'))).toEqual(['b', 'c', 'd']);
  all.splice(0, 4, 'anew');
  expect(texts(await log.read(requests, 'a.txt'))).toEqual(['anew']);
  expect(asked).toEqual([undefined, 2, 3, undefined]);
});
