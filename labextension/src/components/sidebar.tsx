import { PanelWithToolbar, ReactWidget, SidePanel, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { AccordionPanel } from '@lumino/widgets';
import * as React from 'react';
import type { ITarget } from '../contract';
import { linesOf } from '../run_groups';
import type { WorkspaceModel } from '../workspace_model';
import { count } from '../format';
import { Compute } from './Compute';
import { Filter } from './Filter';
import { Notice } from './Notice';
import type { IListHandlers } from './runs_list';
import { RunsList } from './runs_list';

export interface ISidebarHandlers extends Omit<IListHandlers, 'toggle' | 'whole'> {
  targetMenu(target: ITarget, x: number, y: number): void;
  targetDrag(event: PointerEvent, target: ITarget): void;
  newTarget(): void;
  newExperiment(): void;
}

/** The panel in the left sidebar: what is wrong if anything is, Compute, Runs. */
export class Sidebar extends SidePanel {
  constructor(
    private readonly model: WorkspaceModel,
    private readonly handlers: ISidebarHandlers
  ) {
    super();
    const toggle = (key: string) => this.fold(key);
    this.list = new RunsList({ ...handlers, toggle, whole: () => model.runs.whole() });
    this.addClass('rlp');
    this.addClass('rlp-sidebar');
    this.header.addWidget(new Head(model));
    this.addWidget(this.computeSection());
    this.addWidget(this.runsSection());
    (this.content as AccordionPanel).setRelativeSizes([2, 5]);
    model.changed.connect(this.onChanged, this);
    model.runs.changed.connect(this.showRuns, this);
    this.onChanged();
  }

  readonly list: RunsList;

  /** Whether runs are put together by experiment. */
  get grouped(): boolean {
    return this._grouped;
  }

  set grouped(value: boolean) {
    this._grouped = value;
    this.showRuns();
  }

  dispose(): void {
    this.model.changed.disconnect(this.onChanged, this);
    this.model.runs.changed.disconnect(this.showRuns, this);
    super.dispose();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.model.active = true;
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.model.active = this.isVisible;
  }

  protected onAfterHide(msg: Message): void {
    this.model.active = false;
    super.onAfterHide(msg);
  }

  protected onBeforeDetach(msg: Message): void {
    this.model.active = false;
    super.onBeforeDetach(msg);
  }

  private computeSection(): PanelWithToolbar {
    const section = new PanelWithToolbar();
    section.title.label = 'Compute';
    section.addClass('rlp-compute-section');
    const { model, handlers } = this;
    const body = ReactWidget.create(
      <UseSignal signal={model.changed}>
        {() => (
          <Compute
            targets={model.targets}
            machine={model.machine}
            readOnly={model.root?.read_only ?? false}
            onMenu={(target, at) => {
              const { left, bottom } = at.getBoundingClientRect();
              handlers.targetMenu(target, left, bottom);
            }}
            onDrag={(event, target) => handlers.targetDrag(event.nativeEvent, target)}
            onNew={() => handlers.newTarget()}
          />
        )}
      </UseSignal>
    );
    section.addWidget(body);
    return section;
  }

  private runsSection(): PanelWithToolbar {
    const section = new PanelWithToolbar();
    section.title.label = 'Runs';
    section.addClass('rlp-runs-section');
    const { model } = this;
    const change = model.runs.show.bind(model.runs);
    section.addWidget(
      ReactWidget.create(
        <UseSignal signal={model.runs.changed}>
          {() => <Filter view={model.runs.view} onChange={change} />}
        </UseSignal>
      )
    );
    section.addWidget(
      ReactWidget.create(
        <UseSignal signal={model.runs.changed}>
          {() => <RunsState model={model} onFirst={() => this.handlers.newExperiment()} />}
        </UseSignal>
      )
    );
    section.addWidget(this.list);
    return section;
  }

  private onChanged(): void {
    const ready = this.model.standing === 'ready';
    this.content.setHidden(!ready);
  }

  private fold(key: string): void {
    if (!this.closed.delete(key)) {
      this.closed.add(key);
    }
    this.showRuns();
  }

  private showRuns(): void {
    this.list.display(linesOf(this.model.runs.rows, this._grouped, this.closed));
  }

  private _grouped = true;
  private readonly closed = new Set<string>();
}

/** Who the workspace is, or why it is not shown. */
class Head extends ReactWidget {
  constructor(private readonly model: WorkspaceModel) {
    super();
    this.addClass('rlp-head');
  }

  protected render(): JSX.Element {
    const { model } = this;
    return (
      <UseSignal signal={model.changed}>
        {() => {
          if (model.standing === 'asking') {
            return <Notice text="The workspace is being read." />;
          }
          if (model.standing !== 'ready') {
            const again = { label: 'Try again', run: () => model.refresh() };
            return <Notice text={model.message} tone="warning" action={again} />;
          }
          return <Workspace model={model} />;
        }}
      </UseSignal>
    );
  }
}

function Workspace({ model }: { model: WorkspaceModel }): JSX.Element {
  const root = model.root;
  return (
    <>
      <div className="rlp-workspace" title={root?.workspace.folder}>
        <span className="rlp-run-name">{root?.workspace.name}</span>
        {root?.read_only && <span className="rlp-quiet">read only</span>}
        <button className="rlp-button rlp-plain" onClick={() => model.refresh()}>
          Refresh
        </button>
      </div>
      {root?.runs_end_with_server && <p className="rlp-hint">{root.runs_end_with_server}</p>}
    </>
  );
}

/** What there is to say of the list besides its lines: nothing yet, nothing found, too many. */
function RunsState({ model, onFirst }: { model: WorkspaceModel; onFirst(): void }): JSX.Element {
  const { runs } = model;
  if (runs.trouble) {
    const again = { label: 'Try again', run: () => runs.refresh() };
    return <Notice text={runs.trouble} tone="warning" action={again} />;
  }
  if (!runs.loaded) {
    return <Notice text="The runs are being read." />;
  }
  if (runs.total > runs.rows.length && runs.rows.length >= 2000) {
    const shown = `${count(runs.rows.length)} of ${count(runs.total)} runs are shown.`;
    return <Notice text={`${shown} Search to find the others, or press End in the list.`} />;
  }
  if (runs.total > 0) {
    return (
      <p className="rlp-unseen" role="status">
        {count(runs.total)} runs
      </p>
    );
  }
  const { text, state, mine, archived } = runs.view;
  if (text || state || mine || archived) {
    const all = { text: '', state: '', mine: false, archived: false };
    const action = { label: 'Show all runs', run: () => runs.show(all) };
    return <Notice text="No run fits the search." action={action} />;
  }
  if (model.root?.read_only) {
    return <Notice text="There is no run yet." />;
  }
  const first = { label: 'New RL experiment…', run: onFirst };
  return (
    <Notice
      text={
        'There is no run yet. The first step: a new RL experiment. As it stands in the form, it ' +
        'trains CartPole on this machine in a few minutes.'
      }
      action={first}
    />
  );
}
