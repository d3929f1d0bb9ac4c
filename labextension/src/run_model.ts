/** One run as its page shows it: read again when the server announces a change of it. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRun } from './contract';
import { RETRY, RequestError, isAborted, mayPass, sentence, sentenceWithRetry } from './request';
import type { Requests } from './request';
import type { INews, Revisions } from './revisions';

/** Milliseconds between two readings of a run that changes all the time. */
const PACE = 1000;

/** Milliseconds after which the page of a run that goes on is read without news. */
const CLOCK = 5000;

export class RunModel implements IDisposable {
  constructor(
    readonly id: string,
    readonly requests: Requests,
    private readonly revisions: Revisions,
    private readonly pace = PACE,
    /** Milliseconds after which it asks again for what it did not get. */
    readonly retry = RETRY
  ) {
    revisions.changed.connect(this.onNews, this);
  }

  run: IRun | null = null;
  trouble = '';
  /** Whether the server knows no such run (any more). */
  gone = false;
  /** Grows with each reading: what shows parts of the run reads them again. */
  tick = 0;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the page is in sight. */
  get active(): boolean {
    return this.watching !== null;
  }

  set active(value: boolean) {
    if (value === this.active || this._isDisposed) {
      return;
    }
    if (value) {
      this.watching = this.revisions.watch();
      this.clock = setInterval(() => this.lookAgain(), CLOCK);
      // What happened meanwhile is not known; a run that has ended changes seldom.
      this.refresh();
    } else {
      clearInterval(this.clock);
      this.watching?.dispose();
      this.watching = null;
      this.again = false;
      this.clearTimer();
    }
  }

  /** A number that grows with every n-th reading, and with each of a run that has ended. */
  paced(n: number): number {
    return this.run?.row.final ? this.tick : Math.floor(this.tick / n);
  }

  /** Read it now, as a person wants it. */
  refresh(): void {
    this.clearTimer();
    void this.read(this.requests);
  }

  /** Take an answer that an action has given. */
  take(run: IRun): void {
    this.run = run;
    this.trouble = '';
    this.tick += 1;
    this._changed.emit();
  }

  dispose(): void {
    this.active = false;
    this._isDisposed = true;
    this.abort.abort();
    Signal.clearData(this);
  }

  /** One reading at a time: news that come meanwhile ask once more when it is done. */
  private async read(requests: Requests): Promise<void> {
    if (this.reading) {
      this.again = true;
      return;
    }
    [this.reading, this.again] = [true, false];
    this.began = Date.now();
    try {
      const run = await requests.run(this.id, this.abort.signal);
      this.gone = false;
      this.take(run);
    } catch (error) {
      if (isAborted(error) || this._isDisposed) {
        return;
      }
      this.gone = error instanceof RequestError && error.status === 404;
      const passes = mayPass(error);
      this.trouble = passes ? sentenceWithRetry(error) : sentence(error);
      this._changed.emit();
      if (passes) {
        this.readAfter(this.retry);
      }
    } finally {
      this.reading = false;
    }
    if (this.again) {
      this.readSoon();
    }
  }

  private onNews(_: unknown, news: INews): void {
    if (!news.everything && !news.runs.includes(this.id)) {
      return;
    }
    if (this.reading) {
      this.again = true;
    } else {
      this.readSoon();
    }
  }

  /** A run that waits, or logs seldom, has times that grow all the same. */
  private lookAgain(): void {
    const goesOn = this.run !== null && !this.run.row.final && !globalThis.document?.hidden;
    if (goesOn && !this.reading && Date.now() - this.began >= CLOCK) {
      void this.read(this.requests.polled);
    }
  }

  private readSoon(): void {
    this.readAfter(Math.max(0, this.began + this.pace - Date.now()));
  }

  private readAfter(wait: number): void {
    if (this.active && this.timer === undefined) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        void this.read(this.requests.polled);
      }, wait);
    }
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private began = 0;
  private reading = false;
  /** Whether something has changed since the reading began. */
  private again = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private clock: ReturnType<typeof setInterval> | undefined;
  private watching: IDisposable | null = null;
  private readonly abort = new AbortController();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
