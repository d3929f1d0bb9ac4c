/** Runs that go on, in JupyterLab's own Running panel. */

import { Notification } from '@jupyterlab/apputils';
import type { IRunningSessionManagers } from '@jupyterlab/running';
import { stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ActiveRuns } from './active_runs';
import { rlIcon } from './icon';
import { sentence } from './request';
import type { Requests } from './request';
import { CommandIDs } from './tokens';

export function addToRunning(
  managers: IRunningSessionManagers,
  active: ActiveRuns,
  requests: Pick<Requests, 'cancel'>,
  commands: CommandRegistry
): void {
  const cancelAll = async () => {
    const asked = await Promise.allSettled(active.rows.map(row => requests.cancel(row.id)));
    const refused = asked.find(one => one.status === 'rejected');
    if (refused) {
      Notification.error(sentence(refused.reason), { autoClose: 15_000 });
    }
    await active.refresh();
  };
  managers.add({
    name: 'RL Runs',
    running: () =>
      active.rows.map(row => ({
        open: () => void commands.execute(CommandIDs.open, { id: row.id }),
        shutdown: () => void commands.execute(CommandIDs.cancel, { id: row.id }),
        icon: () => rlIcon,
        // What tells runs apart comes first: the panel is narrow.
        label: () => `${row.name} (${row.experiment})`,
        labelTitle: () => `${row.experiment} / ${row.name}\n${row.id}`,
        detail: () => row.badge.text
      })),
    refreshRunning: () => void active.refresh(),
    runningChanged: active.changed,
    // The Running panel asks first.
    shutdownAll: () => void cancelAll(),
    shutdownLabel: 'Cancel run',
    shutdownAllLabel: 'Cancel All',
    shutdownAllConfirmationText:
      'Are you sure you want to cancel all runs of this workspace? What they have saved stays.',
    shutdownItemIcon: stopIcon
  });
}
