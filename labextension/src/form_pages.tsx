/** Forms in the main area, one page of each; what they show is loaded with the first one. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ICommandContext } from './commands/context';
import { Notice } from './components/Notice';
import type { IExperimentProps } from './form/Experiment';
import type { ITargetProps } from './form/Target';
import { rlIcon } from './icon';

const Experiment = React.lazy(async () => ({ default: (await import('./form')).Experiment }));
const Target = React.lazy(async () => ({ default: (await import('./form')).Target }));

export function openExperimentForm(context: ICommandContext): void {
  const { app, requests, workspace, trans } = context;
  const specs = app.serviceManager.kernelspecs;
  openForm(context, 'rl-widgets-new-experiment', trans.__('New RL experiment'), close => {
    const props: IExperimentProps = {
      start: async () => {
        const [root, targets] = await Promise.all([requests.root(), requests.targets()]);
        await specs.ready;
        const kernels = Object.values(specs.specs?.kernelspecs ?? {}).flatMap(spec =>
          spec && spec.language === 'python' ? [{ name: spec.name, title: spec.display_name }] : []
        );
        const names = targets.map(target => target.name);
        return { targets: names, kernels, trainsHere: root.trains_here };
      },
      submit: async fields => {
        const { id } = await requests.submit(fields);
        workspace.runs.refresh();
        await context.open(id);
        close();
      }
    };
    return <Experiment {...props} />;
  });
}

export function openTargetForm(context: ICommandContext): void {
  const { requests, revisions, trans } = context;
  openForm(context, 'rl-widgets-new-target', trans.__('New compute target'), close => {
    const props: ITargetProps = {
      start: async () => (await requests.machine()).sizes,
      create: async target => {
        await requests.addTarget(target);
        revisions.announce({ targets: true });
        close();
        context.showPanel();
      }
    };
    return <Target {...props} />;
  });
}

function openForm(
  { shell, requests }: ICommandContext,
  id: string,
  title: string,
  form: (close: () => void) => JSX.Element
): void {
  if (!shell) {
    // Notebook 7 has no main area for pages: JupyterLab beside it has.
    window.open(requests.below('lab'), '_blank', 'noopener');
    return;
  }
  if (![...shell.widgets('main')].some(widget => widget.id === id)) {
    const content = ReactWidget.create(
      <React.Suspense fallback={<Notice text="The form is being loaded." />}>
        {form(() => page.dispose())}
      </React.Suspense>
    );
    content.addClass('rlp');
    content.addClass('rlp-page');
    const page = new MainAreaWidget({ content });
    page.id = id;
    page.title.label = title;
    page.title.icon = rlIcon;
    page.title.closable = true;
    page.toolbar.hide();
    shell.add(page, 'main');
  }
  shell.activateById(id);
}
