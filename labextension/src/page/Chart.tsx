import * as React from 'react';
import type { ICurve, IMark } from '../contract';
import { Plot } from './plot';
import type { IWindow } from './plot';

export interface IChartProps {
  curve: ICurve;
  /** The chart in a sentence, for those who do not see it. */
  label: string;
  unit: string;
  goal: number | null;
  events: readonly IMark[];
  height: number;
  /** Told what a person has zoomed to; null is the whole run. */
  onZoom?: (window: IWindow | null) => void;
  /** Told which point is under the cursor. */
  onCursor?: (index: number | null) => void;
}

/** A curve with its band, target and events, drawn by uPlot; it follows the width it is given. */
export function Chart(props: IChartProps): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<Plot | null>(null);
  const { onZoom, onCursor, height } = props;
  const handlers = React.useRef({ onZoom, onCursor });
  handlers.current = { onZoom, onCursor };

  React.useEffect(() => {
    const node = place.current;
    if (!node) {
      return;
    }
    const made = new Plot(node, height, {
      zoom: window => handlers.current.onZoom?.(window),
      cursor: index => handlers.current.onCursor?.(index),
      zooms: onZoom !== undefined
    });
    plot.current = made;
    return () => {
      made.dispose();
      plot.current = null;
    };
    // A chart that zooms stays one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [height]);

  const { curve, unit, goal, events } = props;
  React.useEffect(() => {
    plot.current?.draw(curve, unit, goal, events);
  }, [curve, unit, goal, events, height]);
  return <div ref={place} className="rlp-plot" role="img" aria-label={props.label} />;
}
