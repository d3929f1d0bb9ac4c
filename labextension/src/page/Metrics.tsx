import * as React from 'react';
import type { Axis, IMark } from '../contract';
import type { RunModel } from '../run_model';
import { Chart } from './Chart';
import { CurveTable } from './CurveTable';
import { matching } from './search';
import { useAnswer } from './use_answer';

/** Charts of one request, and of one page. */
const SHOWN = 12;

/** All metrics but the main one: a group at a time, in pages of small charts. */
export function Metrics({ model }: { model: RunModel }): JSX.Element {
  const metrics = useAnswer(
    model,
    (requests, signal) => requests.metrics(model.id, signal),
    model.id,
    model.paced(5)
  );
  const [title, setTitle] = React.useState('');
  const [search, setSearch] = React.useState('');
  const [page, setPage] = React.useState(0);
  const groups = metrics.value?.groups ?? [];
  const base = title.replace(/ \([\d,]+\)$/, '');
  const chosen = groups.find(g => g.title.replace(/ \([\d,]+\)$/, '') === base) ?? groups[0];
  const names = search.trim()
    ? matching(
        groups.flatMap(g => g.names),
        search,
        name => name
      )
    : (chosen?.names ?? []);
  const pages = Math.max(1, Math.ceil(names.length / SHOWN));
  const at = Math.min(page, pages - 1);
  if (metrics.trouble) {
    return <p className="rlp-notice rlp-warning">{metrics.trouble}</p>;
  }
  if (!groups.length) {
    return <p className="rlp-hint">The run has logged no metric yet.</p>;
  }
  return (
    <>
      <div className="rlp-choices">
        <select
          aria-label="Group of metrics"
          value={chosen?.title}
          onChange={event => {
            setTitle(event.target.value);
            setPage(0);
          }}
        >
          {groups.map(group => (
            <option key={group.title}>{group.title}</option>
          ))}
        </select>
        <input
          type="search"
          className="rlp-search"
          placeholder="Search metrics"
          aria-label="Search metrics"
          value={search}
          onChange={event => {
            setSearch(event.target.value);
            setPage(0);
          }}
        />
        {pages > 1 && (
          <span>
            <button className="rlp-button" disabled={at === 0} onClick={() => setPage(at - 1)}>
              Earlier
            </button>{' '}
            Page {at + 1} of {pages}{' '}
            <button
              className="rlp-button"
              disabled={at === pages - 1}
              onClick={() => setPage(at + 1)}
            >
              Later
            </button>
          </span>
        )}
      </div>
      <SmallCharts model={model} names={names.slice(at * SHOWN, (at + 1) * SHOWN)} />
    </>
  );
}

const AXIS: Axis = 'env_steps';
const NONE: readonly IMark[] = [];

function SmallCharts({ model, names }: { model: RunModel; names: string[] }): JSX.Element {
  const { value, trouble } = useAnswer(
    model,
    async (requests, signal) =>
      names.length ? requests.series(model.id, { names, axis: AXIS, points: 300 }, signal) : null,
    names.join('\n'),
    // A dozen curves are read whole.
    model.paced(3)
  );
  if (trouble) {
    return <p className="rlp-notice rlp-warning">{trouble}</p>;
  }
  if (!names.length) {
    return <p className="rlp-hint">No metric fits the search.</p>;
  }
  const curves = new Map(value?.series.map(curve => [curve.name, curve]));
  return (
    <div className="rlp-small-charts">
      {names.map(name => {
        const curve = curves.get(name);
        return (
          <figure key={name}>
            <figcaption title={name}>{name}</figcaption>
            {curve && value && (
              <>
                <Chart
                  curve={curve}
                  label={curve.sentence}
                  unit={value.unit}
                  goal={null}
                  events={NONE}
                  height={130}
                />
                <CurveTable curve={curve} unit={value.unit} />
              </>
            )}
          </figure>
        );
      })}
    </div>
  );
}
