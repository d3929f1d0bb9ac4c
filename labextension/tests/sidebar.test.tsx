// @vitest-environment jsdom
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ISidebarHandlers } from '../src/components/sidebar';
import { Sidebar } from '../src/components/sidebar';
import { RequestError } from '../src/request';
import { WorkspaceModel } from '../src/workspace_model';
import { FakeServer } from './fake_server';
import { row, until } from './fakes';

const handlers = () =>
  Object.fromEntries(
    ['open', 'menu', 'drag', 'targetMenu', 'targetDrag', 'newTarget', 'newExperiment'].map(name => [
      name,
      vi.fn()
    ])
  ) as unknown as { [Name in keyof ISidebarHandlers]: ReturnType<typeof vi.fn> };

let sidebar: Sidebar;
let asked: ReturnType<typeof handlers>;
const shown = () => sidebar.node.textContent ?? '';
const lines = () => [...sidebar.node.querySelectorAll<HTMLElement>('[role=treeitem]')];

function open(server: FakeServer): void {
  asked = handlers();
  const model = new WorkspaceModel(server.asRequests, server.asRevisions);
  sidebar = new Sidebar(model, asked as unknown as ISidebarHandlers);
  Widget.attach(sidebar, document.body);
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
  open(new FakeServer([row('a', { best_reward: 5 }), row('b', { experiment: 'cartpole' })]));
  await until(() => lines().length === 4);
  await until(() => shown().includes('best 5.00'));
  expect(shown()).toContain('default');
  expect(shown()).toContain('2 busy, 1 idle, of 4 nodes');
  expect(shown()).toContain('load 1.00 on 2 cores');
  expect(lines().map(line => line.getAttribute('aria-label'))).toEqual([
    'pong, 1, 1 active',
    'a, Running, best 5.00',
    'cartpole, 1, 1 active',
    'b, Running'
  ]);
});

test('of a thousand runs only those in sight are in the page', async () => {
  open(new FakeServer(Array.from({ length: 1000 }, (_, i) => row(`run-${i}`))));
  await until(() => sidebar.node.querySelector('.rlw-unseen')?.textContent === '1,000 runs');
  await until(() => lines().length > 3);
  expect(lines().length).toBeLessThan(40);
});

test('the list is worked with keys alone', async () => {
  open(new FakeServer([row('a'), row('b')]));
  await until(() => lines().length === 3);
  const press = (key: string) =>
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
    );
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
