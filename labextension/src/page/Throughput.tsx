import * as React from 'react';
import type { IPhaseBar } from '../contract';
import type { RunModel } from '../run_model';
import { Answer } from './Answer';
import { Facts } from './Facts';

/** What limits the run, how fast it is, and where its seconds go. */
export function Throughput({ model }: { model: RunModel }): JSX.Element {
  return (
    <Answer
      model={model}
      every={1}
      waiting="The throughput is being read."
      ask={(requests, id, signal) => requests.throughput(id, signal)}
    >
      {found => (
        <>
          <p className="rlp-limit">{found.limit}</p>
          {found.note && <p className="rlp-hint">{found.note}</p>}
          <Facts facts={found.tiles} />
          {found.bars.map(bar => (
            <Phases key={bar.name} bar={bar} />
          ))}
        </>
      )}
    </Answer>
  );
}

/** A bar of phases; the words below it are all that it shows. */
function Phases({ bar }: { bar: IPhaseBar }): JSX.Element {
  return (
    <section className="rlp-phases-of">
      <h2 className="rlp-heading-text">{bar.label}</h2>
      <div className="rlp-phases" role="img" aria-label={bar.sentence}>
        {bar.phases.map(({ name, text, share }) => (
          <span
            key={name}
            title={text}
            className={`rlp-phase-${name}`}
            style={{ width: `${100 * share}%` }}
          />
        ))}
      </div>
      <ul className="rlp-phase-words">
        {bar.phases.map(({ name, text }) => (
          <li key={name}>
            <i className={`rlp-phase-${name}`} />
            {text}
          </li>
        ))}
      </ul>
    </section>
  );
}
