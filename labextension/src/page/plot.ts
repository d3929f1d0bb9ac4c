/** A curve on a canvas, by uPlot, in the colours of JupyterLab's theme. */

import uPlot from 'uplot';
import type { ICurve, IMark } from '../contract';
import { number, tick } from '../format';
import { sorted } from './columns';

export interface IWindow {
  from: number;
  to: number;
}

export interface IPlotHandlers {
  zoom(window: IWindow | null): void;
  /** Told the row under the cursor, of the columns as they are drawn. */
  cursor(row: number | null): void;
  /** Told the mark that was clicked. */
  mark(mark: IMark): void;
  zooms: boolean;
}

/** How the marks of each kind look: their sign, and a style sheet's colour. */
export const MARKS: Record<string, { sign: string; colour: string; word: string }> = {
  checkpoint: { sign: '◆', colour: '#a06be0', word: 'checkpoint' },
  video: { sign: '■', colour: '#22a6b3', word: 'video' },
  resumed: { sign: '▲', colour: '#e08a2e', word: 'resumed' },
  node_lost: { sign: '✚', colour: '#e0525f', word: 'node lost' },
  target_reached: { sign: '●', colour: '#2fa35f', word: 'target reached' }
};

/** The line of the greedy evaluations, as a notebook draws it. */
const EVALUATION_COLOUR = '#c2497f';

/** The least width that is drawn, in pixels. */
const NARROW = 120;

/** How near to a mark is on it, in pixels. */
const NEAR = 10;

export class Plot {
  constructor(
    private readonly node: HTMLElement,
    private readonly height: number,
    private readonly handlers: IPlotHandlers
  ) {
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(node);
    // The canvas does not follow a new theme by itself.
    this.themed = new MutationObserver(() => this.restyle());
    this.themed.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
  }

  draw(
    curve: ICurve,
    unit: string,
    goal: number | null,
    events: readonly IMark[],
    beside?: ICurve
  ): void {
    this.goal = goal;
    this.events = events;
    this.beside = beside;
    const band = Boolean(curve.low?.length && curve.high?.length);
    const { x, rest } = sorted(curve, band);
    const data = [x, ...rest] as uPlot.AlignedData;
    if (this.plot && band === this.band && unit === this.unit) {
      this.plot.setData(data);
      return;
    }
    [this.band, this.unit] = [band, unit];
    this.plot?.destroy();
    const plot = (this.plot = new uPlot(this.options(), data, this.node));
    plot.over.addEventListener('click', () => {
      const mark = this.markAt(plot);
      if (mark) {
        this.handlers.mark(mark);
      }
    });
  }

  /** Put the cursor on the point at an x; null takes it away. */
  point(x: number | null): void {
    // uPlot knows where a point is drawn only after what runs now.
    queueMicrotask(() => {
      const left = x === null ? -1 : Math.max(0, this.plot?.valToPos(x, 'x') ?? 0);
      this.plot?.setCursor({ left, top: left < 0 ? -1 : 0 });
    });
  }

  dispose(): void {
    this.resized.disconnect();
    this.themed.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  private options(): uPlot.Options {
    const axis = {
      stroke: () => this.colour('--jp-ui-font-color2'),
      grid: { stroke: () => this.colour('--jp-border-color2'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif'
    };
    const line = () => this.colour('--rlp-line');
    const none = { label: '', stroke: 'transparent', width: 0, points: { show: false } };
    // The line's colour, nearly transparent.
    const faint = () => `${line()}2e`;
    return {
      width: Math.max(NARROW, this.node.clientWidth),
      height: this.height,
      legend: { show: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => this.range(low, high) } },
      axes: [
        { ...axis, size: 30, values: (_, at) => at.map(tick), label: this.unit, labelSize: 16 },
        { ...axis, size: 52, values: (_, at) => at.map(v => number(v).replace(/\.00$/, '')) }
      ],
      series: [
        {},
        { label: '', stroke: line, width: 1.6, points: { size: 5 } },
        ...(this.band ? [none, none] : [])
      ],
      bands: this.band ? [{ series: [3, 2] as [number, number], fill: faint }] : [],
      cursor: {
        y: false,
        drag: { x: this.handlers.zooms, y: false, setScale: false },
        points: { size: 7 },
        bind: { dblclick: () => () => this.reset() }
      },
      hooks: {
        setSelect: [plot => this.select(plot)],
        setCursor: [plot => this.moved(plot)],
        draw: [plot => this.overlay(plot)]
      }
    };
  }

  private range(low: number | null, high: number | null): [number, number] {
    let [from, to] = [low ?? 0, high ?? 1];
    if (this.goal !== null) {
      [from, to] = [Math.min(from, this.goal), Math.max(to, this.goal)];
    }
    for (const y of this.beside?.y ?? []) {
      if (y !== null) {
        [from, to] = [Math.min(from, y), Math.max(to, y)];
      }
    }
    const room = (to - from || Math.abs(to) || 1) * 0.06;
    return [from - room, to + room];
  }

  private select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) {
      return;
    }
    const window = { from: plot.posToVal(left, 'x'), to: plot.posToVal(left + width, 'x') };
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.handlers.zoom(window);
  }

