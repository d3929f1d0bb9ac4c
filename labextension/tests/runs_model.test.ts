import { expect, test, vi } from 'vitest';
import { RunsModel } from '../src/runs_model';
import { FakeRuns, row, until } from './fakes';

const quick = { page: 10, most: 40, pace: 0 };
const rows = (n: number) => Array.from({ length: n }, (_, i) => row(`run-${i}`));
const news = (...runs: string[]) => ({ runs, targets: false, everything: false });

test('nothing is asked for while the list is hidden', async () => {
  const server = new FakeRuns(rows(3));
  const model = new RunsModel(server, quick);
  model.note(news('run-0'));
  model.refresh();
  await until(() => true);
  expect(server.asked).toEqual([]);
  model.active = true;
  await until(() => model.rows.length === 3);
  expect(server.asked.length).toBe(1);
});

test('all pages come, the first one first, and no more than are held', async () => {
  const server = new FakeRuns(rows(55));
  const model = new RunsModel(server, quick);
  const counts: number[] = [];
  model.changed.connect(() => counts.push(model.rows.length));
  model.active = true;
  await until(() => model.rows.length === 40);
  expect(counts).toEqual([10, 20, 30, 40]);
  expect(model.total).toBe(55);
});

test('a change asks for the page of its run alone', async () => {
  const server = new FakeRuns(rows(35));
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.rows.length === 35);
  server.asked = [];
  server.rows[17] = row('run-17', { reward: 5 });
  model.note(news('run-17'));
  await until(() => model.find('run-17')?.reward === 5);
  expect(server.asked.map(query => query.offset)).toEqual([10]);
});

test('a new run is there after the first page, and the others move', async () => {
  const server = new FakeRuns(rows(25));
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.rows.length === 25);
  server.rows.unshift(row('new'));
  server.asked = [];
  model.note(news('new'));
  const first: unknown[] = [];
  model.changed.connect(() => first.push(model.rows[0]?.id));
  await until(() => model.rows.length === 26);
  expect(first[0]).toBe('new');
  expect(server.asked.map(query => query.offset)).toEqual([0, 10, 20]);
  expect(new Set(model.rows.map(one => one.id)).size).toBe(26);
});

test('a run that the view does not have costs the first page alone', async () => {
  const server = new FakeRuns(rows(35));
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.rows.length === 35);
  server.asked = [];
  for (let turn = 1; turn < 4; turn++) {
    model.note(news('elsewhere'));
    await until(() => server.asked.length === turn);
  }
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(server.asked.map(query => query.offset)).toEqual([0, 0, 0]);
});

test('however many pages were asked for, a new run is there within a second', async () => {
  vi.useFakeTimers();
  try {
    const server = new FakeRuns(rows(40));
    const model = new RunsModel(server, { ...quick, page: 2, pace: 400 });
    model.active = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(model.rows.length).toBe(40);
    server.rows.unshift(row('new'));
    model.note(news('new'));
    await vi.advanceTimersByTimeAsync(700);
    expect(model.rows[0]?.id).toBe('new');
  } finally {
    vi.useRealTimers();
  }
});

test('what a change causes is not asked for by a person', async () => {
  const server = new FakeRuns(rows(3));
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.loaded);
  model.note(news('run-1'));
  await until(() => server.asked.length === 2);
  model.show({ text: 'run' });
  await until(() => server.asked.length === 3);
  expect(server.asked.map(query => query.poll)).toEqual([false, true, false]);
});

test('a search begins at the first page and forgets what stood there', async () => {
  const server = new FakeRuns(rows(35));
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.rows.length === 35);
  model.show({ text: 'run-3' });
  await until(() => model.total === 6);
  expect(model.rows.map(one => one.id)).toEqual([
    'run-3',
    ...[0, 1, 2, 3, 4].map(i => `run-3${i}`)
  ]);
});

test('what is wrong is said, the rows stay, and the next change asks again', async () => {
  const server = new FakeRuns(rows(3));
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.loaded);
  server.trouble = new Error('The store is on a full disk.');
  model.note(news('run-1'));
  await until(() => model.trouble !== '');
  expect(model.trouble).toBe('The store is on a full disk.');
  expect(model.rows.length).toBe(3);
  server.trouble = null;
  model.note(news('run-1'));
  await until(() => model.trouble === '');
});

test('a server that fails is not asked without end', async () => {
  const server = new FakeRuns([]);
  server.trouble = new Error('no');
  const model = new RunsModel(server, quick);
  model.active = true;
  await until(() => model.trouble !== '');
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(server.asked.length).toBe(1);
});

test('it is asked again by itself after a while', async () => {
  const server = new FakeRuns(rows(1));
  server.trouble = new Error('no');
  const model = new RunsModel(server, { ...quick, retry: 30 });
  model.active = true;
  await until(() => model.trouble !== '');
  server.trouble = null;
  await until(() => model.rows.length === 1);
});

test('in another order than that of creation, a change asks for all', async () => {
  const server = new FakeRuns(rows(25));
  const model = new RunsModel(server, quick);
  model.active = true;
  model.show({ sort: 'reward' });
  await until(() => model.rows.length === 25);
  server.asked = [];
  model.note(news('run-17'));
  await until(() => server.asked.length === 3);
});

test('more runs than are held are asked for when the whole is wanted', async () => {
  const server = new FakeRuns(rows(95));
  const model = new RunsModel(server, { ...quick, most: 30 });
  model.active = true;
  await until(() => model.rows.length === 30);
  expect(model.total).toBe(95);
  await model.whole();
  expect(model.rows.length).toBe(95);
  const { length } = server.asked;
  await model.whole();
  expect(server.asked.length).toBe(length);
  model.show({ text: 'run-' });
  await until(() => model.rows.length === 30);
});

test('a server that does not answer ends the wait for the whole', async () => {
  const server = new FakeRuns(rows(95));
  const model = new RunsModel(server, { ...quick, most: 30 });
  model.active = true;
  await until(() => model.rows.length === 30);
  server.trouble = new Error('It does not answer.');
  await model.whole();
  expect(model.rows.length).toBe(30);
});
