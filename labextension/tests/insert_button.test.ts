// @vitest-environment jsdom

/** 'Insert as cell' of a notebook's form, whose HTML comes from the kernel. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { beforeEach, describe, expect, it } from 'vitest';
import { answerInsertButtons } from '../src/insert_button';

/** As much of a notebook as a cell is put into: `cells` are what is written, in order. */
function notebook(cells: string[]) {
  const node = document.createElement('div');
  const widgets = cells.map(() => node.appendChild(document.createElement('div')));
  const content = {
    widgets: widgets.map(cell => ({ node: cell })),
    activeCellIndex: 0,
    mode: 'edit',
    model: {
      sharedModel: {
        insertCell: (index: number, { source }: { source: string }) =>
          cells.splice(index, 0, source)
      }
    }
  };
  document.body.append(node);
  return { panel: { node, content } as unknown as NotebookPanel, widgets, content };
}

function form(code: string): HTMLElement {
  const made = document.createElement('div');
  made.className = 'jupyter-widgets';
  made.innerHTML =
    '<div class="rlw-code"><button class="rlw-insert">Insert as cell</button><pre></pre></div>';
  made.querySelector('pre')!.textContent = code;
  return made;
}

describe('the button of a form', () => {
  beforeEach(() => document.body.replaceChildren());

  it('puts the code below the cell of the form, in the notebook that it is in', () => {
    const other = notebook(['other']);
    const cells = ['imports', 'form', 'last'];
    const mine = notebook(cells);
    const panels = [other.panel, mine.panel];
    answerInsertButtons({
      find: (fits: (panel: NotebookPanel) => boolean) => panels.find(fits)
    } as unknown as INotebookTracker);
    expect(document.body.dataset.rlWidgetsCells).toBe('');
    const shown = form('run = 1 < 2\n');
    mine.widgets[1]!.append(shown);
    shown.querySelector('button')!.click();
    expect(cells).toEqual(['imports', 'form', 'run = 1 < 2', 'last']);
    expect(mine.content.activeCellIndex).toBe(2);
    // Any other button of the page is none of its business.
    shown.querySelector('button')!.className = '';
    shown.querySelector('button')!.click();
    expect(cells).toHaveLength(4);
  });
});
