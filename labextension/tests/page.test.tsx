// @vitest-environment jsdom
import { Clipboard } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RequestError } from '../src/request';
import { RunModel } from '../src/run_model';
import { RunPageWidget } from '../src/run_page';
import { CommandIDs } from '../src/tokens';
import { FakeServer } from './fake_server';
import { until } from './fakes';

// The canvas is looked at in a real browser.
vi.mock('../src/page/plot', () => ({
  Plot: class {
    draw = () => undefined;
    point = () => undefined;
    dispose = () => undefined;
  },
  MARKS: { checkpoint: { sign: '◆', colour: '', word: 'checkpoint' } }
}));
vi.mock('uplot/dist/uPlot.min.css', () => ({}));

let page: RunPageWidget;
let model: RunModel;
let commands: CommandRegistry;
let server: FakeServer;
const shown = () => page.node.textContent ?? '';

beforeEach(async () => {
  server = new FakeServer([]);
  model = new RunModel('pong_1', server.asRequests, server.asRevisions, 0, 20);
  commands = new CommandRegistry();
  page = new RunPageWidget(model, commands);
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
  expect(page.node.querySelector('.rlp-failure b b')).toBeNull();
});

test('the curve is a sentence and a table too', async () => {
  const chart = page.node.querySelector('.rlp-chart [role=img]');
  expect(chart?.getAttribute('aria-label')).toContain('episode_reward_mean: -20.50 now');
  const table = page.node.querySelector<HTMLDetailsElement>('.rlp-table');
  table!.open = true;
  await until(() => page.node.querySelectorAll('.rlp-table tbody tr').length === 2);
  expect(page.node.querySelector('.rlp-table tbody')?.textContent).toContain('2,000');
  expect(page.node.querySelector('[aria-label=Events]')?.textContent).toBe('a checkpoint');
});

test('the arrow keys go from point to point of the curve, and each is read out', async () => {
  const series = await server.series();
  const [curve] = series.series;
  // The newest attempt begins before the last one's end, and one point has no place.
  const points = { x: [1000, 4000, null, 3000], y: [-21, -18, -5, -19.5] };
  server.series = async () => ({ ...series, series: [{ ...curve!, ...points }] });
  const tail = await server.tail();
  server.tail = async () => ({ ...tail, more: true });
  server.changed.emit({ runs: ['pong_1'], targets: false, everything: false });
  const chart = page.node.querySelector<HTMLElement>('.rlp-chart [role=img]')!;
  const legend = () => page.node.querySelector('.rlp-legend')!.textContent!;
  await until(() => legend().includes('at env steps 3000'));
  const key = (name: string, held: KeyboardEventInit = {}) => {
    const init = { key: name, bubbles: true, cancelable: true, ...held };
    return !chart.dispatchEvent(new KeyboardEvent('keydown', init));
  };
  const told = async (name: string, words: string, inLegend: string) => {
    expect(key(name)).toBe(true);
    await until(() => page.node.querySelector('.rlp-chart [role=status]')?.textContent === words);
    expect(legend()).toContain(inLegend);
  };
  expect(chart.tabIndex).toBe(0);
  chart.focus();
  await told('ArrowLeft', 'env steps 4,000: -18.00', 'at env steps 4000 mean -18.00');
  await told('ArrowLeft', 'env steps 3,000: -19.50', 'at env steps 3000 mean -19.50');
  await told('Home', 'env steps 1,000: -21.00', 'at env steps 1000 mean -21.00');
  await told('ArrowLeft', 'env steps 1,000: -21.00', 'at env steps 1000');
  await told('ArrowRight', 'env steps 3,000: -19.50', 'at env steps 3000');
  expect([key('ArrowLeft', { altKey: true }), key('a')]).toEqual([false, false]);
  chart.blur();
  await until(() => page.node.querySelector('.rlp-chart [role=status]')?.textContent === '');
});

const all = <T extends Element>(selector: string) => [...page.node.querySelectorAll<T>(selector)];
const open = (name: string) =>
  all<HTMLElement>('[role=tab]')
    .find(tab => tab.textContent === name)!
    .click();
/** The tab that is in front. */
const front = () => page.node.querySelector<HTMLElement>('[role=tabpanel]:not([hidden])')!;
const press = (name: string) =>
  [...front().querySelectorAll('button')].find(button => button.textContent === name)!.click();

