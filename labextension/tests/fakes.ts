/** A server that answers from memory, as the contract says. */

import type { IRunRow, IRunsAnswer } from '../src/contract';
import type { IRunsQuery } from '../src/request';

export function row(id: string, change: Partial<IRunRow> = {}): IRunRow {
  return {
    id,
    number: 1,
    name: id,
    experiment: 'pong',
    status: 'Running',
    badge: { text: 'Running', tone: 'active' },
    final: false,
    created: 0,
    queued_s: 0,
    running_s: 1,
    reward: null,
    best_reward: null,
    metric: null,
    progress: null,
    time_left: '',
    env_steps: null,
    tags: {},
    archived: false,
    pinned: false,
    message: '',
    user: '',
    timing: '',
    reward_text: '—',
    best_text: '—',
    ...change
  };
}

/** Runs in memory, and what was asked for. */
export class FakeRuns {
  constructor(public rows: IRunRow[]) {}

  asked: IRunsQuery[] = [];
  trouble: Error | null = null;

  runs = async (query: IRunsQuery, signal?: AbortSignal): Promise<IRunsAnswer> => {
    this.asked.push(query);
    await Promise.resolve();
    if (signal?.aborted) {
      throw new DOMException('Aborted', 'AbortError');
    }
    if (this.trouble) {
      throw this.trouble;
    }
    const found = this.rows.filter(one => one.name.includes(query.text ?? ''));
    const [offset, limit] = [query.offset ?? 0, query.limit ?? 50];
    return { runs: found.slice(offset, offset + limit), total: found.length, revision: 1 };
  };
}

/** Until a condition holds, with the timers of the test turned on. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) {
      return;
    }
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  throw new Error(`It did not happen: ${condition}`);
}
