import * as React from 'react';
import { isAborted, mayPass, sentence, sentenceWithRetry } from '../request';
import type { Requests } from '../request';
import type { RunModel } from '../run_model';

export interface IAnswer<T> {
  value: T | undefined;
  trouble: string;
}

/** Whether a part of the page is in sight; what is not asks for nothing. */
export const Shown = React.createContext(true);

/**
 * What a request answers, asked again when `tick` grows and afresh when `key` changes, while it is
 * in sight.
 *
 * The last answer stays until there is a new one. A tick that comes while a request is under way
 * waits for its end, so that a slow server is not asked faster than it answers. One that does not
 * answer is asked again after a while.
 *
 * `ask` is given what it makes its requests with: those that a tick causes are not a person's.
 */
export function useAnswer<T>(
  model: RunModel,
  ask: (requests: Requests, signal: AbortSignal) => Promise<T>,
  key: string,
  tick: number
): IAnswer<T> {
  const [answer, setAnswer] = React.useState<IAnswer<T> & { key: string }>({
    key,
    value: undefined,
    trouble: ''
  });
  const shown = React.useContext(Shown);
  const asking = React.useRef<{ key: string; again: boolean; abort: AbortController } | null>(null);
  /** What the last answer was about; '' after trouble, as it is then asked for again. */
  const answered = React.useRef('');
  /** What a person has asked for last: this key, in sight. */
  const wished = React.useRef('');
  const latest = React.useRef({ ask, shown });
  latest.current = { ask, shown };

  React.useEffect(() => {
    const wanted = `${tick} ${key}`;
    if (!shown) {
      wished.current = '';
    }
    if (!shown || answered.current === wanted) {
      return;
    }
    answered.current = wanted;
    const current = asking.current;
    if (current?.key === key) {
      current.again = true;
      return;
    }
    current?.abort.abort();
    const own = { key, again: true, abort: new AbortController() };
    asking.current = own;
    void (async () => {
      const { signal } = own.abort;
      while (own.again && !signal.aborted) {
        own.again = false;
        const requests = wished.current === `key ${key}` ? model.requests.polled : model.requests;
        wished.current = `key ${key}`;
        try {
          const value = await latest.current.ask(requests, signal);
          if (!signal.aborted) {
            setAnswer({ key, value, trouble: '' });
          }
        } catch (error) {
          if (isAborted(error) || signal.aborted) {
            continue;
          }
          const passes = mayPass(error);
          const trouble = passes ? sentenceWithRetry(error) : sentence(error);
          setAnswer(before => ({ ...before, key, trouble }));
          if (passes) {
            await after(model.retry, signal);
            own.again = model.active && latest.current.shown;
          }
          // What is out of sight asks when it is looked at again.
          if (!own.again) {
            answered.current = '';
          }
        }
      }
      if (asking.current === own) {
        asking.current = null;
      }
    })();
  }, [model, key, tick, shown]);

  React.useEffect(() => () => asking.current?.abort.abort(), []);
  return answer;
}

/** Resolves after so many milliseconds, or as soon as nobody waits any more. */
function after(wait: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, wait);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
