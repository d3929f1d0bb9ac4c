// @vitest-environment jsdom
import { Notification } from '@jupyterlab/apputils';
import type { IRunningSessions } from '@jupyterlab/running';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { beforeEach, expect, test, vi } from 'vitest';
import type { ActiveRuns } from '../src/active_runs';
import type { IRun } from '../src/contract';
import { notifyOfEnds } from '../src/notifications';
import { addToRunning } from '../src/running';
import { CommandIDs } from '../src/tokens';
import { FakeServer } from './fake_server';
import { row } from './fakes';

class Active {
  rows = [row('a', { experiment: 'pong' }), row('b')];
  changed = new Signal<ActiveRuns, void>(this as unknown as ActiveRuns);
  ended = new Signal<ActiveRuns, IRun>(this as unknown as ActiveRuns);
  refresh = vi.fn(async () => undefined);
  get asActive(): ActiveRuns {
    return this as unknown as ActiveRuns;
  }
}

let active: Active;
let commands: CommandRegistry;
let executed: [string, unknown][];

beforeEach(() => {
  active = new Active();
  commands = new CommandRegistry();
  executed = [];
  for (const command of [CommandIDs.open, CommandIDs.cancel]) {
    commands.addCommand(command, { execute: args => void executed.push([command, args]) });
  }
});

test("active runs are in JupyterLab's Running panel; one is canceled by the command that asks", () => {
  const added: IRunningSessions.IManager[] = [];
  const cancel = vi.fn(async () => ({}) as IRun);
  const managers = { add: (one: IRunningSessions.IManager) => void added.push(one) };
  addToRunning(managers as never, active.asActive, { cancel }, commands);
  const [section] = added;
  const [first] = section!.running({ mode: 'list' });
  expect([first?.label(), first?.detail?.()]).toEqual(['a (pong)', 'Running']);
  first?.open?.();
  first?.shutdown?.();
  expect(executed).toEqual([
    [CommandIDs.open, { id: 'a' }],
    [CommandIDs.cancel, { id: 'a' }]
  ]);
  expect(section!.shutdownAllConfirmationText).toContain('cancel all runs');
  section!.shutdownAll();
  expect(cancel.mock.calls).toEqual([['a'], ['b']]);
});

test('the end of a run is said once, with what it was and a way to it', async () => {
  const emit = vi.spyOn(Notification, 'emit').mockReturnValue('');
  let wanted = true;
  notifyOfEnds(active.asActive, commands, () => wanted);
  const run = await new FakeServer([]).run('pong_1');
  active.ended.emit(run);
  expect(emit.mock.calls.length).toBe(1);
  const [text, type, options] = emit.mock.calls[0]!;
  expect(text).toBe('pong / pong_1: Failed, ran 3 min. ValueError: no <b>env</b>');
  expect([type, options?.autoClose]).toEqual(['error', false]);
  options?.actions?.[0]?.callback(new MouseEvent('click'));
  expect(executed).toEqual([[CommandIDs.open, { id: 'pong_1' }]]);
  wanted = false;
  active.ended.emit(run);
  expect(emit.mock.calls.length).toBe(1);
});
