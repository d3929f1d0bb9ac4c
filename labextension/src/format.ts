/** Numbers on axes, under the cursor and in tables, written as `rl_widgets.view.wording` does. */

/** A measured number with four digits that count; '—' for none. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return '—';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) {
    return value.toExponential(2).replace(/\.?0+e/, 'e');
  }
  if (size >= 1000) {
    return count(value);
  }
  if (size >= 100) {
    return value.toFixed(1);
  }
  return size >= 1 || size === 0 ? value.toFixed(2) : value.toFixed(4);
}

/** A whole number with thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A place on an axis with few digits: 250k, 1.5M. */
export function tick(value: number): string {
  const size = Math.abs(value);
  for (const [scale, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k']
  ] as const) {
    if (size >= scale) {
      const per = unit === 'k' ? 1e3 : scale;
      return `${Number((value / per).toPrecision(4))}${unit}`;
    }
  }
  return String(Number(value.toPrecision(6)));
}

/** '1 node', '2 nodes'. */
export function plural(n: number, one: string): string {
  return `${count(n)} ${one}${n === 1 ? '' : 's'}`;
}
