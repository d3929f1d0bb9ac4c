import * as React from 'react';

const WIDTH = 72;
const HEIGHT = 20;

/** The path of a small curve; a null is a gap. '' where there is nothing to draw. */
export function sparkPath(values: readonly (number | null)[]): string {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  if (known.length < 2) {
    return '';
  }
  const low = Math.min(...known);
  const range = Math.max(...known) - low || 1;
  const step = WIDTH / (values.length - 1);
  let path = '';
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) {
      drawing = false;
      return;
    }
    const y = 1 + (HEIGHT - 2) * (1 - (value - low) / range);
    path += `${drawing ? 'L' : 'M'}${(i * step).toFixed(1)} ${y.toFixed(1)}`;
    drawing = true;
  });
  return path;
}

/** A run's reward as a small curve; what it says stands beside it in words. */
export function Sparkline({ values }: { values: readonly (number | null)[] }): JSX.Element {
  const path = React.useMemo(() => sparkPath(values), [values]);
  return (
    <svg
      className="rlp-spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}
