// @vitest-environment jsdom
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import type { Menu } from '@lumino/widgets';
import { beforeEach, expect, test, vi } from 'vitest';
import type { ICommandContext } from '../src/commands/context';
import { addRunActions } from '../src/commands/run_actions';
import { addRunViews } from '../src/commands/run_views';
import { addTargetActions } from '../src/commands/target_actions';
import { addWorkspaceCommands } from '../src/commands/workspace';
import type { IRoot, IRunRow } from '../src/contract';
import { CATEGORY, CommandIDs } from '../src/tokens';
import { row } from './fakes';

const said = vi.hoisted(() => vi.fn(async () => undefined));
vi.mock('@jupyterlab/apputils', async original => ({
  ...(await original<object>()),
  showErrorMessage: said
}));

let commands: CommandRegistry;
let context: ICommandContext;
let rows: Map<string, IRunRow>;

beforeEach(() => {
  commands = new CommandRegistry();
  rows = new Map([
    ['live', row('live')],
    ['done', row('done', { final: true })]
  ]);
  context = {
    app: { commands },
    shell: null,
    requests: { below: (path: string) => `http://h/user/ann/${path}` },
    workspace: {
      standing: 'ready',
      targets: [],
      runs: { find: (id: string) => rows.get(id) },
      refresh: vi.fn()
    },
    trans: nullTranslator.load('rl-widgets'),
    currentRun: () => null,
    selection: () => [],
    showPanel: vi.fn()
  } as unknown as ICommandContext;
  addRunViews(context);
  addRunActions(context);
  addTargetActions(context);
});

test('every command is in the menu, the palette or a menu of a run, and the launcher has a card', () => {
  const palette: { command: string; category: string }[] = [];
  const cards: { command: string }[] = [];
  const menus: Menu[] = [];
  addWorkspaceCommands(context, {
    palette: { addItem: (item: never) => void palette.push(item) } as never,
    menu: { addMenu: (menu: Menu) => void menus.push(menu) } as never,
    launcher: { add: (card: never) => void cards.push(card) } as never
  });
  expect(Object.values(CommandIDs).filter(id => !commands.hasCommand(id))).toEqual([]);
  expect(cards.map(card => card.command)).toEqual([CommandIDs.newExperiment]);
  expect(commands.label(CommandIDs.newExperiment)).toBe('New RL experiment');
  expect(commands.icon(CommandIDs.newExperiment)).toBeTruthy();
  expect(new Set(palette.map(item => item.category))).toEqual(new Set([CATEGORY]));
  const shown = menus[0]!.items.map(item => item.command).filter(Boolean);
  expect(palette.map(item => item.command)).toEqual(expect.arrayContaining(shown));
});

test('what a run does not allow is not offered; without a run nothing is', () => {
  const can = (command: string, id: string) => commands.isEnabled(command, { id });
  expect(['live', 'done'].map(id => can(CommandIDs.cancel, id))).toEqual([true, false]);
  expect(['live', 'done'].map(id => can(CommandIDs.remove, id))).toEqual([false, true]);
  expect(commands.isEnabled(CommandIDs.open, {})).toBe(false);
});

test('what the server says of a run is what is offered', () => {
  const can = { cancel: false, resume: false, delete: false };
  const links = { ray_dashboard: '', tensorboard: 'rl-widgets/tensorboard/ending/' };
  rows.set('ending', row('ending', { can, links }));
  rows.set('over', row('over', { final: true, can }));
  const offered = (id: string) =>
    [
      CommandIDs.cancel,
      CommandIDs.resume,
      CommandIDs.remove,
      CommandIDs.tensorboard,
      CommandIDs.rayDashboard
    ].filter(command => commands.isEnabled(command, { id }));
  expect(offered('ending')).toEqual([CommandIDs.tensorboard]);
  // An older server says nothing of links.
  expect(offered('over')).toEqual([CommandIDs.tensorboard, CommandIDs.rayDashboard]);
});

test('a server that changes nothing, or is missing, is offered nothing; why is said', async () => {
  addWorkspaceCommands(context, { palette: null, menu: null, launcher: null });
  const make = [CommandIDs.newExperiment, CommandIDs.newFrom, CommandIDs.newTarget];
  const offered = () => make.filter(command => commands.isEnabled(command, { id: 'done' }));
  context.workspace.standing = 'asking';
  expect(offered()).toEqual(make);
  context.workspace.root = { read_only: true } as IRoot;
  expect(offered()).toEqual([]);
  expect(commands.isEnabled(CommandIDs.tag, { id: 'done' })).toBe(false);
  context.workspace.root = null;
  [context.workspace.standing, context.workspace.message] = ['missing', 'There is none.'];
  expect(offered()).toEqual([]);
  await commands.execute(CommandIDs.newExperiment);
  expect(said).toHaveBeenLastCalledWith('New RL experiment', 'There is none.');
});

test('the key that deletes says of an active run what to do first', async () => {
  await commands.execute(CommandIDs.remove, { id: 'live' });
  expect(said).toHaveBeenCalledWith(
    'Delete run…',
    'live has not ended: cancel it first, then delete it.'
  );
});

test('without a main area the forms are opened in JupyterLab', async () => {
  const opened = vi.spyOn(window, 'open').mockReturnValue(null);
  addWorkspaceCommands(context, { palette: null, menu: null, launcher: null });
  await commands.execute(CommandIDs.newTarget, {});
  await commands.execute(CommandIDs.newExperiment, {});
  await commands.execute(CommandIDs.newFrom, { id: 'done' });
  expect(opened.mock.calls.map(call => call[0])).toEqual([
    'http://h/user/ann/lab?rl-widgets-new=target',
    'http://h/user/ann/lab?rl-widgets-new=experiment',
    'http://h/user/ann/lab?rl-widgets-new=experiment&rl-widgets-run=done'
  ]);
});
