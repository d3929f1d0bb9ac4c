import * as React from 'react';

export interface ITab {
  title: string;
  body(): JSX.Element;
}

let made = 0;

/** Tabs as the keyboard expects them; only the one in front is there, so the others ask nothing. */
export function Tabs({ label, tabs }: { label: string; tabs: ITab[] }): JSX.Element {
  const [front, setFront] = React.useState(0);
  const [prefix] = React.useState(() => `rlw-tabs-${made++}`);
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
    <div className="rlw-tabs">
      <div ref={bar} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab, i) => (
          <button
            key={tab.title}
            id={`${prefix}-${i}`}
            role="tab"
            aria-selected={i === front}
            aria-controls={`${prefix}-panel`}
            tabIndex={i === front ? 0 : -1}
            onClick={() => setFront(i)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div id={`${prefix}-panel`} role="tabpanel" aria-labelledby={`${prefix}-${front}`}>
        <React.Fragment key={front}>{tabs[front]?.body()}</React.Fragment>
      </div>
    </div>
  );
}
