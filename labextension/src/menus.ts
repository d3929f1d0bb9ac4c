/** The menus of a run and of a compute target, opened by a button, the mouse or the menu key. */

import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from './tokens';

const RUN = [
  [CommandIDs.open, CommandIDs.insert, CommandIDs.compare],
  [CommandIDs.tensorboard, CommandIDs.rayDashboard],
  [CommandIDs.cancel, CommandIDs.resume, CommandIDs.newFrom],
  [CommandIDs.pin, CommandIDs.rename, CommandIDs.tag, CommandIDs.archive],
  [CommandIDs.copyId, CommandIDs.copyLink, CommandIDs.copyCode],
  [CommandIDs.remove]
];

const TARGET = [[CommandIDs.insertTarget], [CommandIDs.scaleTarget], [CommandIDs.deleteTarget]];

export function openRunMenu(commands: CommandRegistry, id: string, x: number, y: number): void {
  openMenu(commands, RUN, { id }, x, y);
}

export function openTargetMenu(
  commands: CommandRegistry,
  name: string,
  x: number,
  y: number
): void {
  openMenu(commands, TARGET, { name }, x, y);
}

function openMenu(
  commands: CommandRegistry,
  groups: string[][],
  args: { id: string } | { name: string },
  x: number,
  y: number
): void {
  const menu = new MenuSvg({ commands });
  const back = document.activeElement;
  menu.addClass('rlp-menu');
  groups.forEach((group, i) => {
    if (i) {
      menu.addItem({ type: 'separator' });
    }
    group.forEach(command => menu.addItem({ command, args }));
  });
  menu.aboutToClose.connect(() => {
    // The keyboard goes on where it was; the command that was chosen runs before the menu is gone.
    setTimeout(() => {
      if (document.activeElement === document.body && back instanceof HTMLElement) {
        back.focus();
      }
      menu.dispose();
    });
  });
  menu.open(x, y);
}
