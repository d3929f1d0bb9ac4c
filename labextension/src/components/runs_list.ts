import { WindowedList, WindowedListModel } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { Line } from '../run_groups';
import { HEIGHTS, RowWidget } from './row_widget';

/** What a person does with a line of the list. */
export interface IListHandlers {
  open(id: string): void;
  toggle(key: string): void;
  menu(id: string, x: number, y: number): void;
  remove(id: string): void;
  /** Have all runs in the list, however many there are. */
  whole(): Promise<void>;
  drag(event: PointerEvent, id: string): void;
}

/** The key of a line, by which it is found again when the lines move. */
function keyOf(line: Line): string {
  return line.kind === 'run' ? `run ${line.row.id}` : `group ${line.key}`;
}

class LinesModel extends WindowedListModel {
  lines: readonly Line[] = [];
  rowAt: (index: number) => RowWidget = () => {
    throw new Error('There is no list yet.');
  };
  /** Told which lines are about to be drawn, and the first and last of them in sight. */
  drawn: (range: WindowedList.WindowIndex) => void = () => undefined;

  getRangeToRender(options?: { virtual?: boolean }): WindowedList.WindowIndex | null {
    const range = super.getRangeToRender(options);
    if (range && !options?.virtual) {
      this.drawn(range);
    }
    return range;
  }

  estimateWidgetSize = (index: number): number => HEIGHTS[this.lines[index]?.kind ?? 'run'];
  widgetRenderer = (index: number): RowWidget => this.rowAt(index);

  take(lines: readonly Line[]): void {
    this.lines = lines;
    this.widgetCount = lines.length;
    const sizes = lines.map((_, index) => ({ index, size: this.estimateWidgetSize(index) }));
    if (sizes.length && this.setWidgetSize(sizes)) {
      this.resetAfterIndex(lines.length - 1);
    }
  }
}

/** The list of runs: only the lines in sight are in the page. Keys work as in any tree. */
export class RunsList extends WindowedList<LinesModel> {
  constructor(private readonly handlers: IListHandlers) {
    const model = new LinesModel({ overscanCount: 4, windowingActive: true });
    super({ model });
    this.lines = model;
    model.rowAt = index => this.row(index);
    model.drawn = range => this.onDrawn(range);
    this.addClass('rlp-runs');
    const tree = this.viewportNode;
    tree.setAttribute('role', 'tree');
    tree.setAttribute('aria-label', 'Runs');
    tree.setAttribute('aria-multiselectable', 'true');
    // It takes the focus of a line that is scrolled away, so that keys still reach the list.
    tree.tabIndex = -1;
  }

  /** The runs that are selected, in the order of the list. */
  get selection(): string[] {
    return this.lines.lines.flatMap(line =>
      line.kind === 'run' && this.selected.has(line.row.id) ? [line.row.id] : []
    );
  }

