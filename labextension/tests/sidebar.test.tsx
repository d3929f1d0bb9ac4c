// @vitest-environment jsdom
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ISidebarHandlers } from '../src/components/sidebar';
import { Sidebar } from '../src/components/sidebar';
import { RequestError } from '../src/request';
import { WorkspaceModel } from '../src/workspace_model';
import { FakeServer } from './fake_server';
import { row, until } from './fakes';

const NAMES = [
  'open',
  'menu',
  'remove',
  'drag',
  'targetMenu',
  'targetDrag',
  'newTarget',
  'newExperiment'
] as const;
const handlers = () =>
  Object.fromEntries(NAMES.map(name => [name, vi.fn()])) as unknown as {
    [Name in keyof ISidebarHandlers]: ReturnType<typeof vi.fn>;
  };

let sidebar: Sidebar;
let asked: ReturnType<typeof handlers>;
const shown = () => sidebar.node.textContent ?? '';
const lines = () => [...sidebar.node.querySelectorAll<HTMLElement>('[role=treeitem]')];

/** What the list draws by. */
const drawing = () =>
  (sidebar.list as unknown as { viewModel: { scrollOffset: number; paddingTop: number } })
    .viewModel;

function open(server: FakeServer): void {
  asked = handlers();
  const model = new WorkspaceModel(server.asRequests, server.asRevisions);
  sidebar = new Sidebar(model, asked as unknown as ISidebarHandlers);
  Widget.attach(sidebar, document.body);
  // Without a layout the padding is no number, where a browser has 0.
  drawing().paddingTop = 0;
  model.active = true;
}

// Without a layout every box has no height: as if the list were 600 pixels tall.
beforeEach(() => {
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 300, 600));
});

afterEach(() => {
  sidebar.dispose();
  vi.restoreAllMocks();
});

test('compute and runs of a workspace', async () => {
  open(
    new FakeServer([
      row('a', { best_reward: 5, best_text: '5.00' }),
      row('b', { experiment: 'cartpole' })
    ])
  );
  await until(() => lines().length === 4);
  await until(() => shown().includes('best 5.00'));
  expect(shown()).toContain('default');
  expect(shown()).toContain('2 busy, 1 idle, of 4');
  expect(shown()).toContain('1.0 of 2 cores');
  expect(lines().map(line => line.getAttribute('aria-label'))).toEqual([
    'pong, 1, 1 active',
    'a, Running, best 5.00',
    'cartpole, 1, 1 active',
    'b, Running'
  ]);
});

test('of a thousand runs only those in sight are in the page', async () => {
  open(new FakeServer(Array.from({ length: 1000 }, (_, i) => row(`run-${i}`))));
  await until(() => sidebar.node.querySelector('.rlp-unseen')?.textContent === '1,000 runs');
  await until(() => lines().length > 3);
  expect(lines().length).toBeLessThan(40);
});

test('the list is worked with keys alone', async () => {
  open(new FakeServer([row('a'), row('b')]));
  await until(() => lines().length === 3);
  lines()[0]!.focus();
  press('ArrowDown');
  await until(() => document.activeElement === lines()[1]);
  press('Enter');
  expect(asked.open).toHaveBeenCalledWith('a');
  press(' ');
  expect(sidebar.list.selection).toEqual(['a']);
  press('ArrowLeft');
  await until(() => document.activeElement === lines()[0]);
  press('ArrowLeft');
  await until(() => lines().length === 1);
  expect(lines()[0]!.getAttribute('aria-expanded')).toBe('false');
});

/** Returns whether the browser does with the key what it does by itself. */
const press = (key: string, held: KeyboardEventInit = {}) =>
  (document.activeElement ?? document.body).dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...held })
  );

test("the button in a line answers to its own keys, and others' keys are left alone", async () => {
  open(new FakeServer([row('a'), row('b')]));
  await until(() => lines().length === 3);
  await until(() => lines()[1]!.querySelector('button') !== null);
  lines()[1]!.querySelector('button')!.focus();
  // What is not prevented comes as a click of the button.
  expect([press('Enter'), press(' ')]).toEqual([true, true]);
  expect([asked.open.mock.calls.length, sidebar.list.selection]).toEqual([0, []]);
  (document.activeElement as HTMLElement).click();
  expect(asked.menu.mock.calls[0]?.[0]).toBe('a');
  expect(asked.open).not.toHaveBeenCalled();
  lines()[1]!.focus();
  for (const held of ['altKey', 'ctrlKey', 'metaKey']) {
    expect(press('ArrowDown', { [held]: true })).toBe(true);
  }
  expect(document.activeElement).toBe(lines()[1]);
  expect(press('ArrowDown')).toBe(false);
});

