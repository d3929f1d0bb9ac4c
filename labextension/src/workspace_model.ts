/** The workspace that a panel shows: who it is, its compute, its machine, its runs. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import type { IMachine, IRoot, ITarget } from './contract';
import { RequestError, isAborted, sentenceWithRetry } from './request';
import type { Requests } from './request';
import type { INews, Revisions } from './revisions';
import { RunsModel } from './runs_model';
import { API, VERSION } from './tokens';

/** What stands between the page and the workspace. */
export type Standing = 'asking' | 'ready' | 'missing' | 'mismatch' | 'trouble';

/** Milliseconds between two looks at the machine's load while nodes are busy. */
const LOAD = 10_000;

/** While none is, every so many of these looks. */
const SELDOM = 3;

export class WorkspaceModel implements IDisposable {
  constructor(
    readonly requests: Pick<Requests, 'root' | 'machine' | 'targets' | 'runs' | 'polled'>,
    private readonly revisions: Pick<Revisions, 'changed' | 'watch' | 'note'>
  ) {
    this.runs = new RunsModel(requests);
    revisions.changed.connect(this.onNews, this);
  }

  readonly runs: RunsModel;
  root: IRoot | null = null;
  machine: IMachine | null = null;
  targets: readonly ITarget[] = [];
  standing: Standing = 'asking';
  /** The sentence of `standing`. */
  message = '';

  /** Anything but the list of runs, which has a signal of its own. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the panel is in sight: nothing is asked for while it is not. */
  get active(): boolean {
    return this.watching !== null;
  }

  set active(value: boolean) {
    if (value === this.active || this._isDisposed) {
      return;
    }
    if (value) {
      this.watching = this.revisions.watch();
      this.timer = setInterval(() => this.lookAtLoad(), LOAD);
      void this.open();
    } else {
      clearInterval(this.timer);
      this.watching?.dispose();
      this.watching = null;
      this.runs.active = false;
      this.abort.abort();
    }
  }

  /** Ask for everything again, also for who the server is. */
  refresh(): void {
    this.runs.refresh();
    void this.open();
  }

  /** Ask who the server is, as what may be done hangs on it, also while the panel is hidden. */
  async meet(): Promise<void> {
    if (this.standing === 'asking' && !this.active) {
      await this.open(this.requests.polled);
    }
  }

  dispose(): void {
    this.active = false;
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async open(requests: Asked = this.requests): Promise<void> {
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    try {
      this.root = await requests.root(abort.signal);
      [this.standing, this.message] = judged(this.root);
      this.revisions.note(this.root.revision);
      if (this.standing === 'ready' && this.active) {
        this.runs.active = true;
        // The list does not wait for the machine's figures, which may take a walk over all files.
        this._changed.emit();
        await this.compute(requests, abort.signal);
      }
    } catch (error) {
      if (isAborted(error) || abort.signal.aborted) {
        return;
      }
      const missing = error instanceof RequestError && error.status === 404;
      this.standing = missing ? 'missing' : 'trouble';
      this.message = missing ? MISSING : sentenceWithRetry(error);
    }
    this._changed.emit();
  }

  private lookAtLoad(): void {
    if (globalThis.document?.hidden) {
      return;
    }
    this.looks += 1;
    if (this.standing === 'trouble') {
      void this.open(this.requests.polled);
      return;
    }
    const busy = this.targets.some(t => t.nodes_busy + t.nodes_starting > 0);
    const goOn = this.runs.rows.filter(row => !row.final).map(row => row.id);
    if (this.standing === 'ready' && goOn.length) {
      // Times grow also while a run waits, or logs seldom.
      this.runs.note({ runs: goOn, targets: false, everything: false });
    }
    if (this.standing === 'ready' && (busy || this.looks % SELDOM === 0)) {
      void this.compute();
    }
  }

  private async compute(
    requests: Asked = this.requests.polled,
    signal = this.abort.signal
  ): Promise<void> {
    const look = ++this.newestLook;
    try {
      const asked = [requests.targets(signal), requests.machine(signal)] as const;
      const found = await Promise.all(asked);
      // An answer to an earlier question may come after that to a later one.
      if (look === this.newestLook) {
        [this.targets, this.machine] = found;
        this._changed.emit();
      }
    } catch {
      // The list says what is wrong; the figures stay as they were.
    }
  }

  private onNews(_: unknown, news: INews): void {
    this.runs.note(news);
    if (this.active && this.standing !== 'ready') {
      void this.open(this.requests.polled);
    } else if (this.active && news.targets) {
      void this.compute();
    }
  }

  private watching: IDisposable | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private looks = 0;
  private newestLook = 0;
  private abort = new AbortController();
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

type Asked = Pick<Requests, 'root' | 'machine' | 'targets'>;

const MISSING =
  'The Jupyter server has no rl_widgets extension. Install rl-widgets into the environment ' +
  'that the server runs in, and start the server again.';

function judged(root: IRoot): [Standing, string] {
  if (root.api === API && root.version === VERSION) {
    return ['ready', ''];
  }
  const versions = `This page has rl_widgets ${VERSION}, the server ${root.version}.`;
  const then =
    'Start the server again and reload the page; if it stays so, install rl-widgets anew.';
  return ['mismatch', `${versions} ${then}`];
}
