/** Code as a cell of the notebook that the person works in: by command, or dropped there. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';
import { CELLS_MIME } from './tokens';

function cellOf(source: string) {
  return {
    cell_type: 'code' as const,
    source,
    metadata: {},
    outputs: [],
    execution_count: null
  };
}

/** Put a cell below the active one of the current notebook; false where none is open. */
export function insertCell(notebooks: INotebookTracker | null, source: string): boolean {
  const panel = notebooks?.currentWidget;
  if (!panel) {
    return false;
  }
  const { content } = panel;
  return insertAt(panel, content.widgets.length ? content.activeCellIndex + 1 : 0, source);
}

/** Put a cell at a place of a notebook, as its active one; false where it is not loaded yet. */
export function insertAt({ content }: NotebookPanel, index: number, source: string): boolean {
  if (!content.model) {
    return false;
  }
  content.model.sharedModel.insertCell(index, cellOf(source));
  content.activeCellIndex = index;
  content.mode = 'command';
  return true;
}

/** Pixels that a press has to move before it is a drag. */
const MOVED = 5;

/**
 * Begin a drag when the pointer has moved far enough.
 *
 * `source` is asked for at the press: the code of a run comes from the server, and is there by the
 * time that a person has reached the notebook's edge.
 */
export function dragCell(press: PointerEvent, label: string, source: () => Promise<string>): void {
  if (press.button !== 0 || (press.target as Element).closest('button')) {
    return;
  }
  let code: Promise<string> | null = null;
  const stop = () => {
    document.removeEventListener('pointermove', move, true);
    document.removeEventListener('pointerup', stop, true);
  };
  const move = (event: PointerEvent) => {
    const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY);
    if (far < 2) {
      return;
    }
    code ??= source();
    if (far >= MOVED) {
      stop();
      void begin(event, label, code);
    }
  };
  document.addEventListener('pointermove', move, true);
  document.addEventListener('pointerup', stop, true);
}

async function begin(event: PointerEvent, label: string, code: Promise<string>): Promise<void> {
  let released = false;
  const release = () => {
    released = true;
  };
  document.addEventListener('pointerup', release, { capture: true, once: true });
  const source = await code.catch(() => '');
  document.removeEventListener('pointerup', release, true);
  if (released || !source) {
    return;
  }
  const mimeData = new MimeData();
  mimeData.setData(CELLS_MIME, [cellOf(source)]);
  mimeData.setData('text/plain', source);
  const dragImage = document.createElement('div');
  dragImage.className = 'rlp-drag';
  dragImage.textContent = label;
  const drag = new Drag({
    mimeData,
    dragImage,
    supportedActions: 'copy',
    proposedAction: 'copy',
    source: null
  });
  // The click that ends a drag is no click on the line where it began.
  const swallow = (click: MouseEvent) => click.stopPropagation();
  document.addEventListener('click', swallow, { capture: true, once: true });
  await drag.start(event.clientX, event.clientY);
  setTimeout(() => document.removeEventListener('click', swallow, true));
}
