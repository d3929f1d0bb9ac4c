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
