/** Runs that go on, in JupyterLab's own Running panel. */

import type { IRunningSessionManagers } from '@jupyterlab/running';
import { stopIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ActiveRuns } from './active_runs';
import { rlIcon } from './icon';
import type { Requests } from './request';
import { CommandIDs } from './tokens';

export function addToRunning(
  managers: IRunningSessionManagers,
  active: ActiveRuns,
  requests: Pick<Requests, 'cancel'>,
  commands: CommandRegistry
): void {
  managers.add({
    name: 'RL Runs',
    running: () =>
      active.rows.map(row => ({
        open: () => void commands.execute(CommandIDs.open, { id: row.id }),
        shutdown: () => void commands.execute(CommandIDs.cancel, { id: row.id }),
        icon: () => rlIcon,
        label: () => `${row.experiment} / ${row.name}`,
        labelTitle: () => row.id,
        detail: () => row.badge.text
      })),
    refreshRunning: () => void active.refresh(),
    runningChanged: active.changed,
    // The Running panel asks first.
    shutdownAll: () => {
      active.rows.forEach(row => void requests.cancel(row.id).catch(() => undefined));
      void active.refresh();
    },
    shutdownLabel: 'Cancel run',
    shutdownAllLabel: 'Cancel All',
    shutdownAllConfirmationText:
      'Are you sure you want to cancel all runs of this workspace? What they have saved stays.',
    shutdownItemIcon: stopIcon
  });
}
