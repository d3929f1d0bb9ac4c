/** One notification for a run that ended while the page was open. */

import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { ActiveRuns } from './active_runs';
import type { IRun } from './contract';
import { CommandIDs } from './tokens';

const TYPES: Record<string, Notification.TypeOptions> = { bad: 'error', good: 'success' };

export function notifyOfEnds(
  active: ActiveRuns,
  commands: CommandRegistry,
  wanted: () => boolean
): void {
  active.ended.connect((_, run) => {
    if (!wanted()) {
      return;
    }
    const type = TYPES[run.header.badge.tone] ?? 'info';
    Notification.emit(textOf(run), type, {
      // A failure is to be seen by who comes back later.
      autoClose: type === 'error' ? false : 15_000,
      actions: [
        {
          label: 'Open run',
          callback: () => void commands.execute(CommandIDs.open, { id: run.row.id })
        }
      ]
    });
  });
}

function textOf({ header, failure }: IRun): string {
  const said = `${header.experiment} / ${header.name}: ${header.badge.text}, ${header.timing}.`;
  return failure ? `${said} ${failure.sentence}` : said;
}
