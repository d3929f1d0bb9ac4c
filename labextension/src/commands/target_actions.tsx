/** Commands of compute targets: new, scale, delete, insert the code that names one. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ITarget } from '../contract';
import { sentence } from '../request';
import { TargetForm } from '../components/target_form';
import type { ITargetValues } from '../components/target_form';
import { CommandIDs } from '../tokens';
import type { ICommandContext } from './context';
import { attempt } from './context';
import { insertOrSay } from './run_views';

export function addTargetActions(context: ICommandContext): void {
  const { app, requests, revisions, trans, workspace } = context;
  const writable = () => workspace.standing === 'ready' && !workspace.root?.read_only;
  const changed = () => revisions.announce({ targets: true });
  const named = (args: ReadonlyPartialJSONObject): ITarget | undefined =>
    workspace.targets.find(target => target.name === args['name']);

  app.commands.addCommand(CommandIDs.newTarget, {
    label: trans.__('New Compute Target…'),
    isEnabled: writable,
    execute: async () => {
      const sizes = (await requests.machine()).sizes.map(size => size.name);
      const start = { name: '', size: sizes[0] ?? '', min: 0, max: 2, idle: 120 };
      await ask(trans.__('New compute target'), trans.__('Create'), start, sizes, async values => {
        await requests.addTarget({
          name: values.name,
          vm_size: values.size,
          min_nodes: values.min,
          max_nodes: values.max,
          idle_seconds_before_scaledown: values.idle
        });
        changed();
      });
    }
  });
  app.commands.addCommand(CommandIDs.scaleTarget, {
    label: trans.__('Scale…'),
    isEnabled: args => writable() && named(args) !== undefined,
    execute: async args => {
      const target = named(args);
      if (!target) {
        return;
      }
      const { name, size, min_nodes: min, max_nodes: max, idle_seconds: idle } = target;
      const title = trans.__('Scale %1', name);
      await ask(title, trans.__('Scale'), { name, size, min, max, idle }, null, async values => {
        await requests.changeTarget(name, {
          min_nodes: values.min,
          max_nodes: values.max,
          idle_seconds_before_scaledown: values.idle
        });
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

/** Ask for values until the server takes them or the person gives up. */
async function ask(
  title: string,
  label: string,
  start: ITargetValues,
  sizes: string[] | null,
  take: (values: ITargetValues) => Promise<void>
): Promise<void> {
  let values = start;
  let trouble = '';
  for (;;) {
    const body = new TargetForm(values, sizes, trouble);
    const buttons = [Dialog.cancelButton(), Dialog.okButton({ label })];
    const answer = await showDialog<ITargetValues>({ title, body, buttons });
    if (!answer.button.accept || !answer.value) {
      return;
    }
    values = answer.value;
    try {
      await take(values);
      return;
    } catch (error) {
      trouble = sentence(error);
    }
  }
}
