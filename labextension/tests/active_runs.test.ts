import { Signal } from '@lumino/signaling';
import { expect, test } from 'vitest';
import { ActiveRuns } from '../src/active_runs';
import type { IRun } from '../src/contract';
import { RequestError } from '../src/request';
import type { INews, Revisions } from '../src/revisions';
import { FakeRuns, row, until } from './fakes';

class Server extends FakeRuns {
  changed = new Signal<Revisions, INews>(this as unknown as Revisions);
  run = async (id: string) => ({ row: row(id, { final: true }) }) as IRun;
}

test('a run that was active and is no more has ended, once', async () => {
  const server = new Server([row('a'), row('b')]);
  const active = new ActiveRuns(server, server, 0);
  const ended: string[] = [];
  active.ended.connect((_, run) => ended.push(run.row.id));
  await active.refresh();
  expect(server.asked[1]).toMatchObject({ state: 'active' });
  server.rows = [row('b')];
  server.changed.emit({ runs: ['a'], targets: false, everything: false });
  await until(() => ended.length === 1);
  server.changed.emit({ runs: ['b'], targets: false, everything: false });
  await until(() => server.asked.length === 4);
  expect(ended).toEqual(['a']);
  active.dispose();
});

test('a run that ended before the page was opened is not told of', async () => {
  const server = new Server([]);
  const active = new ActiveRuns(server, server, 0);
  active.ended.connect(() => expect.unreachable());
  await active.refresh();
  await active.refresh();
});

test('many changes are one request, and targets none', async () => {
  const server = new Server([row('a')]);
  const active = new ActiveRuns(server, server, 40);
  await active.refresh();
  for (let i = 0; i < 20; i++) {
    server.changed.emit({ runs: ['a'], targets: false, everything: false });
    server.changed.emit({ runs: [], targets: true, everything: false });
  }
  await until(() => server.asked.length > 2);
  expect(server.asked.length).toBe(3);
  active.dispose();
});

test('a server that does not answer is asked again; one without the extension is not', async () => {
  const server = new Server([row('a')]);
  server.trouble = new RequestError('It does not answer.', 0);
  const active = new ActiveRuns(server, server, 0, 5);
  await active.refresh();
  expect(active.rows).toEqual([]);
  server.trouble = null;
  await until(() => active.rows.length === 1);
  server.trouble = new RequestError('Not found', 404);
  await active.refresh();
  const { length } = server.asked;
  await new Promise(resolve => setTimeout(resolve, 30));
  expect(server.asked.length).toBe(length);
  active.dispose();
});

test('a run that failed before it was seen active is told of; an old one is not', async () => {
  const old = row('old', { final: true, number: 5 });
  const server = new Server([old]);
  const all = server.runs;
  // No run is seen active.
  server.runs = async query => (query.state ? { runs: [], total: 0, revision: 1 } : all(query));
  const active = new ActiveRuns(server, server, 0);
  const ended: string[] = [];
  active.ended.connect((_, run) => ended.push(run.row.id));
  await active.refresh();
  server.rows = [row('new', { final: true, number: 6 }), old];
  server.changed.emit({ runs: ['old', 'new'], targets: false, everything: false });
  await until(() => ended.length > 0);
  server.changed.emit({ runs: ['new', 'old'], targets: false, everything: false });
  await active.refresh();
  await active.refresh();
  expect(ended).toEqual(['new']);
  active.dispose();
});
