import * as React from 'react';
import type { Axis, ICurve, IMark, ISeriesAnswer } from '../contract';
import { number, plural, tick } from '../format';
import type { RunModel } from '../run_model';
import { Chart } from './Chart';
import { CurveTable } from './CurveTable';
import { LiveCurve } from './live_curve';
import { MARKS } from './plot';
import type { IWindow } from './plot';
import { useAnswer } from './use_answer';

const AXES: readonly (readonly [Axis, string])[] = [
  ['env_steps', 'Env steps'],
  ['iteration', 'Iteration'],
  ['time', 'Time']
];

/** Points of one request: as many as a wide screen has pixels. */
const POINTS = 2000;

/** What the policy reaches when it does not explore. */
const EVALUATION = 'evaluation/episode_reward_mean';

export interface IRewardChartProps {
  model: RunModel;
  /** Told the mark that a person has clicked. */
  onMark(mark: IMark): void;
}

/** The metric that the run is judged by, as it grows; a zoom asks for its window again, whole. */
export function RewardChart({ model, onMark }: IRewardChartProps): JSX.Element | null {
  const [axis, setAxis] = React.useState<Axis>('env_steps');
  const [window, setWindow] = React.useState<IWindow | null>(null);
  const [smoothing, setSmoothing] = React.useState(0);
  const [cursor, setCursor] = React.useState<number | null>(null);
  const [evaluation, setEvaluation] = React.useState(true);
  const metrics = useAnswer(
    model,
    (requests, signal) => requests.metrics(model.id, signal),
    model.id,
    model.paced(5)
  );
  const name = metrics.value?.main ?? null;
  const evaluated = metrics.value?.groups.some(group => group.names.includes(EVALUATION)) ?? false;
  const names = name === null ? [] : [name, ...(evaluated && evaluation ? [EVALUATION] : [])];
  const live = React.useMemo(() => new LiveCurve(model.id), [model]);
  const { value, trouble } = useAnswer(
    model,
    async (requests, signal) => {
      const query = { axis, smoothing, points: POINTS, ...window };
      const ended = model.run?.row.final;
      return names.length ? live.read(requests, { names, ...query }, signal, ended) : null;
    },
    JSON.stringify([names, axis, window, smoothing]),
    // What is zoomed into or smoothed is read whole, which costs more.
    window || smoothing ? model.paced(5) : model.tick
  );
  const curve = value?.series[0];
  const beside = value?.series.find((one, i) => i > 0 && one.name === EVALUATION);
  const events = React.useMemo(() => value?.events ?? [], [value]);
  if (name === null || !curve) {
    return <p className="rlp-hint">{trouble || metrics.trouble || model.run?.chart_message}</p>;
  }
  const choose = (next: Axis) => {
    setAxis(next);
    setWindow(null);
  };
  return (
    <section className="rlp-chart" aria-label={name}>
      <div className="rlp-chart-head">
        <h2 className="rlp-heading-text" title={name}>
          {name}
        </h2>
        <div className="rlp-choices" role="group" aria-label="Axis">
          {AXES.map(([value_, label]) => (
            <button
              key={value_}
              className={`rlp-toggle${axis === value_ ? ' rlp-on' : ''}`}
              aria-pressed={axis === value_}
              onClick={() => choose(value_)}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
      <Zoom curve={curve} window={window} onWindow={setWindow}>
        <label className="rlp-smoothing">
          Smoothing
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={smoothing}
            onChange={event => setSmoothing(event.target.valueAsNumber)}
          />
          {smoothing.toFixed(2)}
        </label>
        {evaluated && (
          <button
            className={`rlp-toggle${evaluation ? ' rlp-on' : ''}`}
            aria-pressed={evaluation}
            title="The greedy evaluations of the policy as a line of their own"
            onClick={() => setEvaluation(!evaluation)}
          >
            Evaluation
          </button>
        )}
      </Zoom>
      {trouble && <p className="rlp-notice rlp-warning">{trouble}</p>}
      <Legend answer={value} curve={curve} beside={beside} cursor={cursor} />
      <Chart
        curve={curve}
        beside={beside}
        label={curve.sentence}
        unit={value.unit}
        goal={value.goal}
        events={events}
        height={260}
        onZoom={setWindow}
        onCursor={setCursor}
        onMark={onMark}
      />
      <CurveTable curve={curve} unit={value.unit} events={events} onMark={onMark} />
    </section>
  );
}

interface IZoomProps {
  curve: ICurve;
  window: IWindow | null;
  onWindow(window: IWindow | null): void;
  children: React.ReactNode;
}

/** Zooming with buttons, for those who do not drag. */
function Zoom({ curve, window, onWindow, children }: IZoomProps): JSX.Element {
  const known = curve.x.filter((x): x is number => x !== null);
  const { from, to } = window ?? { from: Math.min(...known), to: Math.max(...known) };
  const width = to - from;
  const step = (left: number, right: number) => () =>
    onWindow({ from: from + left * width, to: to + right * width });
  return (
    <div className="rlp-choices" role="group" aria-label="Zoom">
      <button className="rlp-button" disabled={width <= 0} onClick={step(0.25, -0.25)}>
        Zoom in
      </button>
      <button className="rlp-button" disabled={!window} onClick={step(-0.5, 0.5)}>
        Zoom out
      </button>
      <button className="rlp-button" disabled={!window} onClick={step(-0.5, -0.5)}>
        Earlier
      </button>
      <button className="rlp-button" disabled={!window} onClick={step(0.5, 0.5)}>
        Later
      </button>
      <button className="rlp-button" disabled={!window} onClick={() => onWindow(null)}>
        Whole run
      </button>
      {children}
    </div>
  );
}

function Legend(props: {
  answer: ISeriesAnswer;
  curve: ICurve;
  beside: ICurve | undefined;
  cursor: number | null;
}): JSX.Element {
  const { answer, curve, beside, cursor } = props;
  const at = cursor ?? curve.x.length - 1;
  const x = curve.x[at];
  const kinds = [...new Set(answer.events.map(event => event.kind))].filter(kind => MARKS[kind]);
  return (
    <div className="rlp-legend">
      <span className="rlp-where">
        {x === undefined || x === null ? '' : `at ${answer.unit} ${tick(x)}`}
      </span>
      <span>
        <i className="rlp-swatch" /> mean <b>{number(curve.y[at])}</b>
      </span>
      {curve.low && curve.high && (
        <span>
          <i className="rlp-swatch rlp-band" /> min to max{' '}
          <b>
            {number(curve.low[at])} to {number(curve.high[at])}
          </b>
        </span>
      )}
      {beside && (
        <span>
          <i className="rlp-swatch rlp-beside" /> evaluation (greedy){' '}
          <b>{number(nearest(beside, cursor === null ? Infinity : (x ?? Infinity)))}</b>
        </span>
      )}
      {answer.goal !== null && (
        <span>
          <i className="rlp-swatch rlp-dashed" /> target <b>{number(answer.goal)}</b>
        </span>
      )}
      {kinds.map(kind => (
        <span key={kind}>
          <i className="rlp-mark" style={{ color: MARKS[kind]?.colour }}>
            {MARKS[kind]?.sign}
          </i>{' '}
          {MARKS[kind]?.word}
        </span>
      ))}
      {curve.gaps > 0 && <span>{plural(curve.gaps, 'point')} without a number</span>}
    </div>
  );
}

/** The value of the point of a curve that is nearest to x; its last one at the end of all. */
function nearest(curve: ICurve, x: number): number | null {
  const points = curve.x.flatMap((at, i) => {
    const y = curve.y[i] ?? null;
    return at === null || y === null ? [] : [{ at, y }];
  });
  const last = points.at(-1) ?? null;
  if (!last || x === Infinity) {
    return last && last.y;
  }
  return points.reduce((a, b) => (Math.abs(b.at - x) < Math.abs(a.at - x) ? b : a)).y;
}
