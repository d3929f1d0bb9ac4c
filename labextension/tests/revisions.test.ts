import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { IEventStream, INews } from '../src/revisions';
import { Revisions } from '../src/revisions';
import { EVENTS_SCHEMA } from '../src/tokens';

type Slot = (sender: unknown, emission: { schema_id: string }) => void;

class Stream implements IEventStream {
  slots = new Set<Slot>();
  connect = (slot: Slot) => Boolean(this.slots.add(slot));
  disconnect = (slot: Slot) => this.slots.delete(slot);
  emit(data: object): void {
    this.slots.forEach(slot => slot(this, { schema_id: EVENTS_SCHEMA, ...data }));
  }
}

let stream: Stream;
let revision: number;
let asked: number;
let revisions: Revisions;
let heard: INews[];

beforeEach(() => {
  vi.useFakeTimers();
  [stream, revision, asked, heard] = [new Stream(), 5, 0, []];
  revisions = new Revisions(stream, {
    revision: async () => {
      asked += 1;
      return { revision };
    }
  });
  revisions.changed.connect((_, news) => heard.push(news));
});

afterEach(() => {
  revisions.dispose();
  vi.useRealTimers();
});

test('an event is told with its runs; those of other extensions are not', () => {
  stream.emit({ revision: 6, runs: ['a'], targets: false });
  stream.slots.forEach(slot => slot(stream, { schema_id: 'https://example.org/other' }));
  expect(heard).toEqual([{ runs: ['a'], targets: false, everything: false }]);
});

test('an event without a name, or with too many, means that anything may have changed', () => {
  stream.emit({ revision: 6, runs: [], targets: false });
  stream.emit({ revision: 7, runs: Array(100).fill('a'), targets: false });
  expect(heard.map(news => news.everything)).toEqual([true, true]);
});

test('nobody looks: the revision is not asked for', async () => {
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toBe(0);
});

test('a lost event is found within half a minute', async () => {
  const watching = revisions.watch();
  revisions.note(5);
  await vi.advanceTimersByTimeAsync(31_000);
  expect([asked, heard]).toEqual([1, []]);
  revision = 9;
  await vi.advanceTimersByTimeAsync(31_000);
  expect(heard).toEqual([{ runs: [], targets: true, everything: true }]);
  watching.dispose();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toBe(2);
});

test('a server that was started again counts from the beginning', async () => {
  revisions.watch();
  revisions.note(500);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(heard.length).toBe(1);
});

test('after its end it hears nothing', () => {
  revisions.dispose();
  expect(stream.slots.size).toBe(0);
});

test('an answer that is newer than all events tells that some were missed', () => {
  revisions.note(5);
  expect(heard).toEqual([]);
  stream.emit({ revision: 6, runs: ['a'], targets: false });
  revisions.note(6);
  revisions.note(5);
  expect(heard.length).toBe(1);
  revisions.note(8);
  expect(heard[1]).toEqual({ runs: [], targets: false, everything: true });
});
