/** A curve that grows: read whole at first and now and then, in between by what came since. */

import type { ISeriesAnswer, ITail } from '../contract';
import type { ISeriesQuery, Requests } from '../request';

/** Readings of the tail between two of the whole, which brings the marks up to date. */
const TAILS = 10;

/** Points that a tail may add to the thinned ones. */
const MOST = 2000;

export class LiveCurve {
  constructor(private readonly id: string) {}

  /** The curve as it is now; the same object where nothing is new. That of a run that has ended is
   * read whole: its last marks come with it. */
  async read(
    requests: Pick<Requests, 'series' | 'tail'>,
    query: ISeriesQuery,
    signal?: AbortSignal,
    ended = false
  ): Promise<ISeriesAnswer> {
    const asked = JSON.stringify(query);
    const held = this.held;
    const name = query.names[0] ?? '';
    // A window ends where it ends, and smoothing needs what was before.
    const grows = query.from === undefined && query.to === undefined && !query.smoothing;
    if (!ended && held?.asked === asked && grows && held.tails < TAILS) {
      const after = held.answer.series[0]?.last_id ?? 0;
      const tail = await requests.tail(this.id, name, query.axis, after, signal);
      const answer = grown(held.answer, tail);
      if (answer) {
        this.held = { asked, answer, tails: held.tails + 1 };
        return answer;
      }
    }
    const answer = await requests.series(this.id, query, signal);
    this.held = { asked, answer, tails: 0 };
    return answer;
  }

  private held: { asked: string; answer: ISeriesAnswer; tails: number } | null = null;
}

/** A curve with a tail at its end; null where it has to be read whole. */
export function grown(answer: ISeriesAnswer, tail: ITail): ISeriesAnswer | null {
  const [curve] = answer.series;
  if (!curve || tail.more || tail.x.length > MOST || Boolean(curve.low) !== Boolean(tail.low)) {
    return null;
  }
  if (!tail.x.length) {
    return answer;
  }
  // A run that was resumed begins before its end: the newest attempt is the line.
  const last = curve.x.at(-1);
  const [first] = tail.x;
  if (typeof first !== 'number' || (typeof last === 'number' && first <= last)) {
    return null;
  }
  const band =
    curve.low && curve.high && tail.low && tail.high
      ? { low: [...curve.low, ...tail.low], high: [...curve.high, ...tail.high] }
      : {};
  const gaps = curve.gaps + tail.y.filter(y => y === null).length;
  const [x, y] = [
    [...curve.x, ...tail.x],
    [...curve.y, ...tail.y]
  ];
  return { ...answer, series: [{ ...curve, x, y, ...band, gaps, last_id: tail.last_id }] };
}
