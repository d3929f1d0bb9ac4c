import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WorkspaceModel } from '../src/workspace_model';
import { FakeServer } from './fake_server';

let server: FakeServer;
let model: WorkspaceModel;
let looked: number;
let busy: number;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer([]);
  [looked, busy] = [0, 0];
  const { machine, targets } = server;
  server.machine = async () => {
    looked += 1;
    return machine();
  };
  server.targets = async () =>
    (await targets()).map(target => ({ ...target, nodes_busy: busy, nodes_starting: 0 }));
  model = new WorkspaceModel(server.asRequests, server.asRevisions);
  model.active = true;
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  model.dispose();
  vi.useRealTimers();
});

test('the load is looked at now and then while no node is busy, and often while one is', async () => {
  expect(looked).toBe(1);
  await vi.advanceTimersByTimeAsync(60_500);
  expect(looked).toBe(3);
  busy = 1;
  await vi.advanceTimersByTimeAsync(30_000);
  looked = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looked).toBe(6);
});

test('nothing is looked at while the panel is out of sight', async () => {
  model.active = false;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(looked).toBe(1);
});

test('an older answer about the targets does not undo a newer one', async () => {
  const answers: ((names: string[]) => void)[] = [];
  const [target] = await server.targets();
  server.targets = () =>
    new Promise(resolve => {
      answers.push(names => resolve(names.map(name => ({ ...target!, name }))));
    });
  const targets = { runs: [], targets: true, everything: false };
  server.changed.emit(targets);
  server.changed.emit(targets);
  answers[1]!(['new']);
  await vi.advanceTimersByTimeAsync(0);
  answers[0]!(['deleted', 'new']);
  await vi.advanceTimersByTimeAsync(0);
  expect(model.targets.map(one => one.name)).toEqual(['new']);
});

test('the list does not wait for the figures of the machine', async () => {
  server.machine = () => new Promise(() => undefined);
  const another = new WorkspaceModel(server.asRequests, server.asRevisions);
  let told = 0;
  another.changed.connect(() => (told += 1));
  another.active = true;
  await vi.advanceTimersByTimeAsync(0);
  expect([another.standing, told]).toEqual(['ready', 1]);
  another.dispose();
});
