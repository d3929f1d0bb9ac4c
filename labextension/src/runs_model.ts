/** The list of runs: filter, order, pages, and what a change makes stale. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRunRow, IRunsAnswer } from './contract';
import { isAborted, sentenceWithRetry } from './request';
import type { IRunsQuery } from './request';
import type { INews } from './revisions';

export interface IRunsRequest {
  runs(query: IRunsQuery, signal?: AbortSignal): Promise<IRunsAnswer>;
}

/** What of the runs is shown, and in which order. */
export interface IRunsView {
  text: string;
  state: string;
  mine: boolean;
  archived: boolean;
  sort: string;
  order: 'asc' | 'desc';
}

export const EVERYTHING: IRunsView = {
  text: '',
  state: '',
  mine: false,
  archived: false,
  sort: 'created',
  order: 'desc'
};

export interface IRunsOptions {
  /** Rows of one request. */
  page?: number;
  /** Rows that are held at most; a person who has more narrows the search. */
  most?: number;
  /**
   * Milliseconds between two rounds of requests, for each page of the round before; never more
   * than `LONGEST`, so that a new run is seen within a second.
   */
  pace?: number;
  /** Milliseconds after which a request that failed is made again. */
  retry?: number;
}

/** Milliseconds between two rounds of requests at most. */
const LONGEST = 600;

export class RunsModel {
  constructor(
    private readonly requests: IRunsRequest,
    { page = 200, most = 2000, pace = 400, retry = 15_000 }: IRunsOptions = {}
  ) {
    this.size = page;
    this.most = this.usual = most;
    this.pace = pace;
    this.retry = retry;
  }

  /** Rows, the total, or what is wrong have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get rows(): readonly IRunRow[] {
    return this._rows;
  }

  /** As many runs as the server has of this view; `rows` may hold fewer. */
  get total(): number {
    return this._total;
  }

  /** Whether the first page is there. */
  get loaded(): boolean {
    return this._loaded;
  }

  /** Why there is no newer answer; '' where there is one. */
  get trouble(): string {
    return this._trouble;
  }

  get view(): IRunsView {
    return this._view;
  }

  /** Whether the list is in sight; nothing is asked for while it is not. */
  get active(): boolean {
    return this._active;
  }

  set active(value: boolean) {
    this._active = value;
    if (value) {
      this.person = true;
      void this.work();
    } else {
      this.abort.abort();
    }
  }

  find(id: string): IRunRow | undefined {
    return this._rows.find(row => row.id === id);
  }

  show(change: Partial<IRunsView>): void {
    const view = { ...this._view, ...change };
    if (JSON.stringify(view) === JSON.stringify(this._view)) {
      return;
    }
    this._view = view;
    this.most = this.usual;
    this.abort.abort();
    this.pages = [];
    this.refresh();
    this._changed.emit();
  }

  /** Everything is asked for again, as a person wants it. */
  refresh(): void {
    this.person = true;
    this.staleFrom(0);
    void this.work();
  }

  /** Hold all runs of the view; resolves when they are there, or cannot be had. */
  async whole(): Promise<void> {
    this.most = Infinity;
    const missing = () => Math.ceil(this._total / this.size) - this.pages.filter(Boolean).length;
    if (this._loaded && missing() <= 0) {
      return;
    }
    this.staleFrom(this.pages.length, Math.ceil(this._total / this.size));
    this.person = true;
    void this.work();
    const view = this._view;
    await new Promise<void>(resolve => {
      const look = () => {
        if (missing() <= 0 || this._trouble || this._view !== view) {
          this._changed.disconnect(look);
          resolve();
        }
      };
      this._changed.connect(look);
    });
  }

  /** Ask again for what a change has touched. */
  note(news: INews): void {
    // In any other order a run that changes may move.
    if (news.everything || (news.runs.length && this._view.sort !== 'created')) {
      this.staleFrom(0);
    }
    for (const id of news.runs) {
      const page = this.pages.findIndex(rows => rows.some(row => row.id === id));
      // A run that is not here may be new, or fit the view now: then the first page, or the total,
      // is another, and the pages after it are asked for too.
      this.stale.add(Math.max(0, page));
    }
    void this.work();
  }

  private staleFrom(first: number, end = this.pages.length): void {
    for (let page = first; page < Math.max(1, end); page++) {
      this.stale.add(page);
    }
  }

  /** Ask for all that is stale, page by page; one such round at a time. */
  private async work(): Promise<void> {
    if (this.working || !this._active || !this.stale.size) {
      return;
    }
    this.working = true;
    let asked = 0;
    try {
      while (this._active && this.stale.size) {
        await this.ask(Math.min(...this.stale));
        asked += 1;
      }
    } catch (error) {
      if (!isAborted(error)) {
        this.working = false;
        setTimeout(() => void this.work(), this.retry);
        this._trouble = sentenceWithRetry(error);
        this._changed.emit();
        return;
      }
    }
    const pause = Math.min(LONGEST, this.pace * Math.max(1, asked));
    const again = this.abort.signal.aborted ? 0 : pause;
    setTimeout(() => {
      this.working = false;
      void this.work();
    }, again);
  }

  private async ask(page: number): Promise<void> {
    this.abort = new AbortController();
    const offset = page * this.size;
    const poll = !this.person;
    const query = { ...this._view, offset, limit: this.size, curves: true, poll };
    this.person = false;
    this.stale.delete(page);
    let answer: IRunsAnswer;
    try {
      answer = await this.requests.runs(query, this.abort.signal);
    } catch (error) {
      // It stays stale: the next change, or the fallback, asks for it again.
      this.stale.add(page);
      throw error;
    }
    const before = this.pages[page];
    const moved = before?.at(-1)?.id !== answer.runs.at(-1)?.id || answer.total !== this._total;
    this.pages[page] = answer.runs;
    this._total = answer.total;
    const pages = Math.max(1, Math.ceil(Math.min(answer.total, this.most) / this.size));
    this.pages.length = Math.min(this.pages.length, pages);
    this.stale.forEach(one => one >= pages && this.stale.delete(one));
    for (let next = page + 1; next < pages; next++) {
      if (moved || !this.pages[next]) {
        this.stale.add(next);
      }
    }
    this._loaded = true;
    this._trouble = '';
    this._rows = unique(this.pages);
    this._changed.emit();
  }

  private readonly size: number;
  private most: number;
  private readonly usual: number;
  private readonly pace: number;
  private readonly retry: number;
  private pages: IRunRow[][] = [];
  private readonly stale = new Set<number>([0]);
  private working = false;
  /** Whether a person waits for what is asked for next. */
  private person = false;
  private abort = new AbortController();
  private _active = false;
  private _rows: IRunRow[] = [];
  private _total = 0;
  private _loaded = false;
  private _trouble = '';
  private _view = EVERYTHING;
  private readonly _changed = new Signal<this, void>(this);
}

/** The rows of all pages; while pages move against each other, one may stand in two of them. */
function unique(pages: IRunRow[][]): IRunRow[] {
  const found = new Map<string, IRunRow>();
  for (const row of pages.flat()) {
    if (!found.has(row.id)) {
      found.set(row.id, row);
    }
  }
  return [...found.values()];
}
