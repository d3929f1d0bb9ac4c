import * as React from 'react';
import { sentence } from '../request';

/**
 * What a form is made of, asked once, and why it could not be had.
 *
 * @param start - asks; `take` may fill the form's values by the answer.
 */
export function useFirst<T>(
  start: () => Promise<T>,
  take: (found: T) => void
): { found: T | null; trouble: string } {
  const [found, setFound] = React.useState<T | null>(null);
  const [trouble, setTrouble] = React.useState('');
  const asked = React.useRef({ start, take });
  React.useEffect(() => {
    const { start, take } = asked.current;
    start().then(
      answer => {
        setFound(answer);
        take(answer);
      },
      error => setTrouble(sentence(error))
    );
  }, []);
  return { found, trouble };
}
