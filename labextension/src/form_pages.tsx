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

/** `from`: the run whose values the form begins with; '' for none. */
export function openExperimentForm(context: ICommandContext, from = ''): void {
  const { app, requests, revisions, workspace, trans } = context;
  const specs = app.serviceManager.kernelspecs;
  const id = `rl-widgets-new-experiment${from && `-${from}`}`;
  const props: IExperimentProps = {
    requests,
    from,
    news: revisions.changed,
    kernels: async () => {
      await specs.ready;
      return Object.values(specs.specs?.kernelspecs ?? {}).flatMap(spec =>
        spec && spec.language === 'python' ? [{ name: spec.name, title: spec.display_name }] : []
      );
    },
    submitted: async ([first]) => {
      workspace.runs.refresh();
      if (first) {
        await context.open(first);
      }
    }
  };
  openForm(context, id, trans.__('New RL experiment'), () => <Experiment {...props} />);
}

export function openTargetForm(context: ICommandContext): void {
  const { requests, revisions, trans } = context;
  openForm(context, 'rl-widgets-new-target', trans.__('New compute target'), close => {
    const props: ITargetProps = {
      requests,
      news: revisions.changed,
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
