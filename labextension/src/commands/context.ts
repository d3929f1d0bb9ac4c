/** What the commands work with. */

import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IRun, IRunRow } from '../contract';
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
  return shown?.row.id === id ? shown.row : context.workspace.runs.find(id);
}
