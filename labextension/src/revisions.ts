/** Tells what changed in the workspace: by Jupyter's events, and by asking where one was lost. */

import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IChange } from './contract';
import { EVENTS_SCHEMA } from './tokens';

/** What Jupyter's event manager gives. */
export interface IEventStream {
  connect(slot: (sender: unknown, emission: { schema_id: string }) => void): boolean;
  disconnect(slot: (sender: unknown, emission: { schema_id: string }) => void): boolean;
}

export interface IRevisionRequest {
  revision(): Promise<{ revision: number }>;
}

/** Milliseconds between two questions for the revision, while somebody looks. */
export const FALLBACK = 30_000;

/** What is new in the workspace. */
export interface INews {
  /** The runs that changed. */
  runs: readonly string[];
  targets: boolean;
  /** Which they are is not known, as events were lost or too many: anything may be different. */
  everything: boolean;
}

/** As many runs an event names at most. */
const NAMED = 100;

export class Revisions implements IDisposable {
  constructor(
    private readonly events: IEventStream,
    private readonly requests: IRevisionRequest,
    fallback = FALLBACK
  ) {
    this.events.connect(this.onEvent);
    this.timer = setInterval(() => void this.ask(), fallback);
    globalThis.document?.addEventListener('visibilitychange', this.onVisible);
  }

  get changed(): ISignal<this, INews> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Say that something on the page wants to be up to date, until it is disposed. */
  watch(): IDisposable {
    this.watchers += 1;
    return new DisposableDelegate(() => {
      this.watchers -= 1;
    });
  }

  /** Tell of a change that was made here, without waiting for the server's event. */
  announce(news: Partial<INews>): void {
    this._changed.emit({ runs: [], targets: false, everything: false, ...news });
  }

  /** What the last answer said: an event about it is no news; without one, something was missed. */
  note(revision: number): void {
    const missed = this.known >= 0 && revision > this.known;
    this.known = Math.max(this.known, revision);
    if (missed) {
      this._changed.emit({ runs: [], targets: false, everything: true });
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearInterval(this.timer);
    this.events.disconnect(this.onEvent);
    globalThis.document?.removeEventListener('visibilitychange', this.onVisible);
    Signal.clearData(this);
  }

  /** Ask for the revision, if anybody looks: events are not sent again to a page that was away. */
  async ask(): Promise<void> {
    if (!this.watchers || globalThis.document?.hidden) {
      return;
    }
    try {
      const { revision } = await this.requests.revision();
      // A server that was started again counts from the beginning.
      if (revision !== this.known && !this._isDisposed) {
        this.known = revision;
        this._changed.emit({ runs: [], targets: true, everything: true });
      }
    } catch {
      // It is asked again; what is missing is said where it is shown.
    }
  }

  private onEvent = (_: unknown, emission: { schema_id: string }): void => {
    if (emission.schema_id !== EVENTS_SCHEMA) {
      return;
    }
    const { revision, runs, targets } = emission as unknown as IChange;
    this.known = revision;
    const everything = runs.length >= NAMED || (!runs.length && !targets);
    this._changed.emit({ runs, targets: targets || everything, everything });
  };

  private onVisible = (): void => void this.ask();

  private readonly timer: ReturnType<typeof setInterval>;
  private watchers = 0;
  private known = -1;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, INews>(this);
}
