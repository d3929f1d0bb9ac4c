import * as React from 'react';

/** How much of something is reached or used, 0 to 1; `label` says it to a screen reader. */
export function Bar({ fraction, label }: { fraction: number; label: string }): JSX.Element {
  const percent = Math.round(100 * Math.min(1, Math.max(0, fraction)));
  return (
    <div
      className="rlp-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}
