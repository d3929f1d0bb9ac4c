import { expect, test } from 'vitest';
import type { ICurve, ISeriesAnswer, ITail } from '../src/contract';
import { LiveCurve, grown } from '../src/page/live_curve';

const answer = (change: Partial<ICurve> = {}): ISeriesAnswer => ({
  axis: 'env_steps',
  unit: 'env steps',
  series: [
    { name: 'reward', x: [1, 2], y: [5, 6], gaps: 0, last_id: 20, sentence: '6 now.', ...change }
  ],
  goal: null,
  events: []
});

const tail = (change: Partial<ITail> = {}): ITail => ({
  name: 'reward',
  x: [3, 4],
  y: [7, null],
  last_id: 22,
  more: false,
  ...change
});

test('what came since stands at the end of the curve', () => {
  const [curve] = grown(answer(), tail())!.series;
  expect(curve).toMatchObject({ x: [1, 2, 3, 4], y: [5, 6, 7, null], gaps: 1, last_id: 22 });
  const band = { low: [1, 1], high: [9, 9] };
  const [banded] = grown(answer(band), tail({ low: [2, 2], high: [8, 8] }))!.series;
  expect(banded).toMatchObject({ low: [1, 1, 2, 2], high: [9, 9, 8, 8] });
});

test('nothing new leaves the curve as it is', () => {
  const before = answer();
  expect(grown(before, tail({ x: [], y: [] }))).toBe(before);
});

test('what does not fit to the end is read whole', () => {
  expect(grown(answer(), tail({ more: true }))).toBeNull();
  // The newest attempt of a run that was resumed begins before the end of the last one.
  expect(grown(answer(), tail({ x: [1.5, 2.5] }))).toBeNull();
  expect(grown(answer(), tail({ x: [null, 4] }))).toBeNull();
  expect(grown(answer(), tail({ low: [1, 1], high: [2, 2] }))).toBeNull();
});

class Server {
  asked: string[] = [];
  series = async () => {
    this.asked.push('whole');
    return answer();
  };
  tail = async (_id: string, name: string, axis: string, after: number) => {
    this.asked.push(`${name} ${axis} after ${after}`);
    const x = after - 15;
    return tail({ x: [x], y: [1], last_id: after + 1 });
  };
}

const query = { names: ['reward'], axis: 'env_steps' as const, points: 2000, smoothing: 0 };

test('a curve is read whole once, and then by its tail, now and then whole again', async () => {
  const server = new Server();
  const curve = new LiveCurve('r');
  await curve.read(server, query);
  await curve.read(server, query);
  const third = await curve.read(server, query);
  expect(server.asked).toEqual(['whole', 'reward env_steps after 20', 'reward env_steps after 21']);
  expect(third.series[0]?.x).toEqual([1, 2, 5, 6]);
  for (let i = 0; i < 10; i++) {
    await curve.read(server, query);
  }
  expect(server.asked.filter(one => one === 'whole').length).toBe(2);
});

test('another question, a zoom and a smoothed curve are read whole', async () => {
  const server = new Server();
  const curve = new LiveCurve('r');
  await curve.read(server, query);
  for (const change of [{ axis: 'time' as const }, { from: 1, to: 2 }, { smoothing: 0.5 }]) {
    await curve.read(server, { ...query, ...change });
    await curve.read(server, { ...query, ...change });
  }
  expect(server.asked.filter(one => one !== 'whole')).toEqual(['reward time after 20']);
});

test('the curve of a run that has ended is read whole, with its last marks', async () => {
  const server = new Server();
  const curve = new LiveCurve('r');
  await curve.read(server, query);
  await curve.read(server, query);
  await curve.read(server, query, undefined, true);
  expect(server.asked).toEqual(['whole', 'reward env_steps after 20', 'whole']);
});
