import * as React from 'react';
import type { RunModel } from '../run_model';
import { Answer } from './Answer';

/** What is unusual about how the run learns. */
export function Diagnosis({ model }: { model: RunModel }): JSX.Element {
  return (
    <Answer
      model={model}
      every={5}
      waiting="The learning is being looked at."
      ask={(requests, id, signal) => requests.diagnosis(id, signal)}
    >
      {({ findings, nothing }) => (
        <>
          {nothing && <p className="rlp-hint">{nothing}</p>}
          {findings.map(({ name, sentence, severity }, i) => {
            const warns = severity === 'warning';
            return (
              <p key={`${name} ${i}`} className={`rlp-notice rlp-${warns ? 'warning' : 'note'}`}>
                <b>{warns ? 'Warning' : 'Note'}:</b> {sentence}
              </p>
            );
          })}
        </>
      )}
    </Answer>
  );
}