test('logs, metrics and files are a tab each', async () => {
  await until(() => page.node.querySelector('[role=log]')?.textContent === 'iteration 1\n');
  expect(page.node.querySelector('[role=log] span')?.className).toBe('rlp-ansi-green rlp-bold');
  open('Files');
  await until(() => front().textContent!.includes('outputs/model.pt (3.2 MB)'));
  expect(front().textContent).toContain('the whole run takes 6.4 MB');
  open('Metrics');
  await until(() => front().querySelector('figure [role=img]') !== null);
  const chart = front().querySelector('figure [role=img]');
  expect(chart?.getAttribute('aria-label')).toContain('episode_reward_mean: -20.50 now');
  expect(front().querySelector('figure summary')?.textContent).toBe('Show as table');
});

test('a tab asks when it is first opened, and only while it is in front', async () => {
  const asked = vi.spyOn(server, 'throughput');
  const change = () => server.changed.emit({ runs: ['pong_1'], targets: false, everything: false });
  const read = async () => {
    const { tick } = model;
    change();
    await until(() => model.tick > tick);
  };
  await read();
  expect(asked.mock.calls.length).toBe(0);
  open('Throughput');
  await until(() => front().textContent!.includes('Emulation limits the run: 60 %'));
  expect(asked.mock.calls.length).toBe(1);
  await read();
  await until(() => asked.mock.calls.length === 2);
  open('Logs');
  await read();
  expect(asked.mock.calls.length).toBe(2);
  open('Throughput');
  await until(() => asked.mock.calls.length === 3);
});

test('a part that was not answered is asked for again by itself, without a person', async () => {
  const asked = vi.spyOn(server, 'diagnosis');
  asked.mockRejectedValueOnce(new RequestError('The Jupyter server does not answer.', 0));
  open('Diagnosis');
  await until(() => front().textContent!.includes('It is tried again by itself.'));
  await until(() => front().textContent === 'Warning: The reward is flat.');
  expect(asked.mock.calls.length).toBe(2);
});

test('what a change causes is asked for as by no person; what a person opens is not', async () => {
  const polled = vi.spyOn(server, 'polled', 'get');
  await until(() => page.node.querySelector('[role=log]')?.textContent === 'iteration 1\n');
  const before = polled.mock.calls.length;
  open('Diagnosis');
  await until(() => front().textContent === 'Warning: The reward is flat.');
  expect(polled.mock.calls.length).toBe(before);
  const { tick } = model;
  server.changed.emit({ runs: ['pong_1'], targets: false, everything: false });
  // The run, its children, its metrics, its curve and the tab in front.
  await until(() => model.tick > tick && polled.mock.calls.length >= before + 5);
});

test('the throughput is a sentence, figures, and bars that are told in words', async () => {
  open('Throughput');
  await until(() => front().querySelector('.rlp-phases') !== null);
  expect(front().textContent).toContain('sampled, env steps/s812');
  const bar = front().querySelector('[role=img]');
  expect(bar?.getAttribute('aria-label')).toContain('emulation 60 %, other 40 %');
  expect(bar?.firstElementChild?.getAttribute('style')).toBe('width: 60%;');
});

test('what is unusual about the learning is a tab', async () => {
  open('Diagnosis');
  await until(() => front().textContent === 'Warning: The reward is flat.');
});

test('videos are shown in one player, the newest first, and none plays by itself', async () => {
  open('Episodes');
  await until(() => front().querySelector('video') !== null);
  const player = front().querySelector('video')!;
  expect(player.getAttribute('src')).toBe('/files/pong_1/head/videos/new.mp4');
  expect([player.autoplay, player.controls, player.preload]).toEqual([false, true, 'metadata']);
  press('old, reward 3.00');
  await until(() => player.getAttribute('src')!.endsWith('old.mp4'));
  expect(front().querySelector('video')).toBe(player);
  press('gone, reward 3.00');
  await until(() => front().textContent!.includes('The video is gone.'));
  expect([player.hidden, player.hasAttribute('src')]).toEqual([true, false]);
  expect(front().querySelector('tbody tr')?.textContent).toBe('2,0003.001 to 59003');
});

test('greedy evaluations are a line of their own, which a person takes away', async () => {
  const [evaluation, metrics] = ['evaluation/episode_reward_mean', await server.metrics()];
  server.metrics = async () => ({
    ...metrics,
    groups: [...metrics.groups, { title: 'Evaluation (1)', names: [evaluation] }]
  });
  const series = await server.series();
  const own = { ...series.series[0]!, name: evaluation, x: [1000, 1900], y: [3, 7] };
  const asked = vi.spyOn(server, 'series');
  asked.mockImplementation(async () => ({ ...series, series: [...series.series, own] }));
  await until(() => {
    server.changed.emit({ runs: ['pong_1'], targets: false, everything: false });
    return page.node
      .querySelector('.rlp-legend')!
      .textContent!.includes('evaluation (greedy) 7.00');
  });
  asked.mockImplementation(async () => series);
  const toggle = all<HTMLButtonElement>('button').find(one => one.textContent === 'Evaluation')!;
  expect(toggle.getAttribute('aria-pressed')).toBe('true');
  toggle.click();
  await until(() => !page.node.querySelector('.rlp-legend')!.textContent!.includes('evaluation'));
  expect(toggle.getAttribute('aria-pressed')).toBe('false');
});

