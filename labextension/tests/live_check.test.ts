import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveCheck } from '../src/form/live_check';
import { RequestError } from '../src/request';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Questions that are answered by hand. */
function byHand() {
  const open: { question: string; answer(said: string): void; fail(error: Error): void }[] = [];
  const told = vi.fn();
  const ask = (question: string) =>
    new Promise<string>((answer, fail) => open.push({ question, answer, fail }));
  return { open, told, check: new LiveCheck<string, string>(ask, told, 100, 1000) };
}

const pass = (time: number) => vi.advanceTimersByTimeAsync(time);

test('a person who types is not asked after at each letter', async () => {
  const { open, told, check } = byHand();
  for (const text of ['a', 'ab', 'abc']) {
    check.want(text);
    await pass(50);
  }
  expect(open).toEqual([]);
  await pass(60);
  expect(open.map(one => one.question)).toEqual(['abc']);
  expect(check.isCurrent).toBe(false);
  open[0]!.answer('good');
  await pass(0);
  expect([check.answer, check.isCurrent]).toEqual(['good', true]);
  expect(told).toHaveBeenCalledTimes(1);
});

test('a request under way is not doubled, and its answer is dropped when it is stale', async () => {
  const { open, told, check } = byHand();
  check.want('a');
  await pass(100);
  check.want('b');
  check.want('c');
  await pass(500);
  expect(open.length).toBe(1);
  open[0]!.answer('of a');
  await pass(0);
  expect(check.answer).toBe(null);
  expect(told).not.toHaveBeenCalled();
  expect(open.map(one => one.question)).toEqual(['a', 'c']);
  open[1]!.answer('of c');
  await pass(0);
  expect([check.answer, check.isCurrent]).toEqual(['of c', true]);
});

test('the same is asked once, and again when the workspace has changed', async () => {
  const { open, check } = byHand();
  check.want('a');
  await pass(100);
  open[0]!.answer('1');
  await pass(0);
  check.want('a');
  await pass(1000);
  expect(open.length).toBe(1);
  expect(check.isCurrent).toBe(true);
  check.again();
  expect([check.answer, check.isCurrent]).toEqual(['1', true]);
  await pass(100);
  check.again();
  await pass(100);
  open[1]!.answer('2');
  await pass(0);
  expect([check.answer, check.isCurrent, open.length]).toEqual(['2', true, 3]);
});

test('a server that is away is asked again by itself, one that refuses is not', async () => {
  const { open, check } = byHand();
  check.want('a');
  await pass(100);
  open[0]!.fail(new RequestError('It does not answer.', 0));
  await pass(0);
  const said = 'It does not answer. It is tried again by itself.';
  expect([check.trouble, check.isCurrent]).toEqual([said, false]);
  await pass(1000);
  expect(open.length).toBe(2);
  open[1]!.fail(new RequestError('You may not.', 403));
  await pass(5000);
  expect([check.trouble, open.length]).toEqual(['You may not.', 2]);
  check.want('b');
  expect(check.trouble).toBe('');
  check.dispose();
  await pass(5000);
  expect(open.length).toBe(2);
});
