/** Commands that change a run: cancel, resume, delete, pin, archive, rename, tag. */

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { TagsForm } from '../components/tags_form';
import type { IRunChange, IRunRow } from '../contract';
import { CommandIDs } from '../tokens';
import type { ICommandContext } from './context';
import { askUntilTaken } from './asking';
import { attempt, rowOf, runIdOf, whyNot } from './context';
import { tagsChange, tagsText } from './tags';

export function addRunActions(context: ICommandContext): void {
  const { app, requests, revisions, trans } = context;
  const changed = (id: string) => revisions.announce({ runs: [id], targets: true });

  const add = (
    command: string,
    label: (row: IRunRow | undefined) => string,
    enabled: (row: IRunRow) => boolean,
    act: (id: string, row: IRunRow | undefined) => Promise<unknown>
  ) =>
    app.commands.addCommand(command, {
      label: args => label(rowOf(context, args)),
      isEnabled: args => {
        const row = rowOf(context, args);
        return !whyNot(context) && runIdOf(context, args) !== '' && (!row || enabled(row));
      },
      execute: async args => {
        const id = runIdOf(context, args);
        const row = rowOf(context, args);
        await attempt(label(row), () => act(id, row));
      }
    });

  const patch = async (id: string, change: IRunChange) => {
    await requests.change(id, change);
    changed(id);
  };

  add(
    CommandIDs.cancel,
    () => trans.__('Cancel run…'),
    row => row.can?.cancel ?? !row.final,
    async (id, row) => {
      const question = trans.__('Its nodes are stopped. What it has logged and saved stays.');
      if (await sure(trans.__('Cancel %1?', row?.name ?? id), question, trans.__('Cancel run'))) {
        await requests.cancel(id);
        changed(id);
      }
    }
  );
  add(
    CommandIDs.resume,
    () => trans.__('Resume run'),
    row => row.can?.resume ?? row.final,
    async id => {
      await requests.resume(id);
      changed(id);
    }
  );
  add(
    CommandIDs.remove,
    () => trans.__('Delete run…'),
    row => row.can?.delete ?? row.final,
    async (id, row) => {
      if (row && !row.final) {
        throw new Error(trans.__('%1 has not ended: cancel it first, then delete it.', row.name));
      }
      const question = trans.__(
        'Its metrics, logs, checkpoints and files are deleted. This cannot be undone.'
      );
      if (await sure(trans.__('Delete %1?', row?.name ?? id), question, trans.__('Delete'))) {
        await requests.remove(id);
        revisions.announce({ runs: [], targets: true, everything: true });
      }
    }
  );
  add(
    CommandIDs.pin,
    row => (row?.pinned ? trans.__('Unpin') : trans.__('Pin to the top')),
    () => true,
    (id, row) => patch(id, { pinned: !row?.pinned })
  );
  add(
    CommandIDs.archive,
    row => (row?.archived ? trans.__('Take out of the archive') : trans.__('Archive')),
    row => row.final || row.archived,
    (id, row) => patch(id, { archived: !row?.archived })
  );
  add(
    CommandIDs.rename,
    () => trans.__('Rename…'),
    () => true,
    async id => {
      const title = trans.__('Name of the run');
      // The whole of it: what the list shows may be cut.
      const { display_name } = await requests.run(id);
      const answer = await InputDialog.getText({ title, text: display_name });
      if (answer.button.accept && answer.value?.trim()) {
        await patch(id, { name: answer.value.trim() });
      }
    }
  );
  add(
    CommandIDs.tag,
    () => trans.__('Tags…'),
    () => true,
    async id => {
      // As they are now: the list may be older, or not have the run.
      const { tags } = (await requests.run(id)).row;
      const form = (text: string, trouble: string) => new TagsForm(text, trouble);
      const title = trans.__('Tags of the run');
      await askUntilTaken(title, trans.__('Save'), tagsText(tags), form, async text => {
        const change = tagsChange(tags, text);
        if (Object.keys(change).length) {
          await patch(id, { tags: change });
        }
      });
    }
  );
}

async function sure(title: string, body: string, label: string): Promise<boolean> {
  const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label })];
  return (await showDialog({ title, body, buttons, defaultButton: 0 })).button.accept;
}
