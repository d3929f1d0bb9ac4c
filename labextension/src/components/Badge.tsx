import * as React from 'react';
import type { IBadge } from '../contract';

/** A state in words, on the colour of its tone. */
export function Badge({ badge }: { badge: IBadge }): JSX.Element {
  return <span className={`rlp-badge rlp-${badge.tone}`}>{badge.text}</span>;
}
