import { expect, test, vi } from 'vitest';
import type { IRun } from '../src/contract';
import { RequestError } from '../src/request';
import { RunModel } from '../src/run_model';
import { FakeServer } from './fake_server';
import { until } from './fakes';

const changed = { runs: ['r'], targets: false, everything: false };

/** A server that answers when it is told to. */
class SlowServer extends FakeServer {
  aborted = 0;
  /** Who asked: a person, or the page itself. */
  who: string[] = [];
  answers: ((error?: Error) => void)[] = [];

  private ask(who: string, id: string, signal?: AbortSignal): Promise<IRun> {
    this.who.push(who);
    signal?.addEventListener('abort', () => (this.aborted += 1));
    return new Promise((resolve, reject) => {
      this.answers.push(error => (error ? reject(error) : resolve(this.found(id))));
    });
  }

  private found(id: string): IRun {
    return { row: { id, final: false } } as IRun;
  }

  run = (id: string, signal?: AbortSignal) => this.ask('person', id, signal);

  get polled() {
    const run = (id: string, signal?: AbortSignal) => this.ask('page', id, signal);
    return { run } as unknown as FakeServer['asRequests'];
  }
}

function opened(pace = 0, retry = 5000) {
  const server = new SlowServer([]);
  const model = new RunModel('r', server.asRequests, server.asRevisions, pace, retry);
  model.active = true;
  return { server, model };
}

test('a reading that is slower than the news comes to its end, and is made once more', async () => {
  const { server, model } = opened();
  for (let i = 0; i < 5; i++) {
    server.changed.emit(changed);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
  expect(server.who).toEqual(['person']);
  server.answers[0]!();
  await until(() => model.tick === 1);
  await until(() => server.who.length === 2);
  server.answers[1]!();
  await until(() => model.tick === 2);
  expect([server.who, server.aborted]).toEqual([['person', 'page'], 0]);
  model.dispose();
});

test('a page that is left asks for nothing, and once when it is looked at again', async () => {
  const { server, model } = opened();
  server.changed.emit(changed);
  model.active = false;
  server.answers[0]!();
  await until(() => model.tick === 1);
  server.changed.emit(changed);
  await new Promise(resolve => setTimeout(resolve, 10));
  expect(server.who.length).toBe(1);
  model.active = true;
  expect(server.who.length).toBe(2);
  model.dispose();
});

test('a server that does not answer is asked again by itself, as is said', async () => {
  const { server, model } = opened(0, 5);
  server.answers[0]!(new RequestError('The Jupyter server does not answer.', 0));
  await until(() => model.trouble !== '');
  expect(model.trouble).toContain('It is tried again by itself.');
  await until(() => server.who.length === 2);
  server.answers[1]!();
  await until(() => model.trouble === '' && model.run !== null);
  model.dispose();
});

test('a run that is gone is not asked for again', async () => {
  const { server, model } = opened(0, 1);
  server.answers[0]!(new RequestError('There is no run r.', 404));
  await until(() => model.gone);
  await new Promise(resolve => setTimeout(resolve, 20));
  expect([server.who.length, model.trouble]).toEqual([1, 'There is no run r.']);
  model.dispose();
});

test('a run that waits is read now and then, as its times grow; one that has ended is not', async () => {
  vi.useFakeTimers();
  const { server, model } = opened();
  server.answers[0]!();
  await vi.advanceTimersByTimeAsync(5100);
  expect(server.who).toEqual(['person', 'page']);
  server.answers[1]!();
  await vi.advanceTimersByTimeAsync(0);
  model.take({ row: { id: 'r', final: true } } as IRun);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.who.length).toBe(2);
  model.dispose();
  vi.useRealTimers();
});
