import * as React from 'react';
import type { IFact } from '../contract';

/** Figures with their words, side by side. */
export function Facts({ facts }: { facts: readonly IFact[] }): JSX.Element | null {
  if (!facts.length) {
    return null;
  }
  return (
    <div className="rlp-facts">
      {facts.map(fact => (
        <div key={fact.name} className="rlp-fact">
          <span>{fact.label}</span>
          <b>{fact.text}</b>
        </div>
      ))}
    </div>
  );
}
