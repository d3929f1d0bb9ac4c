import * as React from 'react';
import type { Requests } from '../request';
import type { RunModel } from '../run_model';
import { useAnswer } from './use_answer';

export interface IAnswerProps<T> {
  model: RunModel;
  /** Readings of the run for each of this part. */
  every: number;
  /** What stands there until the first answer. */
  waiting: string;
  ask(requests: Requests, id: string, signal: AbortSignal): Promise<T>;
  children(value: T): React.ReactNode;
}

/** A part of a run that is drawn from one answer; trouble is said above the last that came. */
export function Answer<T>(props: IAnswerProps<T>): JSX.Element {
  const { model, every, waiting, ask, children } = props;
  const { value, trouble } = useAnswer(
    model,
    (requests, signal) => ask(requests, model.id, signal),
    model.id,
    model.paced(every)
  );
  return (
    <>
      {trouble && <p className="rlp-notice rlp-warning">{trouble}</p>}
      {value !== undefined ? children(value) : !trouble && <p className="rlp-hint">{waiting}</p>}
    </>
  );
}
