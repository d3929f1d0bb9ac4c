// @vitest-environment jsdom
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunModel } from '../src/run_model';
import { RunPageWidget } from '../src/run_page';
import { FakeServer } from './fake_server';
import { until } from './fakes';

// The canvas is looked at in a real browser.
vi.mock('../src/page/plot', () => ({
  Plot: class {
    draw = () => undefined;
    dispose = () => undefined;
  },
  MARKS: { checkpoint: { sign: '◆', colour: '', word: 'checkpoint' } }
}));
vi.mock('uplot/dist/uPlot.min.css', () => ({}));

let page: RunPageWidget;
let server: FakeServer;
const shown = () => page.node.textContent ?? '';

beforeEach(async () => {
  server = new FakeServer([]);
  const model = new RunModel('pong_1', server.asRequests, server.asRevisions, 0);
  page = new RunPageWidget(model, new CommandRegistry());
  Widget.attach(page, document.body);
  model.active = true;
  await until(() => shown().includes('min to') || shown().includes('target'));
});

afterEach(() => page.dispose());

test('a run is told from its name to its curve', async () => {
  await until(() => shown().includes('1 of 1 node alive'));
  expect(shown()).toContain('pong / pong_1 Failed');
  expect(shown()).toContain('ran 3 min · submitted 2026-11-21 08:54:39');
  expect(shown()).toContain('ValueError: no <b>env</b>');
  expect(shown()).toContain('Emulation limits the run.');
  expect(shown()).toContain('reward -20 of 18');
  expect(shown()).toContain('1 point without a number');
  expect(page.node.querySelector('.rlw-failure b b')).toBeNull();
});

test('the curve is a sentence and a table too', async () => {
  expect(shown()).toContain('episode_reward_mean goes from -21.00 to -20.50');
  const table = page.node.querySelector<HTMLDetailsElement>('.rlw-table');
  table!.open = true;
  await until(() => page.node.querySelectorAll('.rlw-table tbody tr').length === 2);
  expect(page.node.querySelector('.rlw-table tbody')?.textContent).toContain('2,000');
  expect(page.node.querySelector('[aria-label=Events]')?.textContent).toBe('a checkpoint');
});

test('logs, metrics and files are a tab each', async () => {
  await until(() => page.node.querySelector('[role=log]')?.textContent === 'iteration 1\n');
  expect(page.node.querySelector('[role=log] span')?.className).toBe('rlw-ansi-green rlw-bold');
  const tab = (name: string) =>
    [...page.node.querySelectorAll<HTMLElement>('[role=tab]')].find(t => t.textContent === name);
  tab('Files')?.click();
  await until(() => shown().includes('outputs/model.pt  (3.2 MB)'));
  tab('Metrics')?.click();
  await until(() => page.node.querySelector('figcaption') !== null);
  tab('Code')?.click();
  await until(() => shown().includes('code of it'));
});

test('an action of a run is asked of the commands', async () => {
  const buttons = [...page.node.querySelectorAll('button')].map(button => button.textContent);
  expect(buttons).toContain('Resume run');
  expect(buttons).not.toContain('Cancel run');
});

test('what came of a change is read again; of another run it is not', async () => {
  const asked = vi.spyOn(server, 'run');
  server.changed.emit({ runs: ['other'], targets: false, everything: false });
  server.changed.emit({ runs: ['pong_1'], targets: false, everything: false });
  await until(() => asked.mock.calls.length > 0);
  expect(asked.mock.calls.length).toBe(1);
});
