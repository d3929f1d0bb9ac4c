/** Commands of the whole workspace, and where all commands are found: palette, menu, launcher. */

import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { IMainMenu } from '@jupyterlab/mainmenu';
import { MenuSvg } from '@jupyterlab/ui-components';
import { rlIcon } from '../icon';
import type { IFormArgs } from '../form_pages';
import { openForm } from '../form_pages';
import { CATEGORY, CommandIDs } from '../tokens';
import type { ICommandContext } from './context';
import { attempt, runIdOf, whyNot } from './context';

interface IPlaces {
  palette: ICommandPalette | null;
  menu: IMainMenu | null;
  launcher: ILauncher | null;
}

/** In the menu, in groups. */
const MENU = [
  [CommandIDs.newExperiment, CommandIDs.newTarget],
  [CommandIDs.showPanel, CommandIDs.refresh],
  [CommandIDs.insert, CommandIDs.compare, CommandIDs.cancel, CommandIDs.resume, CommandIDs.newFrom]
];

/** In the palette: what works on the run whose page is in front, and on the workspace. */
const PALETTE = [
  ...MENU.flat(),
  CommandIDs.rename,
  CommandIDs.tag,
  CommandIDs.pin,
  CommandIDs.archive,
  CommandIDs.remove,
  CommandIDs.copyId,
  CommandIDs.copyLink,
  CommandIDs.copyCode,
  CommandIDs.tensorboard,
  CommandIDs.rayDashboard
];

export function addWorkspaceCommands(context: ICommandContext, places: IPlaces): void {
  const { app, trans, workspace } = context;
  const { palette, menu, launcher } = places;
  app.commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show Compute and Runs'),
    execute: () => context.showPanel()
  });
  app.commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Compute and Runs'),
    execute: () => workspace.refresh()
  });
  const make = (from: string) =>
    attempt(trans.__('New RL experiment'), async () => {
      const why = whyNot(context);
      if (why) {
        throw new Error(why);
      }
      await openForm(context, { kind: 'experiment', from });
    });
  app.commands.addCommand(CommandIDs.newExperiment, {
    label: args =>
      args['isPalette'] ? trans.__('New RL Experiment…') : trans.__('New RL experiment'),
    caption: trans.__('Train an agent with RLlib'),
    icon: args => (args['isPalette'] ? undefined : rlIcon),
    isEnabled: () => !whyNot(context),
    // The launcher does not ask whether it is enabled.
    execute: () => make('')
  });
  app.commands.addCommand(CommandIDs.newFrom, {
    label: trans.__('New run from here…'),
    caption: trans.__('A form with what the run was submitted with'),
    isEnabled: args => !whyNot(context) && runIdOf(context, args) !== '',
    execute: args => make(runIdOf(context, args))
  });
  // By the layout restorer alone.
  app.commands.addCommand(CommandIDs.form, {
    execute: args => openForm(context, args as unknown as IFormArgs)
  });
  launcher?.add({ command: CommandIDs.newExperiment, category: trans.__('Other'), rank: 5 });
  PALETTE.forEach(command =>
    palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } })
  );
  if (menu) {
    const own = new MenuSvg({ commands: app.commands });
    own.id = 'rl-widgets-menu';
    own.title.label = trans.__('RL');
    MENU.forEach((group, i) => {
      if (i) {
        own.addItem({ type: 'separator' });
      }
      group.forEach(command => own.addItem({ command, args: { isPalette: true } }));
    });
    menu.addMenu(own, true, { rank: 80 });
  }
}
