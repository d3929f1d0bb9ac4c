import * as React from 'react';
import { CopyCode } from '../components/CopyCode';
import type { IConfiguration, ISetting } from '../contract';
import { count, plural } from '../format';
import type { RunModel } from '../run_model';
import { Answer } from './Answer';
import { matching } from './search';
import { Row, Table } from './Table';

const HEADS = ['Setting', 'Part', 'Value', 'Default', 'Set by'];

/** Rows that are drawn at most; the others are searched for. */
const SHOWN = 400;

/** All that the run was given: submitted, in force, versions, git. */
export function Configuration({ model }: { model: RunModel }): JSX.Element {
  return (
    <Answer
      model={model}
      every={10}
      waiting="The configuration is being read."
      ask={(requests, id, signal) => requests.configuration(id, signal)}
    >
      {found => (
        <>
          {found.code && (
            <CopyCode code={found.code} summary="Show the code that makes this run again" />
          )}
          {found.message && <p className="rlp-hint">{found.message}</p>}
          {found.notes.length > 0 && (
            <ul>
              {found.notes.map(note => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
          <Settings found={found} />
        </>
      )}
    </Answer>
  );
}

function Settings({ found }: { found: IConfiguration }): JSX.Element {
  const [search, setSearch] = React.useState('');
  const [only, setOnly] = React.useState(false);
  const all = found.settings;
  const wanted = only ? all.filter(one => one.changed || one.fact) : all;
  const rows = matching(wanted, search, one => [one.part, one.name, one.value, one.note].join(' '));
  return (
    <>
      <div className="rlp-choices">
        <input
          type="search"
          className="rlp-search"
          placeholder="Search settings, values, versions"
          aria-label="Search settings, values, versions"
          value={search}
          onChange={event => setSearch(event.target.value)}
        />
        <button
          className={`rlp-toggle${only ? ' rlp-on' : ''}`}
          aria-pressed={only}
          onClick={() => setOnly(!only)}
        >
          Only what differs
        </button>
      </div>
      <p className="rlp-hint" role="status">
        {told(rows.length, all.length)}
      </p>
      {rows.length > 0 && (
        <Table label="Configuration of the run" heads={HEADS} className="rlp-rows rlp-settings">
          {rows.slice(0, SHOWN).map((one, i) => (
            <Row key={i} className={one.changed ? 'rlp-changed' : ''} cells={cellsOf(one)} />
          ))}
        </Table>
      )}
    </>
  );
}

function cellsOf(one: ISetting): string[] {
  return [one.name, one.part, one.value, one.default, one.note];
}

function told(rows: number, all: number): string {
  if (!rows) {
    return all ? 'No setting fits the search.' : 'Nothing was recorded of its configuration.';
  }
  const listed = rows > SHOWN ? `The first ${SHOWN} of ${plural(rows, 'row')}` : count(rows);
  return `${listed} of ${plural(all, 'row')}; what differs from its default comes first.`;
}
