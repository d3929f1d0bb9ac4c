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

/** The least width that is drawn, in pixels. */
const NARROW = 120;

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

  draw(curve: ICurve, unit: string, goal: number | null, events: readonly IMark[]): void {
    this.goal = goal;
    this.events = events;
    const band = Boolean(curve.low?.length && curve.high?.length);
    const { x, rest } = sorted(curve, band);
    const data = [x, ...rest] as uPlot.AlignedData;
    if (this.plot && band === this.band && unit === this.unit) {
      this.plot.setData(data);
      return;
    }
    [this.band, this.unit] = [band, unit];
    this.plot?.destroy();
    this.plot = new uPlot(this.options(), data, this.node);
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
        setCursor: [plot => this.handlers.cursor(plot.cursor.idx ?? null)],
        draw: [plot => this.overlay(plot)]
      }
    };
  }

  private range(low: number | null, high: number | null): [number, number] {
    let [from, to] = [low ?? 0, high ?? 1];
    if (this.goal !== null) {
      [from, to] = [Math.min(from, this.goal), Math.max(to, this.goal)];
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
  private band = false;
  private unit = '';
  private readonly resized: ResizeObserver;
  private readonly themed: MutationObserver;
}
