import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import type { Line } from '../run_groups';
import { RunRow, spoken } from './RunRow';

/** Heights of the two kinds of lines in pixels; the style sheet holds them too. */
export const HEIGHTS = { heading: 28, run: 62 } as const;

/** One line of the list; it stays at its place and is told what stands there. */
export class RowWidget extends ReactWidget {
  constructor(
    private readonly onMenu: (line: Line, at: Element) => void,
    private readonly onAttached: () => void
  ) {
    super();
    this.addClass('rlp-line');
    this.node.setAttribute('role', 'treeitem');
  }

  line: Line | null = null;

  display(line: Line, active: boolean, selected: boolean): void {
    const node = this.node;
    node.tabIndex = active ? 0 : -1;
    node.classList.toggle('rlp-selected', selected);
    if (line === this.line) {
      return;
    }
    const changed = this.line?.kind !== line.kind || !same(this.line, line);
    this.line = line;
    if (!changed) {
      return;
    }
    node.style.height = `${HEIGHTS[line.kind]}px`;
    node.classList.toggle('rlp-heading-line', line.kind === 'heading');
    if (line.kind === 'heading') {
      node.setAttribute('aria-level', '1');
      node.setAttribute('aria-expanded', String(line.open));
      node.setAttribute('aria-label', `${line.title}, ${countOf(line.runs, line.active)}`);
      ['aria-posinset', 'aria-setsize'].forEach(name => node.removeAttribute(name));
      delete node.dataset.runId;
    } else {
      node.setAttribute('aria-level', String(line.level));
      node.removeAttribute('aria-expanded');
      node.setAttribute('aria-label', spoken(line.row));
      node.setAttribute('aria-posinset', String(line.position));
      node.setAttribute('aria-setsize', String(line.of));
      node.dataset.runId = line.row.id;
    }
    this.update();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.onAttached();
  }

  protected render(): JSX.Element | null {
    const line = this.line;
    if (!line) {
      return null;
    }
    if (line.kind === 'run') {
      return <RunRow row={line.row} onMenu={at => this.onMenu(line, at)} />;
    }
    return (
      <div className="rlp-heading">
        <span className="rlp-fold" aria-hidden="true">
          {line.open ? '▾' : '▸'}
        </span>
        <span className="rlp-run-name" title={line.title}>
          {line.title}
        </span>
        <span className="rlp-quiet">{countOf(line.runs, line.active)}</span>
      </div>
    );
  }
}

function countOf(runs: number, active: number): string {
  return active ? `${runs}, ${active} active` : `${runs}`;
}

function same(a: Line | null, b: Line): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
