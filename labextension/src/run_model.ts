/** One run as its page shows it: read again when the server announces a change of it. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRun } from './contract';
import { RequestError, isAborted, sentence } from './request';
import type { Requests } from './request';
import type { INews, Revisions } from './revisions';

/** Milliseconds between two readings of a run that changes all the time. */
const PACE = 1000;

export class RunModel implements IDisposable {
  constructor(
    readonly id: string,
    readonly requests: Requests,
    private readonly revisions: Revisions,
    private readonly pace = PACE
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
      // What happened meanwhile is not known; a run that has ended changes seldom.
      this.refresh();
    } else {
      this.watching?.dispose();
      this.watching = null;
      clearTimeout(this.timer);
      this.timer = undefined;
    }
  }

  /** A number that grows with every n-th reading, and with each of a run that has ended. */
  paced(n: number): number {
    return this.run?.row.final ? this.tick : Math.floor(this.tick / n);
  }

  refresh(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    void this.read();
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

  private async read(): Promise<void> {
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    this.began = Date.now();
    try {
      const run = await this.requests.run(this.id, abort.signal);
      this.gone = false;
      this.take(run);
    } catch (error) {
      if (isAborted(error) || this._isDisposed) {
        return;
      }
      this.gone = error instanceof RequestError && error.status === 404;
      this.trouble = sentence(error);
      this._changed.emit();
    }
  }

  private onNews(_: unknown, news: INews): void {
    const ours = news.everything || news.runs.includes(this.id);
    if (!ours || !this.active || this.timer !== undefined) {
      return;
    }
    const wait = Math.max(0, this.began + this.pace - Date.now());
    this.timer = setTimeout(() => this.refresh(), wait);
  }

  private began = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watching: IDisposable | null = null;
  private abort = new AbortController();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
