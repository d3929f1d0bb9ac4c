import * as React from 'react';
import type { ICurve, IMark } from '../contract';
import { number, plural } from '../format';
import { TABS } from './opened';
import { Row, Table } from './Table';

export interface ICurveTableProps {
  curve: ICurve;
  unit: string;
  events?: readonly IMark[];
  onMark?: (mark: IMark) => void;
}

/** Rows of the table. */
const ROWS = 50;

/** The newest points as a table, for those who do not see the curve. */
export function CurveTable({ curve, unit, events = [], onMark }: ICurveTableProps): JSX.Element {
  const [open, setOpen] = React.useState(false);
  const first = Math.max(0, curve.x.length - ROWS);
  const shown = plural(curve.x.length - first, 'point');
  return (
    <details className="rlp-table" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>Show as table</summary>
      {open && (
        <>
          <Table
            label={`Table of ${curve.name}`}
            heads={[unit, curve.name]}
            caption={`The newest ${shown} of those that are drawn`}
            className="rlp-rows rlp-points"
          >
            {curve.x.slice(first).map((x, i) => (
              <Row
                key={first + i}
                cells={[x === null ? '—' : x.toLocaleString('en-US'), number(curve.y[first + i])]}
              />
            ))}
          </Table>
          {events.length > 0 && (
            <ul aria-label="Events">
              {events.map((event, i) => (
                <li key={i}>
                  {onMark && TABS[event.kind] ? (
                    <button className="rlp-link" onClick={() => onMark(event)}>
                      {event.title}
                    </button>
                  ) : (
                    event.title
                  )}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </details>
  );
}
