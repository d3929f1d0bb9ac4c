import * as React from 'react';
import type { IRunsView } from '../runs_model';

/** The states that a person filters by: the server's word, and how it reads. */
const STATES = [
  ['', 'All states'],
  ['active', 'Active'],
  ['NotStarted,Queued', 'Queued'],
  ['ended', 'Ended'],
  ['Completed', 'Completed'],
  ['failed', 'Failed'],
  ['Canceled', 'Canceled']
] as const;

/** The orders: what is sorted by, its direction, how it reads. */
const ORDERS = [
  ['created', 'desc', 'Newest first'],
  ['created', 'asc', 'Oldest first'],
  ['best', 'desc', 'Best reward'],
  ['reward', 'desc', 'Latest reward'],
  ['progress', 'desc', 'Progress'],
  ['duration', 'desc', 'Longest'],
  ['status', 'asc', 'State'],
  ['name', 'asc', 'Name']
] as const;

/** Milliseconds after the last key before the list is asked for. */
const TYPING = 250;

export interface IFilterProps {
  view: IRunsView;
  onChange(change: Partial<IRunsView>): void;
}

/** What of the runs the list shows, and in which order. */
export function Filter({ view, onChange }: IFilterProps): JSX.Element {
  const [text, setText] = React.useState(view.text);
  React.useEffect(() => {
    const timer = setTimeout(() => onChange({ text: text.trim() }), TYPING);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  // The search was taken back elsewhere.
  React.useEffect(() => {
    if (!view.text) {
      setText('');
    }
  }, [view.text]);
  return (
    <div className="rlp-filter" role="search" aria-label="Runs">
      <input
        type="search"
        className="rlp-search"
        placeholder="Search runs"
        aria-label="Search runs"
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <div className="rlp-choices">
        <select
          aria-label="State"
          value={view.state}
          onChange={event => onChange({ state: event.target.value })}
        >
          {STATES.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <select
          aria-label="Order"
          value={`${view.sort} ${view.order}`}
          onChange={event => {
            const [sort = 'created', order] = event.target.value.split(' ');
            onChange({ sort, order: order === 'asc' ? 'asc' : 'desc' });
          }}
        >
          {ORDERS.map(([sort, order, label]) => (
            <option key={label} value={`${sort} ${order}`}>
              {label}
            </option>
          ))}
        </select>
        <Toggle label="Mine" on={view.mine} onChange={mine => onChange({ mine })} />
        <Toggle label="Archived" on={view.archived} onChange={archived => onChange({ archived })} />
      </div>
    </div>
  );
}

function Toggle(props: { label: string; on: boolean; onChange(on: boolean): void }): JSX.Element {
  return (
    <button
      className={`rlp-toggle${props.on ? ' rlp-on' : ''}`}
      aria-pressed={props.on}
      onClick={() => props.onChange(!props.on)}
    >
      {props.label}
    </button>
  );
}
