import * as React from 'react';
import type { ICurve, IMark } from '../contract';
import { number } from '../format';
import { sorted } from './columns';
import { Plot } from './plot';
import type { IWindow } from './plot';

export interface IChartProps {
  curve: ICurve;
  /** A line beside it, in the same frame. */
  beside?: ICurve | undefined;
  /** The chart in a sentence, for those who do not see it. */
  label: string;
  unit: string;
  goal: number | null;
  events: readonly IMark[];
  height: number;
  /** Told what a person has zoomed to; null is the whole run. */
  onZoom?: (window: IWindow | null) => void;
  /** Told which point is under the cursor; with it the arrow keys move the cursor. */
  onCursor?: (index: number | null) => void;
  /** Told the mark that was clicked. */
  onMark?: (mark: IMark) => void;
}

/** A curve with its band, target and events, drawn by uPlot; it follows the width it is given. */
export function Chart(props: IChartProps): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  const plot = React.useRef<Plot | null>(null);
  const { curve, beside, unit, goal, events, onZoom, onCursor, onMark, height } = props;
  /** The points as they are drawn, by growing x. */
  const points = React.useMemo(() => sorted(curve, false), [curve]);
  /** Where the keyboard has put the cursor: its x, which stays when points are added. */
  const held = React.useRef<number | null>(null);
  const [said, setSaid] = React.useState('');
  const hint = React.useId();

  const told = (at: number | null) => onCursor?.(at === null ? null : (points.order[at] ?? null));
  const handlers = React.useRef({ onZoom, told, onMark });
  handlers.current = { onZoom, told, onMark };

  React.useEffect(() => {
    const node = place.current;
    if (!node) {
      return;
    }
    const made = new Plot(node, height, {
      zoom: window => handlers.current.onZoom?.(window),
      cursor: at => handlers.current.told(at),
      mark: mark => handlers.current.onMark?.(mark),
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

  React.useEffect(() => {
    plot.current?.draw(curve, unit, goal, events, beside);
    if (held.current !== null) {
      plot.current?.point(held.current);
    }
  }, [curve, beside, unit, goal, events, height]);

  const put = (at: number | null) => {
    const x = at === null ? null : (points.x[at] ?? null);
    held.current = x;
    plot.current?.point(x);
    told(x === null ? null : at);
    setSaid(x === null ? '' : words(curve, unit, points.order[at ?? 0] ?? 0));
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const last = points.x.length - 1;
    const here = held.current === null ? -1 : points.x.indexOf(held.current);
    const places: Record<string, number> = {
      // It begins at the newest point.
      ArrowLeft: here < 0 ? last : Math.max(0, here - 1),
      ArrowRight: here < 0 ? last : Math.min(last, here + 1),
      Home: 0,
      End: last
    };
    const to = event.key === 'Escape' ? null : places[event.key];
    const others = event.altKey || event.ctrlKey || event.metaKey;
    if (to !== undefined && !others && last >= 0) {
      event.preventDefault();
      put(to);
    }
  };
  const release = () => {
    if (held.current !== null) {
      put(null);
    }
  };
  const keys = onCursor && {
    tabIndex: 0,
    'aria-describedby': hint,
    onKeyDown,
    onBlur: release,
    // The mouse takes the cursor over.
    onPointerMove: () => {
      held.current = null;
    }
  };
  return (
    <>
      <div ref={place} className="rlp-plot" role="img" aria-label={props.label} {...keys} />
      {onCursor && (
        <>
          <span id={hint} hidden>
            The left and right arrow keys go from point to point.
          </span>
          <span className="rlp-unseen" role="status">
            {said}
          </span>
        </>
      )}
    </>
  );
}

/** A point of a curve as it is read out. */
function words({ x, y, low, high }: ICurve, unit: string, i: number): string {
  const band = low && high ? `, ${number(low[i])} to ${number(high[i])}` : '';
  return `${unit} ${(x[i] ?? 0).toLocaleString('en-US')}: ${number(y[i])}${band}`;
}
