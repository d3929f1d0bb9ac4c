/**
 * 'Insert as cell' of the notebook's forms.
 *
 * A widget of the kernel cannot add a cell to its notebook. This page can: where it says so on the
 * body, the forms' style sheet shows the button, and a click on it is answered here.
 */

import type { INotebookTracker } from '@jupyterlab/notebook';
import { insertAt } from './insert';

export function answerInsertButtons(notebooks: INotebookTracker): void {
  document.body.dataset.rlWidgetsCells = '';
  document.addEventListener('click', event => {
    const button = (event.target as Element).closest('.jupyter-widgets button.rlw-insert');
    const source = button?.closest('.rlw-code')?.querySelector('pre')?.textContent;
    const panel = button && notebooks.find(({ node }) => node.contains(button));
    if (panel && source) {
      const form = panel.content.widgets.findIndex(({ node }) => node.contains(button));
      insertAt(panel, form + 1, source.trimEnd());
    }
  });
}
