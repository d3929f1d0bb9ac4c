/** Puts everything together. Whatever JupyterLab may lack (as Notebook 7 does) is optional. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ActiveRuns } from './active_runs';
import type { ICommandContext } from './commands/context';
import { addRunActions } from './commands/run_actions';
import { addRunViews } from './commands/run_views';
import { addTargetActions } from './commands/target_actions';
import { addWorkspaceCommands } from './commands/workspace';
import { Sidebar } from './components/sidebar';
import { cleanAddress, linkOf } from './deep_link';
import { restoreForms } from './form_pages';
import { rlIcon } from './icon';
import { dragCell } from './insert';
import { answerInsertButtons } from './insert_button';
import { openRunMenu, openTargetMenu } from './menus';
import { notifyOfEnds } from './notifications';
import { RunPages } from './pages';
import { Requests } from './request';
import { Revisions } from './revisions';
import { addToRunning } from './running';
import { CommandIDs, PLUGIN_ID } from './tokens';
import { WorkspaceModel } from './workspace_model';

export const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Compute targets, runs and their pages.',
  autoStart: true,
  optional: [
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    IMainMenu,
    ILauncher,
    INotebookTracker,
    IRunningSessionManagers,
    ISettingRegistry,
    ITranslator
  ],
  activate
};

function activate(
  app: JupyterFrontEnd,
  shell: ILabShell | null,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  menu: IMainMenu | null,
  launcher: ILauncher | null,
  notebooks: INotebookTracker | null,
  running: IRunningSessionManagers | null,
  settings: ISettingRegistry | null,
  translator: ITranslator | null
): void {
  const { commands, serviceManager } = app;
  const trans = (translator ?? nullTranslator).load('rl-widgets');
  const link = linkOf(location.href);
  const requests = new Requests(serviceManager.serverSettings);
  const revisions = new Revisions(serviceManager.events.stream, requests.polled);
  const workspace = new WorkspaceModel(requests, revisions);
  const pages = new RunPages(app, shell, requests, revisions);

  const codeOf = async (id: string) => (await requests.run(id)).insert;
  const sidebar = new Sidebar(workspace, {
    open: id => void commands.execute(CommandIDs.open, { id }),
    menu: (id, x, y) => openRunMenu(commands, id, x, y),
    remove: id => void commands.execute(CommandIDs.remove, { id }),
    drag: (event, id) => dragCell(event, workspace.runs.find(id)?.name ?? id, () => codeOf(id)),
    targetMenu: (target, x, y) => openTargetMenu(commands, target.name, x, y),
    targetDrag: (event, target) => dragCell(event, target.name, async () => target.code),
    newTarget: () => void commands.execute(CommandIDs.newTarget),
    newExperiment: () => void commands.execute(CommandIDs.newExperiment)
  });
  sidebar.id = 'rl-widgets';
  sidebar.title.icon = rlIcon;
  sidebar.title.caption = trans.__('Reinforcement Learning');

  const context: ICommandContext = {
    app,
    shell,
    requests,
    revisions,
    workspace,
    notebooks,
    forms: new WidgetTracker({ namespace: 'rl-widgets-forms' }),
    trans,
    currentRun: () => {
      const page = pages.tracker.currentWidget;
      return page?.isVisible ? page.content.model.run : null;
    },
    selection: () => sidebar.list.selection,
    open: id => pages.open(id),
    showPanel: () => app.shell.activateById(sidebar.id)
  };
  addRunViews(context);
  addRunActions(context);
  addTargetActions(context);
  addWorkspaceCommands(context, { palette, menu, launcher });

  app.shell.add(sidebar, 'left', { rank: 350, type: 'Reinforcement Learning' });
  restorer?.add(sidebar, sidebar.id);
  if (restorer && shell) {
    pages.restoreBy(restorer);
    restoreForms(restorer, context.forms);
  }

  if (notebooks) {
    answerInsertButtons(notebooks);
  }
  const active = new ActiveRuns(requests.polled, revisions);
  let wanted = true;
  notifyOfEnds(active, commands, () => wanted);
  if (running) {
    addToRunning(running, active, requests, commands);
  }
  if (settings) {
    const read = (loaded: ISettingRegistry.ISettings) => {
      wanted = loaded.get('notifyOfEnds').composite !== false;
      sidebar.grouped = loaded.get('groupByExperiment').composite !== false;
    };
    settings.load(PLUGIN_ID).then(
      loaded => {
        loaded.changed.connect(read);
        read(loaded);
      },
      error => console.warn('The settings of rl_widgets could not be read.', error)
    );
  }
  void app.restored.then(() => {
    cleanAddress();
    const id = link.run;
    if (link.form === 'target') {
      void commands.execute(CommandIDs.newTarget);
    } else if (link.form) {
      void commands.execute(id ? CommandIDs.newFrom : CommandIDs.newExperiment, { id });
    } else if (id) {
      void commands.execute(CommandIDs.open, { id });
    }
    void active.refresh();
    void workspace.meet().then(() => commands.notifyCommandChanged());
  });
}
