import type { ICurve } from '../contract';

/** Columns by growing x. */
export interface IColumns {
  x: number[];
  rest: (number | null)[][];
  /** Of each row, its index in the curve. */
  order: number[];
}

/** The columns by growing x, without points that have none: uPlot needs them so. */
export function sorted(curve: ICurve, band: boolean): IColumns {
  const order = curve.x
    .map((x, i) => [x, i] as const)
    .filter((pair): pair is readonly [number, number] => pair[0] !== null)
    .sort((a, b) => a[0] - b[0]);
  const columns = [curve.y, ...(band ? [curve.low ?? [], curve.high ?? []] : [])];
  const rest = columns.map(values => order.map(([, i]) => values[i] ?? null));
  return { x: order.map(([x]) => x), rest, order: order.map(([, i]) => i) };
}
