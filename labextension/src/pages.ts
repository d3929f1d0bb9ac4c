/** Pages of runs in the main area: one for each run, restored after a reload. */

import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { rlIcon } from './icon';
import type { Requests } from './request';
import type { Revisions } from './revisions';
import { RunModel } from './run_model';
import { RunPageWidget } from './run_page';
import { CommandIDs } from './tokens';

export class RunPages {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly shell: ILabShell | null,
    private readonly requests: Requests,
    private readonly revisions: Revisions
  ) {}

  readonly tracker = new WidgetTracker<MainAreaWidget<RunPageWidget>>({
    namespace: 'rl-widgets-runs'
  });

  restoreBy(restorer: ILayoutRestorer): void {
    void restorer.restore(this.tracker, {
      command: CommandIDs.open,
      args: page => ({ id: page.content.model.id }),
      name: page => page.content.model.id
    });
  }

  async open(id: string): Promise<void> {
    if (!this.shell) {
      // Notebook 7 has no main area for pages: JupyterLab beside it opens the run.
      window.open(this.requests.openUrl(id), '_blank', 'noopener');
      return;
    }
    const there = this.tracker.find(page => page.content.model.id === id);
    const page = there ?? this.make(id);
    if (!page.isAttached) {
      this.shell.add(page, 'main');
    }
    this.app.shell.activateById(page.id);
    if (!there) {
      await this.tracker.add(page);
    }
  }

  private make(id: string): MainAreaWidget<RunPageWidget> {
    const model = new RunModel(id, this.requests, this.revisions);
    const content = new RunPageWidget(model, this.app.commands);
    const page = new MainAreaWidget({ content });
    page.id = `rl-widgets-run-${id}`;
    page.title.icon = rlIcon;
    page.title.closable = true;
    page.title.label = id;
    page.title.caption = id;
    page.toolbar.hide();
    model.changed.connect(() => {
      const row = model.run?.row;
      if (row) {
        page.title.label = row.name;
        page.title.caption = `${row.experiment} / ${row.name}, ${row.badge.text}`;
      }
    });
    return page;
  }
}