  display(lines: readonly Line[]): void {
    const focused = this.focusedIndex >= 0;
    this.lines.take(lines);
    const found = lines.findIndex(line => keyOf(line) === this.activeKey);
    // A line that is gone hands over to the one in its place.
    this.makeActive(found >= 0 ? found : Math.max(0, Math.min(this.active, lines.length - 1)));
    for (const [index, row] of this.rows) {
      if (index >= lines.length) {
        row.dispose();
        this.rows.delete(index);
      }
    }
    this.renew();
    this.update();
    if (focused) {
      this.focusActive();
    }
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'keydown':
        this.onKey(event as KeyboardEvent);
        break;
      case 'click':
        this.onClick(event as MouseEvent);
        break;
      case 'contextmenu':
        this.onContextMenu(event as MouseEvent);
        break;
      case 'pointerdown':
        // The list's own scroll bar is not used: all presses are on lines.
        this.onPress(event as PointerEvent);
        break;
      case 'focusin':
        this.onFocus(event);
        break;
      default:
        super.handleEvent(event);
    }
  }

  dispose(): void {
    this.rows.forEach(row => row.dispose());
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    EVENTS.forEach(name => this.viewportNode.addEventListener(name, this));
  }

  protected onBeforeDetach(msg: Message): void {
    EVENTS.forEach(name => this.viewportNode.removeEventListener(name, this));
    super.onBeforeDetach(msg);
  }

  private row(index: number): RowWidget {
    let row = this.rows.get(index);
    if (!row) {
      row = new RowWidget(
        (line, at) => {
          const { left, bottom } = at.getBoundingClientRect();
          if (line.kind === 'run') {
            this.handlers.menu(line.row.id, left, bottom);
          }
        },
        () => {
          // The active line is back in the page: it takes its focus back from the list.
          if (index === this.active && document.activeElement === this.viewportNode) {
            this.focusActive();
          }
        }
      );
      this.rows.set(index, row);
    }
    this.tell(index, row);
    return row;
  }

  private tell(index: number, row: RowWidget): void {
    const line = this.lines.lines[index];
    if (line) {
      const selected = line.kind === 'run' && this.selected.has(line.row.id);
      row.display(line, index === this.tabStop, selected);
      row.node.setAttribute('aria-selected', String(selected));
    }
  }

  private renew(): void {
    // The others are told when they are drawn.
    this.rows.forEach((row, index) => row.isAttached && this.tell(index, row));
  }

  private onDrawn([first, last, top, bottom]: WindowedList.WindowIndex): void {
    this.sight = [top, bottom];
    const focused = this.focusedIndex;
    if (focused >= 0 && (focused < first || focused > last)) {
      this.viewportNode.focus({ preventScroll: true });
    }
  }

  /** The line that the tab key reaches: the active one, or the nearest to it in sight. */
  private get tabStop(): number {
    const [top, bottom] = this.sight;
    return Math.max(top, Math.min(this.active, bottom));
  }

  /** The line that has the focus; -1 for none. */
  private get focusedIndex(): number {
    const { activeElement } = document;
    const there = activeElement instanceof HTMLElement && this.viewportNode.contains(activeElement);
    const line = there ? activeElement.closest<HTMLElement>('.rlp-line') : null;
    return Number(line?.dataset.windowedListIndex ?? -1);
  }

  private focusActive(): void {
    const row = this.rows.get(this.active);
    (row?.isAttached ? row.node : this.viewportNode).focus({ preventScroll: true });
  }

  private isDrawn(index: number): boolean {
    return this.rows.get(index)?.isAttached ?? false;
  }

  private makeActive(index: number): void {
    const line = this.lines.lines[index];
    this.active = index;
    this.activeKey = line ? keyOf(line) : '';
    this.moves += 1;
  }

  private lineOf(event: Event): [Line, number] | null {
    const node = (event.target as Element).closest<HTMLElement>('.rlp-line');
    const index = Number(node?.dataset.windowedListIndex ?? NaN);
    const line = this.lines.lines[index];
    return line ? [line, index] : null;
  }

  private async moveTo(index: number): Promise<void> {
    if (!this.lines.lines[index]) {
      return;
    }
    this.makeActive(index);
    const { moves } = this;
    this.renew();
    // On a busy machine the list takes a scroll for done before the line is in the page.
    for (let i = 0; i < SCROLLS && moves === this.moves && !this.isDrawn(index); i++) {
      try {
        await this.scrollToItem(index);
        await new Promise(requestAnimationFrame);
      } catch {
        // A later move has taken over.
      }
    }
    if (moves === this.moves) {
      this.focusActive();
      this.rows.get(index)?.node.scrollIntoView({ block: 'nearest' });
    }
  }

  /** To the last line there is; the runs that are not there yet are waited for. */
  private async moveToEnd(): Promise<void> {
    const last = () => this.lines.lines.length - 1;
    await this.moveTo(last());
    const { activeKey } = this;
    await this.handlers.whole();
    if (activeKey === this.activeKey && this.active < last()) {
      await this.moveTo(last());
    }
  }

  private onFocus(event: Event): void {
    const found = this.lineOf(event);
    if (found && found[1] !== this.active) {
      this.makeActive(found[1]);
      this.renew();
    }
  }

  private onKey(event: KeyboardEvent): void {
    // Keys with these are the browser's and JupyterLab's; a button answers to its own.
    const others = event.altKey || event.ctrlKey || event.metaKey;
    const pressed = ['Enter', ' '].includes(event.key);
    if (others || (pressed && (event.target as Element).closest('button'))) {
      return;
    }
    const here = this.active;
    const last = this.lines.lines.length - 1;
    const line = this.lines.lines[here];
    const page = Math.max(1, Math.floor(this.outerNode.clientHeight / HEIGHTS.run) - 1);
    const places: Record<string, number> = {
      ArrowDown: Math.min(last, here + 1),
      ArrowUp: Math.max(0, here - 1),
      PageDown: Math.min(last, here + page),
      PageUp: Math.max(0, here - page),
      Home: 0
    };
    const to = places[event.key];
    if (to !== undefined) {
      void this.moveTo(to);
    } else if (event.key === 'End') {
      void this.moveToEnd();
    } else if (line?.kind === 'heading' && foldingKeys(line.open).includes(event.key)) {
      this.handlers.toggle(line.key);
    } else if (line?.kind === 'run' && event.key === 'ArrowLeft') {
      void this.moveTo(this.headingOf(here));
    } else if (line?.kind === 'run' && event.key === 'Enter') {
      this.handlers.open(line.row.id);
    } else if (line?.kind === 'run' && event.key === 'Delete') {
      this.handlers.remove(line.row.id);
    } else if (line?.kind === 'run' && event.key === ' ') {
      this.select(line.row.id);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private headingOf(index: number): number {
    for (let i = index; i >= 0; i--) {
      if (this.lines.lines[i]?.kind === 'heading') {
        return i;
      }
    }
    return index;
  }

  private onClick(event: MouseEvent): void {
    const found = this.lineOf(event);
    if (!found) {
      return;
    }
    const [line, index] = found;
    this.makeActive(index);
    if (line.kind === 'heading') {
      this.handlers.toggle(line.key);
    } else if (event.ctrlKey || event.metaKey || event.shiftKey) {
      this.select(line.row.id);
    } else {
      this.handlers.open(line.row.id);
    }
    this.renew();
  }

  private onContextMenu(event: MouseEvent): void {
    // The menu key, and Shift+F10, come from where the focus is and have no place of their own.
    const pointed = event.button === 2;
    const own = this.lines.lines[this.active];
    const found = this.lineOf(event) ?? (!pointed && own ? ([own, this.active] as const) : null);
    if (!found || (pointed && event.shiftKey)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const [line, index] = found;
    if (line.kind === 'run') {
      const box = this.rows.get(index)?.node.getBoundingClientRect();
      const [x, y] = pointed ? [event.clientX, event.clientY] : [box?.x, box?.bottom];
      this.handlers.menu(line.row.id, x ?? 0, y ?? 0);
    }
  }

  private onPress(event: PointerEvent): void {
    const found = this.lineOf(event);
    if (found && found[0].kind === 'run' && event.button === 0) {
      this.handlers.drag(event, found[0].row.id);
    }
  }

  private select(id: string): void {
    if (!this.selected.delete(id)) {
      this.selected.add(id);
    }
    this.renew();
  }

  private readonly lines: LinesModel;
  private readonly rows = new Map<number, RowWidget>();
  private readonly selected = new Set<string>();
  private active = 0;
  private activeKey = '';
  /** Grows with each change of the active line. */
  private moves = 0;
  private sight: readonly [number, number] = [0, 0];
}

/** As often a line that is moved to is scrolled to. */
const SCROLLS = 10;
const EVENTS = ['keydown', 'click', 'contextmenu', 'pointerdown', 'focusin'];

/** Keys that fold or unfold a group. */
function foldingKeys(open: boolean): string[] {
  return ['Enter', ' ', open ? 'ArrowLeft' : 'ArrowRight'];
}