test('a mark on the curve opens what it stands for', async () => {
  const seen = vi.fn();
  Element.prototype.scrollIntoView = seen;
  const series = await server.series();
  const at = { x: 2000, y: -20 };
  const marks = [
    { ...at, kind: 'checkpoint', title: 'the old one', path: 'head/checkpoints/checkpoint_1' },
    { ...at, kind: 'video', title: 'the old video', path: 'head/videos/old.mp4' },
    { ...at, kind: 'video', title: 'no video', path: 'head/videos/none.mp4' },
    { ...at, kind: 'target_reached', title: 'reached', path: '' }
  ];
  server.series = async () => ({ ...series, events: marks });
  const tail = await server.tail();
  server.tail = async () => ({ ...tail, more: true });
  server.changed.emit({ runs: ['pong_1'], targets: false, everything: false });
  page.node.querySelector<HTMLDetailsElement>('.rlp-table')!.open = true;
  const links = () => all<HTMLButtonElement>('[aria-label=Events] button');
  await until(() => links().length === 3);
  const click = (title: string) =>
    links()
      .find(link => link.textContent === title)!
      .click();
  click('the old one');
  await until(() => front().querySelector('tr.rlp-chosen') !== null);
  expect(front().querySelector('[aria-current=true]')?.textContent).toContain('checkpoint_1');
  await until(() => seen.mock.calls.length > 0);
  click('the old video');
  await until(
    () => front().querySelector('video')?.getAttribute('src')?.endsWith('old.mp4') === true
  );
  // What a person chooses then stays.
  press('new, reward 3.00');
  await until(() => front().querySelector('video')!.getAttribute('src')!.endsWith('new.mp4'));
  click('no video');
  await until(() => front().textContent!.includes('no video: its file was removed'));
});

test('checkpoints are listed, resumed from and downloaded', async () => {
  const resumed = vi.fn();
  commands.addCommand(CommandIDs.resume, { execute: resumed });
  open('Checkpoints');
  await until(() => front().querySelectorAll('tbody tr').length === 2);
  const [first, second] = [...front().querySelectorAll('tbody tr')].map(one => one.textContent);
  expect(first).toContain('checkpoint_2 best, newest');
  expect(second).toContain('checkpoint_1 deleted');
  press('Resume from the newest');
  expect(resumed.mock.calls[0]?.[0]).toEqual({ id: 'pong_1' });
  press('Show');
  await until(() => front().querySelector('a') !== null);
  const links = [...front().querySelectorAll('a')].map(link => link.textContent);
  expect(links).toEqual(['head/checkpoints/checkpoint_2/state.pkl (3.2 MB)']);
});

test('the configuration is searched, and copied as Python', async () => {
  const copied = vi.spyOn(Clipboard, 'copyToSystem').mockReturnValue(undefined);
  open('Configuration');
  const settings = () => [...front().querySelectorAll('tbody th')].map(one => one.textContent);
  await until(() => settings().join() === 'lr,ray,gamma');
  expect(front().textContent).toContain('num_workers is num_env_runners now.');
  press('Only what differs');
  await until(() => settings().join() === 'lr,ray');
  press('Copy as Python');
  expect(copied).toHaveBeenCalledWith('exp.submit(estimator)');
  await until(() => front().textContent!.includes('Copied.'));
});

test('what there is none of is said', async () => {
  server.episodes = async () => ({
    facts: [],
    rows: [],
    omitted: '',
    videos: [],
    videos_message: 'There is no video of this run.',
    message: 'The policy of this run was not evaluated.'
  });
  server.diagnosis = async () => ({ findings: [], nothing: 'Nothing unusual.' });
  server.checkpoints = async () => ({
    rows: [],
    summary: '',
    message: 'No checkpoint yet.',
    resumable: false,
    resume_text: '',
    resume_code: ''
  });
  const said = {
    Episodes: 'There is no video of this run.The policy of this run was not evaluated.',
    Diagnosis: 'Nothing unusual.',
    Checkpoints: 'No checkpoint yet.'
  };
  for (const [tab, sentence] of Object.entries(said)) {
    open(tab);
    await until(() => front().textContent === sentence);
  }
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
