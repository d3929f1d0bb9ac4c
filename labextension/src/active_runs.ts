/** The runs that have not ended, for the Running panel and for the notification of an end. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IRun, IRunRow, IRunsAnswer } from './contract';
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

export class ActiveRuns implements IDisposable {
  constructor(
    private readonly requests: IActiveRunsRequest,
    revisions: Pick<Revisions, 'changed'>,
    private readonly pace = PACE
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

  /** Look now; a server without the extension has no runs. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.looked = Date.now();
    let rows: IRunRow[];
    try {
      rows = (await this.requests.runs({ state: 'active', limit: 200 })).runs;
    } catch {
      return;
    }
    const gone = this._rows.filter(row => !rows.some(other => other.id === row.id));
    this._rows = rows;
    this._changed.emit();
    for (const row of gone) {
      const run = await this.requests.run(row.id).catch(() => null);
      if (run?.row.final && !this._isDisposed) {
        this._ended.emit(run);
      }
    }
  }

  private onNews(_: unknown, news: INews): void {
    const ours = news.everything || news.runs.length > 0;
    if (!ours || this.timer !== undefined || this._isDisposed) {
      return;
    }
    // A run that is not known yet is new: that is looked at soon.
    const isNew = news.runs.some(id => !this._rows.some(row => row.id === id));
    const wait = Math.max(0, this.looked + (isNew ? this.pace / 5 : this.pace) - Date.now());
    this.timer = setTimeout(() => void this.refresh(), wait);
  }

  private _rows: IRunRow[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looked = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, IRun>(this);
}
