/** The runs that have not ended, for the Running panel and for the notification of an end. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRun, IRunRow, IRunsAnswer } from './contract';
import { RETRY, mayPass } from './request';
import type { IRunsQuery } from './request';
import type { INews, Revisions } from './revisions';

export interface IActiveRunsRequest {
  runs(query: IRunsQuery): Promise<IRunsAnswer>;
  run(id: string): Promise<IRun>;
}

/**
 * Milliseconds between two looks. This one goes on while the panel is hidden, so it looks seldom,
 * and only after the server has announced something.
 */
const PACE = 10_000;

/** Of the newest runs, as many as are looked at for such as ended at once. */
const NEWEST = 20;

export class ActiveRuns implements IDisposable {
  constructor(
    private readonly requests: IActiveRunsRequest,
    revisions: Pick<Revisions, 'changed'>,
    private readonly pace = PACE,
    private readonly retry = RETRY
  ) {
    revisions.changed.connect(this.onNews, this);
  }

  get rows(): readonly IRunRow[] {
    return this._rows;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A run that was active and has ended. */
  get ended(): ISignal<this, IRun> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this.timer);
    Signal.clearData(this);
  }

  /** Look now; where the server does not answer, after a while again. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.looked = Date.now();
    const again = this.highest === null || this.hasNew;
    this.hasNew = false;
    let rows: IRunRow[];
    let newest: IRunRow[] = [];
    try {
      if (again) {
        newest = (await this.requests.runs({ sort: 'created', limit: NEWEST })).runs;
      }
      rows = (await this.requests.runs({ state: 'active', limit: 200 })).runs;
    } catch (error) {
      // A server without the extension has no runs, and is not asked again.
      this.hasNew = again;
      if (mayPass(error) && !this._isDisposed) {
        this.lookAfter(this.retry);
      }
      return;
    }
    // A run that was active and is no more has ended; a new one may have ended so soon that it was
    // never seen active.
    const active = new Set(rows.map(row => row.id));
    const fresh = newest.filter(row => this.highest !== null && row.number > this.highest);
    const gone = [...this._rows, ...fresh.filter(row => row.final)].filter(
      row => !active.has(row.id)
    );
    this.highest = Math.max(this.highest ?? 0, ...[...newest, ...rows].map(row => row.number));
    this._rows = rows;
    this._changed.emit();
    for (const id of new Set(gone.map(row => row.id))) {
      const run = await this.requests.run(id).catch(() => null);
      if (run?.row.final && !this._isDisposed) {
        this._ended.emit(run);
      }
    }
  }

  private onNews(_: unknown, news: INews): void {
    if ((!news.everything && !news.runs.length) || this._isDisposed) {
      return;
    }
    // A run that is not known yet may be new: that is looked at soon.
    const isNew = news.runs.some(id => !this._rows.some(row => row.id === id));
    this.hasNew ||= isNew || news.everything;
    if (this.timer !== undefined && !isNew) {
      return;
    }
    this.lookAfter(Math.max(0, this.looked + (isNew ? this.pace / 5 : this.pace) - Date.now()));
  }

  private lookAfter(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), wait);
  }

  private _rows: IRunRow[] = [];
  /** The highest number of a run that was seen; null until the first look. */
  private highest: number | null = null;
  /** Whether a run may have come that was not seen. */
  private hasNew = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looked = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, IRun>(this);
}
