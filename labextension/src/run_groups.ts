/** The lines of the list: pinned runs, then each experiment with its runs. */

import type { IRunRow } from './contract';

export interface IHeading {
  kind: 'heading';
  /** The experiment's name; '' for the pinned runs. */
  key: string;
  title: string;
  runs: number;
  active: number;
  open: boolean;
}

export interface IRunLine {
  kind: 'run';
  row: IRunRow;
  /** Where it stands in its group, from 1, and how many stand there. */
  position: number;
  of: number;
  /** 2 below a heading, 1 where there are no headings. */
  level: 1 | 2;
}

export type Line = IHeading | IRunLine;

/** A group's runs stay in the order of the rows; groups come in the order of their first run. */
export function linesOf(
  rows: readonly IRunRow[],
  grouped: boolean,
  closed: ReadonlySet<string>
): Line[] {
  const pinned = rows.filter(row => row.pinned);
  const others = rows.filter(row => !row.pinned);
  const lines: Line[] = [];
  if (pinned.length) {
    lines.push(...group('', 'Pinned', pinned, closed));
  }
  if (!grouped) {
    const title = 'Others';
    lines.push(...(pinned.length ? group('\n', title, others, closed) : inOrder(others, 1)));
    return lines;
  }
  const experiments = new Map<string, IRunRow[]>();
  for (const row of others) {
    const there = experiments.get(row.experiment);
    if (there) {
      there.push(row);
    } else {
      experiments.set(row.experiment, [row]);
    }
  }
  for (const [name, runs] of experiments) {
    lines.push(...group(name, name, runs, closed));
  }
  return lines;
}

function group(key: string, title: string, rows: IRunRow[], closed: ReadonlySet<string>): Line[] {
  if (!rows.length) {
    return [];
  }
  const open = !closed.has(key);
  const active = rows.filter(row => !row.final).length;
  const heading: IHeading = { kind: 'heading', key, title, runs: rows.length, active, open };
  return open ? [heading, ...inOrder(rows, 2)] : [heading];
}

function inOrder(rows: IRunRow[], level: 1 | 2): Line[] {
  return rows.map((row, i) => ({ kind: 'run', row, position: i + 1, of: rows.length, level }));
}
