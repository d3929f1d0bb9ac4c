/** Forms in the main area, one page of each, restored with what was typed after a reload. */

import type { ILayoutRestorer } from '@jupyterlab/application';
import type { WidgetTracker } from '@jupyterlab/apputils';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';
import type { ICommandContext } from './commands/context';
import { Notice } from './components/Notice';
import type { Values } from './contract';
import { formQuery } from './deep_link';
import type { IExperimentProps } from './form/Experiment';
import type { IKept } from './form/Opened';
import type { ITargetProps } from './form/Target';
import { rlIcon } from './icon';
import type { FormKind } from './tokens';
import { CommandIDs } from './tokens';

// What a form shows is loaded with the first one.
const Experiment = React.lazy(async () => ({ default: (await import('./form')).Experiment }));
const Target = React.lazy(async () => ({ default: (await import('./form')).Target }));

export interface IFormArgs {
  kind: FormKind;
  /** The run whose values the form begins with; '' for none. */
  from: string;
  /** What was typed into it before the page was loaded again. */
  values?: Values;
  /** The names of the fields that a file has locked. */
  locked?: readonly string[];
}

export class FormPage extends MainAreaWidget {
  constructor(
    content: ReactWidget,
    public args: IFormArgs
  ) {
    super({ content });
  }
}

export type FormTracker = WidgetTracker<FormPage>;

/** Open the forms again that are open when the page is left; one that is closed is forgotten. */
export function restoreForms(restorer: ILayoutRestorer, forms: FormTracker): void {
  void restorer.restore(forms, {
    command: CommandIDs.form,
    args: page => ({ ...page.args }) as ReadonlyPartialJSONObject,
    name: page => page.id
  });
}

export async function openForm(context: ICommandContext, args: IFormArgs): Promise<void> {
  const { shell, requests, forms, trans } = context;
  const { kind, from, values = null, locked = [] } = args;
  if (!shell) {
    // Notebook 7 has no main area for pages: JupyterLab beside it has.
    window.open(requests.below('lab') + formQuery(kind, from), '_blank', 'noopener');
    return;
  }
  const id = `rl-widgets-new-${kind}${from && `-${from}`}`;
  if (forms.find(page => page.id === id)) {
    shell.activateById(id);
    return;
  }
  const kept: IKept = {
    values,
    locked,
    keep: (typed, locked) => {
      page.args = { kind, from, ...(typed && { values: typed, locked }) };
      void forms.save(page);
    }
  };
  const form =
    kind === 'target' ? (
      <Target {...targetProps(context, kept, () => page.dispose())} />
    ) : (
      <Experiment {...experimentProps(context, kept, from)} />
    );
  const content = ReactWidget.create(
    <React.Suspense fallback={<Notice text="The form is being loaded." />}>{form}</React.Suspense>
  );
  content.addClass('rlp');
  content.addClass('rlp-page');
  const page = new FormPage(content, args);
  page.id = id;
  page.title.label =
    kind === 'target' ? trans.__('New compute target') : trans.__('New RL experiment');
  page.title.icon = rlIcon;
  page.title.closable = true;
  page.toolbar.hide();
  shell.add(page, 'main');
  shell.activateById(id);
  await forms.add(page);
}

function experimentProps(context: ICommandContext, kept: IKept, from: string): IExperimentProps {
  const { app, requests, revisions, workspace } = context;
  const specs = app.serviceManager.kernelspecs;
  return {
    requests,
    from,
    kept,
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
}

function targetProps(context: ICommandContext, kept: IKept, close: () => void): ITargetProps {
  const { requests, revisions } = context;
  return {
    requests,
    kept,
    news: revisions.changed,
    create: async target => {
      await requests.addTarget(target);
      revisions.announce({ targets: true });
      close();
      context.showPanel();
    }
  };
}
