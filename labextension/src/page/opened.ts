/** What a person has opened by its mark on the curve. */

import * as React from 'react';
import type { IMark } from '../contract';
import { Shown } from './use_answer';

/** The tab that has more of what a mark stands for. */
export const TABS: Record<string, string> = {
  checkpoint: 'Checkpoints',
  video: 'Episodes',
  node_lost: 'Logs',
  resumed: 'Logs'
};

/** The mark that was clicked last; a new object for each click. */
export const Opened = React.createContext<IMark | null>(null);

/** Whether a mark of this kind, of this path or node, was opened; `ref` brings that into view. */
export function useOpened<T extends Element>(
  kind: string,
  path: string
): { opened: boolean; ref: React.RefObject<T> } {
  const mark = React.useContext(Opened);
  const ref = React.useRef<T>(null);
  // Behind another tab nothing is in view.
  const shown = React.useContext(Shown);
  const opened = mark !== null && mark.kind === kind && mark.path === path;
  React.useEffect(() => {
    if (opened && shown) {
      ref.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [opened, mark, shown]);
  return { opened, ref };
}
