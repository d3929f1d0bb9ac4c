import * as React from 'react';
import { Shown } from './use_answer';

export interface ITab {
  title: string;
  body(): JSX.Element;
}

export interface ITabsProps<T> {
  label: string;
  tabs: ITab[];
  /** What a person wants to see, and the title of its tab. */
  wanted: T | null;
  titleOf(wanted: T): string;
}

let made = 0;

/**
 * Tabs as the keyboard expects them.
 *
 * A tab is made when it is first opened and then stays as it was left, but asks for nothing while
 * another one is in front.
 */
export function Tabs<T>({ label, tabs, wanted, titleOf }: ITabsProps<T>): JSX.Element {
  const [front, setFront] = React.useState(0);
  React.useEffect(() => {
    const place = wanted ? tabs.findIndex(tab => tab.title === titleOf(wanted)) : -1;
    if (place >= 0) {
      setFront(place);
    }
    // Only what is wanted anew turns to another tab.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wanted]);
  const opened = React.useRef(new Set<number>()).current;
  opened.add(front);
  const [prefix] = React.useState(() => `rlp-tabs-${made++}`);
  const bar = React.useRef<HTMLDivElement>(null);
  const move = (to: number) => {
    const next = (to + tabs.length) % tabs.length;
    setFront(next);
    bar.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const places: Record<string, number> = {
      ArrowRight: front + 1,
      ArrowLeft: front - 1,
      Home: 0,
      End: tabs.length - 1
    };
    const to = places[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    }
  };
  return (
    <div className="rlp-tabs">
      <div ref={bar} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab, i) => (
          <button
            key={tab.title}
            id={`${prefix}-${i}`}
            role="tab"
            aria-selected={i === front}
            aria-controls={opened.has(i) ? `${prefix}-panel-${i}` : undefined}
            tabIndex={i === front ? 0 : -1}
            onClick={() => setFront(i)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      {tabs.map(
        (tab, i) =>
          opened.has(i) && (
            <div
              key={tab.title}
              id={`${prefix}-panel-${i}`}
              role="tabpanel"
              aria-labelledby={`${prefix}-${i}`}
              hidden={i !== front}
            >
              <Body tab={tab} shown={i === front} />
            </div>
          )
      )}
    </div>
  );
}

/** What a tab shows; behind another one it is not drawn anew. */
function Body({ tab, shown }: { tab: ITab; shown: boolean }): JSX.Element {
  const drawn = React.useRef<JSX.Element | null>(null);
  if (shown || !drawn.current) {
    drawn.current = tab.body();
  }
  return <Shown.Provider value={shown}>{drawn.current}</Shown.Provider>;
}
