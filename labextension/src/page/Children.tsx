import * as React from 'react';
import { Badge } from '../components/Badge';
import { sparkPath } from '../components/Sparkline';
import type { IChildRow, IUse } from '../contract';
import type { RunModel } from '../run_model';
import { useOpened } from './opened';
import { useAnswer } from './use_answer';

const COLUMNS = [
  'Child run',
  'State',
  'Nodes',
  'CPU',
  'Memory',
  'Env steps/s',
  'Started',
  'Duration'
];

/** Head and workers with their nodes, as RunDetails shows them. */
export function Children({ model }: { model: RunModel }): JSX.Element | null {
  const { value } = useAnswer(
    model,
    (requests, signal) => requests.children(model.id, signal),
    model.id,
    model.tick
  );
  if (!value?.rows.length) {
    return null;
  }
  return (
    <section aria-label="Child runs">
      <div className="rlp-scroll">
        <table className="rlp-children">
          <thead>
            <tr>
              {COLUMNS.map(title => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value.rows.map((row, i) => (
              <Row key={`${i} ${row.label}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {value.deaths && <p className="rlp-notice rlp-warning">{value.deaths}</p>}
      {value.hidden > 0 && <p className="rlp-hint">{value.hidden} more nodes are not listed.</p>}
    </section>
  );
}

function Row({ row }: { row: IChildRow }): JSX.Element {
  const { opened, ref } = useOpened<HTMLTableRowElement>('node_lost', row.node ? row.label : '');
  const kind = row.node ? 'rlp-node' : 'rlp-child';
  const chosen = opened && row.node;
  return (
    <tr
      ref={ref}
      className={chosen ? `${kind} rlp-chosen` : kind}
      aria-current={chosen || undefined}
    >
      <th scope="row">
        {row.label}
        {row.about && <div className="rlp-quiet">{row.about}</div>}
        {row.note && <div className="rlp-quiet rlp-wide">{row.note}</div>}
      </th>
      <td>
        <Badge badge={row.badge} />
      </td>
      <td>{row.nodes}</td>
      <td>
        <Use use={row.cpu} />
      </td>
      <td>
        <Use use={row.memory} />
      </td>
      <td>{row.speed}</td>
      <td>{row.started}</td>
      <td>{row.lasted}</td>
    </tr>
  );
}

/** What is used, drawn between nothing and all of it. */
function Use({ use }: { use: IUse }): JSX.Element {
  // Two points out of sight make the scale reach from 0 to 1.
  const path = use.fractions.length > 1 ? sparkPath([0, 1, null, ...use.fractions]) : '';
  return (
    <span className="rlp-use" title={use.sentence || undefined}>
      {path && (
        <svg
          className="rlp-spark"
          viewBox="6 0 66 20"
          preserveAspectRatio="none"
          role="img"
          aria-label={use.sentence}
        >
          <path d={path} />
        </svg>
      )}
      {use.text}
    </span>
  );
}
