/** What the commands work with. */

import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IRun, IRunRow } from '../contract';
import type { FormTracker } from '../form_pages';
import { sentence } from '../request';
import type { Requests } from '../request';
import type { Revisions } from '../revisions';
import type { WorkspaceModel } from '../workspace_model';

export interface ICommandContext {
  app: JupyterFrontEnd;
  /** JupyterLab's main area; Notebook 7 has none. */
  shell: ILabShell | null;
  requests: Requests;
  revisions: Revisions;
  workspace: WorkspaceModel;
  notebooks: INotebookTracker | null;
  /** The pages of forms. */
  forms: FormTracker;
  trans: TranslationBundle;
  /** The run of the page in the main area that is in front. */
  currentRun(): IRun | null;
  /** The runs that are selected in the list. */
  selection(): string[];
  open(id: string): Promise<void>;
  showPanel(): void;
}

/** Carry out what the server may refuse; its sentence is shown. */
export async function attempt<T>(title: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    await showErrorMessage(title, sentence(error));
    return undefined;
  }
}

/** Why nothing may be changed or made here; '' where it may. */
export function whyNot({ workspace, trans }: ICommandContext): string {
  if (workspace.root?.read_only) {
    return trans.__('This server shows the workspace and changes nothing (read only).');
  }
  // Before the server has said who it is, it is taken for one that may.
  return ['missing', 'mismatch'].includes(workspace.standing) ? workspace.message : '';
}

/** The id of the run that a command is about: named, or that of the page in front. */
export function runIdOf(context: ICommandContext, args: ReadonlyPartialJSONObject): string {
  return String(args['id'] ?? context.currentRun()?.row.id ?? '');
}

/** What is known of the run that a command is about. */
export function rowOf(
  context: ICommandContext,
  args: ReadonlyPartialJSONObject
): IRunRow | undefined {
  const id = runIdOf(context, args);
  const shown = context.currentRun();
  if (shown?.row.id === id) {
    return { ...shown.row, can: shown.can, links: shown.links };
  }
  return context.workspace.runs.find(id);
}