const focused = () => (document.activeElement as HTMLElement).dataset.runId;

test('the tab key reaches the list wherever it was scrolled to', async () => {
  open(new FakeServer(Array.from({ length: 300 }, (_, i) => row(`run-${i}`))));
  await until(() => lines().length > 3);
  await until(() => sidebar.node.querySelector('.rlp-unseen')?.textContent === '300 runs');
  const stops = () => lines().filter(line => line.tabIndex === 0);
  expect(stops().length).toBe(1);
  lines()[2]!.focus();
  // As the mouse does, with the focused line out of sight.
  const { outerNode } = sidebar.list;
  drawing().scrollOffset = 9000;
  sidebar.list.update();
  await until(() => !lines().some(line => line.dataset.runId === 'run-1'));
  expect(stops().length).toBe(1);
  expect(outerNode.contains(document.activeElement)).toBe(true);
  // The arrows go on from where the keyboard was.
  press('ArrowDown');
  await until(() => focused() === 'run-2');
});

test('End goes to the last run there is, also where that is not in the list yet', async () => {
  open(new FakeServer(Array.from({ length: 2350 }, (_, i) => row(`run-${i}`))));
  await until(() => shown().includes('2,000 of 2,350 runs are shown.'));
  lines()[0]!.focus();
  press('End');
  await until(() => focused() === 'run-2349');
  press('Home');
  await until(() => lines()[0] === document.activeElement);
});

test('Delete asks for the run in focus; the focus goes to what comes in its place', async () => {
  const server = new FakeServer([row('a'), row('b'), row('c')]);
  open(server);
  await until(() => lines().length === 4);
  lines()[2]!.focus();
  press('Delete');
  expect(asked.remove).toHaveBeenCalledWith('b');
  server.rows = [row('a'), row('c')];
  server.changed.emit({ runs: [], targets: false, everything: true });
  await until(() => lines().length === 3);
  expect(focused()).toBe('c');
  // A new run above moves the line that has the focus, not the focus to another run.
  server.rows = [row('new'), row('a'), row('c')];
  server.changed.emit({ runs: [], targets: false, everything: true });
  await until(() => lines().length === 4);
  await until(() => focused() === 'c');
});

test('the menu key opens the menu of the line in focus', async () => {
  open(new FakeServer([row('a')]));
  await until(() => lines().length === 2);
  lines()[1]!.focus();
  const event = { bubbles: true, cancelable: true, shiftKey: true, button: 0 };
  document.activeElement!.dispatchEvent(new MouseEvent('contextmenu', event));
  expect(asked.menu.mock.calls[0]?.[0]).toBe('a');
});

test('a server without the extension is said once, with what to do', async () => {
  const server = new FakeServer([]);
  server.root = async () => {
    throw new RequestError('Not found', 404);
  };
  open(server);
  await until(() => shown().includes('has no rl_widgets extension'));
  expect(server.asked).toEqual([]);
});

test('versions that do not fit are said', async () => {
  const server = new FakeServer([]);
  const root = await server.root();
  server.root = async () => ({ ...root, version: '9.9.9' });
  open(server);
  await until(() => shown().includes('the server 9.9.9'));
});

test('an empty workspace tells the first step', async () => {
  open(new FakeServer([]));
  await until(() => shown().includes('There is no run yet'));
  [...sidebar.node.querySelectorAll('button')]
    .find(button => button.textContent === 'New RL experiment…')
    ?.click();
  expect(asked.newExperiment).toHaveBeenCalled();
});

test('a workspace that is only read has no first step', async () => {
  const server = new FakeServer([]);
  const root = await server.root();
  server.root = async () => ({ ...root, read_only: true });
  open(server);
  await until(() => shown().includes('There is no run yet.'));
  expect(shown()).not.toContain('New RL experiment');
});
