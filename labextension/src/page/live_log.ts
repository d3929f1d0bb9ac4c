/** The end of a log that grows: the newest lines at first, then what came since. */

import type { ILogPage, ISegment } from '../contract';
import type { Requests } from '../request';

/** Lines that are held at most. */
const MOST = 2000;

export class LiveLog {
  constructor(
    private readonly id: string,
    private readonly lines: number
  ) {}

  /** The newest lines; the same object where nothing is new. */
  async read(
    requests: Pick<Requests, 'logPage'>,
    file: string,
    signal?: AbortSignal
  ): Promise<ILogPage> {
    const held = this.held;
    if (held?.file === file && held.lines.length) {
      // The last line may not have been whole: it is read again.
      const last = held.first + held.lines.length - 1;
      const tail = await requests.logPage(this.id, file, last, LINES, signal);
      const page = extended(held, tail);
      if (page) {
        return (this.held = page);
      }
    }
    return (this.held = await requests.logPage(this.id, file, undefined, this.lines, signal));
  }

  private held: ILogPage | null = null;
}

/** As many lines as one answer may have. */
const LINES = 1000;

/** A page with what came after its last line; null where that does not go on from it. */
export function extended(page: ILogPage, tail: ILogPage, most = MOST): ILogPage | null {
  const at = page.lines.length - 1;
  const last = page.lines[at];
  const [again, ...rest] = tail.lines;
  // A file that was begun anew, or one that grew by more than an answer, is read from its end.
  if (!last || !again || tail.first !== page.first + at || !tail.at_end) {
    return null;
  }
  if (!plain(again).startsWith(plain(last))) {
    return null;
  }
  if (!rest.length && plain(again) === plain(last)) {
    return page;
  }
  const lines = [...page.lines.slice(0, at), again, ...rest];
  const first = page.first + Math.max(0, lines.length - most);
  return { ...tail, first, lines: lines.slice(-most) };
}

function plain(line: readonly ISegment[]): string {
  return line.map(piece => piece.text).join('');
}
