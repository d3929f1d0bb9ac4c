/** Commands of compute targets: new, scale, delete, insert the code that names one. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { IScale, ITarget } from '../contract';
import { ScaleForm } from '../components/scale_form';
import { openForm } from '../form_pages';
import { CommandIDs } from '../tokens';
import type { ICommandContext } from './context';
import { askUntilTaken } from './asking';
import { attempt, whyNot } from './context';
import { insertOrSay } from './run_views';

export function addTargetActions(context: ICommandContext): void {
  const { app, requests, revisions, trans, workspace } = context;
  const writable = () => !whyNot(context);
  const changed = () => revisions.announce({ targets: true });
  const named = (args: ReadonlyPartialJSONObject): ITarget | undefined =>
    workspace.targets.find(target => target.name === args['name']);

  app.commands.addCommand(CommandIDs.newTarget, {
    label: trans.__('New Compute Target…'),
    isEnabled: writable,
    execute: () => openForm(context, { kind: 'target', from: '' })
  });
  app.commands.addCommand(CommandIDs.scaleTarget, {
    label: trans.__('Scale…'),
    isEnabled: args => writable() && named(args) !== undefined,
    execute: async args => {
      const target = named(args);
      if (!target) {
        return;
      }
      const { name, min_nodes, max_nodes, idle_seconds } = target;
      const scale: IScale = { min_nodes, max_nodes, idle_seconds_before_scaledown: idle_seconds };
      const form = (values: IScale, trouble: string) => new ScaleForm(values, trouble);
      const title = trans.__('Scale %1', name);
      await askUntilTaken(title, trans.__('Scale'), scale, form, async values => {
        // Only what was changed here: somebody else may have changed the rest meanwhile.
        const changes = Object.entries(values).filter(([k, v]) => v !== scale[k as keyof IScale]);
        await requests.changeTarget(name, Object.fromEntries(changes));
        changed();
      });
    }
  });
  app.commands.addCommand(CommandIDs.deleteTarget, {
    label: trans.__('Delete…'),
    isEnabled: args => writable() && named(args) !== undefined,
    execute: async args => {
      const name = String(args['name']);
      const answer = await showDialog({
        title: trans.__('Delete %1?', name),
        body: trans.__('The compute target is deleted; runs that used it stay.'),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })],
        defaultButton: 0
      });
      if (answer.button.accept) {
        await attempt(trans.__('Delete %1', name), async () => {
          await requests.deleteTarget(name);
          changed();
        });
      }
    }
  });
  app.commands.addCommand(CommandIDs.insertTarget, {
    label: trans.__('Insert into notebook'),
    isEnabled: args => named(args) !== undefined,
    execute: args => insertOrSay(context, named(args)?.code ?? '')
  });
}
