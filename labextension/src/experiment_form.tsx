/** The form of a new experiment in the main area; what it shows is loaded when it is opened. */

import type { ILabShell } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ICommandContext } from './commands/context';
import { Notice } from './components/Notice';
import { rlIcon } from './icon';
import type { IExperimentProps } from './form/Experiment';

const Experiment = React.lazy(async () => ({ default: (await import('./form')).Experiment }));

const ID = 'rl-widgets-new-experiment';

export function openExperimentForm(context: ICommandContext, shell: ILabShell): void {
  const there = [...shell.widgets('main')].find(widget => widget.id === ID);
  if (there) {
    shell.activateById(ID);
    return;
  }
  const { app, requests, workspace } = context;
  const specs = app.serviceManager.kernelspecs;
  const props: IExperimentProps = {
    start: async () => {
      const [root, targets] = await Promise.all([requests.root(), requests.targets()]);
      await specs.ready;
      const kernels = Object.values(specs.specs?.kernelspecs ?? {}).flatMap(spec =>
        spec && spec.language === 'python' ? [{ name: spec.name, title: spec.display_name }] : []
      );
      return { targets: targets.map(target => target.name), kernels, trainsHere: root.trains_here };
    },
    submit: async fields => {
      const { id } = await requests.submit(fields);
      workspace.runs.refresh();
      await context.open(id);
      page.dispose();
    }
  };
  const content = ReactWidget.create(
    <React.Suspense fallback={<Notice text="The form is being loaded." />}>
      <Experiment {...props} />
    </React.Suspense>
  );
  content.addClass('rlw');
  content.addClass('rlw-page');
  const page = new MainAreaWidget({ content });
  page.id = ID;
  page.title.label = context.trans.__('New RL experiment');
  page.title.icon = rlIcon;
  page.title.closable = true;
  page.toolbar.hide();
  shell.add(page, 'main');
  shell.activateById(ID);
}
