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
    const told = [...this.told];
    let rows: IRunRow[];
    try {
      if (this.newest === null) {
        const { runs } = await this.requests.runs({ sort: 'created', limit: 50 });
        this.newest = Math.max(0, ...runs.map(row => row.created));
      }
      rows = (await this.requests.runs({ state: 'active', limit: 200 })).runs;
    } catch {
      return;
    }
    told.forEach(id => this.told.delete(id));
    const known = new Set(this._rows.map(row => row.id));
    const active = new Set(rows.map(row => row.id));
    this._rows = rows;
    this._changed.emit();
    // One that was active and is no more has ended; one that was told of may have ended so soon
    // that it was never seen active.
    for (const id of new Set([...known, ...told])) {
      if (active.has(id)) {
        continue;
      }
      const run = await this.requests.run(id).catch(() => null);
      const isNew = known.has(id) || (run?.row.created ?? 0) > (this.newest ?? Infinity);
      if (run?.row.final && isNew && !this._isDisposed && !this.done.has(id)) {
        this.done.add(id);
        this._ended.emit(run);
      }
    }
    rows.forEach(row => this.done.delete(row.id));
  }

  private onNews(_: unknown, news: INews): void {
    if ((!news.everything && !news.runs.length) || this._isDisposed) {
      return;
    }
    const unknown = news.runs.filter(id => !this._rows.some(row => row.id === id));
    unknown.forEach(id => this.told.add(id));
    // A run that is not known yet is new: that is looked at soon.
    const isNew = unknown.length > 0;
    if (this.timer !== undefined && !isNew) {
      return;
    }
    clearTimeout(this.timer);
    const wait = Math.max(0, this.looked + (isNew ? this.pace / 5 : this.pace) - Date.now());
    this.timer = setTimeout(() => void this.refresh(), wait);
  }

  private _rows: IRunRow[] = [];
  /** When the newest run was made that was there before the page; null until it is known. */
  private newest: number | null = null;
  /** Runs that changed and were not active at the last look. */
  private readonly told = new Set<string>();
  /** Runs whose end has been said, until they are resumed. */
  private readonly done = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looked = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, IRun>(this);
}
