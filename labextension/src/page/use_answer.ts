import * as React from 'react';
import { isAborted, sentence } from '../request';

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
 * waits for its end, so that a slow server is not asked faster than it answers.
 */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => Promise<T>,
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
  const latest = React.useRef(ask);
  latest.current = ask;

  React.useEffect(() => {
    const wanted = `${tick} ${key}`;
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
      while (own.again && !own.abort.signal.aborted) {
        own.again = false;
        try {
          const value = await latest.current(own.abort.signal);
          if (!own.abort.signal.aborted) {
            setAnswer({ key, value, trouble: '' });
          }
        } catch (error) {
          if (!isAborted(error) && !own.abort.signal.aborted) {
            answered.current = '';
            setAnswer(before => ({ ...before, key, trouble: sentence(error) }));
          }
        }
      }
      if (asking.current === own) {
        asking.current = null;
      }
    })();
  }, [key, tick, shown]);

  React.useEffect(() => () => asking.current?.abort.abort(), []);
  return answer;
}
