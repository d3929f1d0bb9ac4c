import * as React from 'react';
import type { IRunRow } from '../contract';
import { Badge } from './Badge';
import { Bar } from './Bar';
import { Sparkline } from './Sparkline';

/** What a screen reader says of a run in the list. */
export function spoken(row: IRunRow): string {
  const parts = [row.name, row.badge.text];
  if (row.reward !== null) {
    parts.push(`reward ${row.reward_text}`);
  }
  if (row.best_reward !== null) {
    parts.push(`best ${row.best_text}`);
  }
  if (row.timing) {
    parts.push(row.timing);
  }
  if (row.time_left) {
    parts.push(`${row.time_left} left`);
  }
  return [...parts, ...(row.pinned ? ['pinned'] : []), ...(row.archived ? ['archived'] : [])].join(
    ', '
  );
}

/** A run in the list: who it is, where it stands, how good it is. */
export function RunRow({ row, onMenu }: { row: IRunRow; onMenu(at: Element): void }): JSX.Element {
  const time = row.final || !row.time_left ? row.timing : `${row.time_left} left`;
  const tags = Object.entries(row.tags);
  return (
    <div
      className="rlp-run"
      title={[row.name, row.id, row.message, ...tags.map(tagText)].join('\n').trim()}
    >
      <div className="rlp-run-first">
        <span className="rlp-run-name">{row.name}</span>
        {row.archived && <span className="rlp-quiet">archived</span>}
        <Badge badge={row.badge} />
        <button
          className="rlp-more"
          tabIndex={-1}
          aria-label={`Actions of ${row.name}`}
          onClick={event => {
            event.stopPropagation();
            onMenu(event.currentTarget);
          }}
        >
          ⋯
        </button>
      </div>
      <div className="rlp-run-second">
        <Sparkline values={row.curve ?? []} />
        <span className="rlp-run-best">
          {row.best_reward !== null && (
            <>
              best <b>{row.best_text}</b>
            </>
          )}
        </span>
        <span className="rlp-run-time">{time}</span>
      </div>
      {row.progress !== null && !row.final && (
        <Bar fraction={row.progress} label={`Progress of ${row.name}`} />
      )}
    </div>
  );
}

function tagText([name, value]: [string, string]): string {
  return value ? `${name}: ${value}` : name;
}
