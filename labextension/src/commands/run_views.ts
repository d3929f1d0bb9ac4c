/** Commands that show, copy or insert a run, and leave it as it is. */

import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { ILinks, IRunRow } from '../contract';
import { insertCell } from '../insert';
import { CommandIDs } from '../tokens';
import { compareCode } from './compare_code';
import type { ICommandContext } from './context';
import { attempt, rowOf, runIdOf } from './context';

export function addRunViews(context: ICommandContext): void {
  const { app, requests, trans } = context;

  const add = (
    command: string,
    label: string,
    act: (id: string) => Promise<unknown> | void,
    { caption = '', enabled = (_: IRunRow): boolean => true } = {}
  ) =>
    app.commands.addCommand(command, {
      label,
      caption,
      isEnabled: args => {
        const row = rowOf(context, args);
        return runIdOf(context, args) !== '' && (!row || enabled(row));
      },
      execute: async args => {
        await attempt(label, async () => act(runIdOf(context, args)));
      }
    });

  const link = (command: string, label: string, which: keyof ILinks) => {
    const open = async (id: string) => {
      // A window that is opened after the answer has come is taken for an unwanted one.
      const page = window.open('', '_blank');
      const path = await requests.run(id).then(
        run => run.links[which],
        error => {
          page?.close();
          throw error;
        }
      );
      if (path && page) {
        page.opener = null;
        page.location.href = requests.below(path);
      } else {
        page?.close();
        Notification.info(trans.__('%1: the run has none at the moment.', label));
      }
    };
    add(command, label, open, { enabled: row => row.links?.[which] !== '' });
  };

  add(CommandIDs.open, trans.__('Open run'), id => context.open(id));
  add(CommandIDs.copyId, trans.__('Copy id'), id => Clipboard.copyToSystem(id));
  add(CommandIDs.copyLink, trans.__('Copy link'), id =>
    Clipboard.copyToSystem(new URL(requests.openUrl(id), location.href).href)
  );
  add(CommandIDs.copyCode, trans.__('Copy its code'), async id =>
    Clipboard.copyToSystem((await requests.run(id)).code)
  );
  link(CommandIDs.tensorboard, trans.__('TensorBoard'), 'tensorboard');
  link(CommandIDs.rayDashboard, trans.__('Ray dashboard'), 'ray_dashboard');

  add(
    CommandIDs.insert,
    trans.__('Insert into notebook'),
    async id => insertOrSay(context, (await requests.run(id)).insert),
    { caption: trans.__('Put a cell that shows this run into the current notebook') }
  );
  app.commands.addCommand(CommandIDs.compare, {
    label: () => {
      const runs = context.selection().length;
      return runs > 1
        ? trans.__('Compare %1 runs in notebook', runs)
        : trans.__('Compare runs in notebook');
    },
    caption: trans.__('Select runs with Ctrl and a click, or with the space bar'),
    isEnabled: () => context.selection().length > 1,
    execute: () =>
      attempt(trans.__('Compare runs'), async () => {
        const ids = context.selection();
        const { insert } = await requests.run(ids[0] ?? '');
        insertOrSay(context, compareCode(insert, ids));
      })
  });
}

/** Insert a cell, or say that a notebook has to be open. */
export function insertOrSay({ notebooks, trans }: ICommandContext, source: string): void {
  if (!insertCell(notebooks, source)) {
    Notification.info(trans.__('Open a notebook first: the cell goes below its active cell.'), {
      autoClose: 6000
    });
  }
}