  private reset(): null {
    this.handlers.zoom(null);
    return null;
  }

  private moved(plot: uPlot): void {
    plot.over.style.cursor = this.markAt(plot) ? 'pointer' : '';
    plot.over.title = this.markAt(plot)?.title ?? '';
    this.handlers.cursor(plot.cursor.idx ?? null);
  }

  /** The mark that the pointer is on, the one on top first. */
  private markAt(plot: uPlot): IMark | undefined {
    const { left = -1, top = -1 } = plot.cursor;
    return [...this.events].reverse().find(mark => {
      if (left < 0 || mark.x === null || !MARKS[mark.kind]) {
        return false;
      }
      const y = mark.y === null ? plot.over.clientHeight - 8 : plot.valToPos(mark.y, 'y');
      return Math.abs(plot.valToPos(mark.x, 'x') - left) < NEAR && Math.abs(y - top) < NEAR;
    });
  }

  /** The target as a dashed line, and what happened as signs on the curve. */
  private overlay(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (this.goal !== null) {
      const y = plot.valToPos(this.goal, 'y', true);
      ctx.strokeStyle = '#2a9d8f';
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([9, 7].map(length => length * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    this.line(plot);
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
    for (const { x, y, kind } of this.events) {
      const look = MARKS[kind];
      if (x === null || !look) {
        continue;
      }
      const bottom = bbox.top + bbox.height - 8 * devicePixelRatio;
      ctx.fillStyle = look.colour;
      const place = y === null ? bottom : plot.valToPos(y, 'y', true);
      ctx.fillText(look.sign, plot.valToPos(x, 'x', true), place);
    }
    ctx.restore();
  }

  /** The curve beside the chart's own; one point alone is a dot. */
  private line({ ctx, valToPos }: uPlot): void {
    ctx.strokeStyle = EVALUATION_COLOUR;
    ctx.setLineDash([]);
    ctx.lineCap = 'round';
    const points = (this.beside?.x ?? []).flatMap((x, i) => {
      const y = this.beside?.y[i] ?? null;
      return x === null || y === null ? [] : [[valToPos(x, 'x', true), valToPos(y, 'y', true)]];
    }) as [number, number][];
    ctx.lineWidth = (points.length === 1 ? 6 : 1.6) * devicePixelRatio;
    ctx.beginPath();
    points.forEach(([x, y], i) => {
      if (i === 0) {
        ctx.moveTo(x, y);
      }
      ctx.lineTo(x, y);
    });
    ctx.stroke();
  }

  private fit(): void {
    const width = Math.max(NARROW, this.node.clientWidth);
    // Behind another tab it has no width.
    if (this.plot && this.node.clientWidth && this.plot.width !== width) {
      this.plot.setSize({ width, height: this.height });
    }
  }

  private restyle(): void {
    // The theme's style sheet is there only after its name has changed.
    setTimeout(() => this.plot?.redraw(false), 300);
  }

  private colour(name: string): string {
    return getComputedStyle(this.node).getPropertyValue(name).trim() || '#888';
  }

  private plot: uPlot | null = null;
  private goal: number | null = null;
  private events: readonly IMark[] = [];
  private beside: ICurve | undefined;
  private band = false;
  private unit = '';
  private readonly resized: ResizeObserver;
  private readonly themed: MutationObserver;
}
