import * as React from 'react';
import { plural } from '../format';
import type { ILogPage, ISegment } from '../contract';
import type { RunModel } from '../run_model';
import { LiveLog } from './live_log';
import { useAnswer } from './use_answer';

/** Lines of one page. */
const LINES = 500;

/** A log at a time: its newest lines as they come, or an earlier page that stays. */
export function Logs({ model }: { model: RunModel }): JSX.Element {
  const files = useAnswer(
    model,
    (requests, signal) => requests.logs(model.id, signal),
    model.id,
    // New files come seldom.
    model.paced(5)
  );
  const [chosen, setChosen] = React.useState('');
  const [line, setLine] = React.useState<number | undefined>(undefined);
  const file = chosen || files.value?.[0]?.name || '';
  if (files.trouble) {
    return <p className="rlp-notice rlp-warning">{files.trouble}</p>;
  }
  if (!file) {
    return <p className="rlp-hint">There is no log yet; the script has not begun.</p>;
  }
  return (
    <>
      <div className="rlp-choices">
        <select
          aria-label="Log"
          value={file}
          onChange={event => {
            setChosen(event.target.value);
            setLine(undefined);
          }}
        >
          {files.value?.map(one => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
        </select>
        <a href={model.requests.fileUrl(model.id, file, true)} download>
          Download
        </a>
      </div>
      <Page model={model} file={file} line={line} onLine={setLine} />
    </>
  );
}

interface IPageProps {
  model: RunModel;
  file: string;
  /** The first line that is shown; undefined follows the end. */
  line: number | undefined;
  onLine(line: number | undefined): void;
}

function Page({ model, file, line, onLine }: IPageProps): JSX.Element {
  const follows = line === undefined;
  const live = React.useMemo(() => new LiveLog(model.id, LINES), [model]);
  const { value, trouble } = useAnswer(
    model,
    (requests, signal) =>
      follows
        ? live.read(requests, file, signal)
        : requests.logPage(model.id, file, line, LINES, signal),
    `${file}\n${line}`,
    // A page that was asked for stays as it is.
    follows ? model.tick : 0
  );
  const pane = React.useRef<HTMLDivElement>(null);
  // Whoever scrolls back reads on undisturbed, until the end is in sight again.
  const atEnd = React.useRef(true);
  React.useEffect(() => {
    atEnd.current = follows;
  }, [file, follows]);
  React.useEffect(() => {
    if (atEnd.current && pane.current) {
      pane.current.scrollTop = pane.current.scrollHeight;
    }
  }, [value, follows]);
  if (trouble) {
    return <p className="rlp-notice rlp-warning">{trouble}</p>;
  }
  if (value?.file !== file) {
    return <p className="rlp-hint">The log is being read.</p>;
  }
  const later = value.first + value.lines.length;
  return (
    <>
      <div className="rlp-choices">
        <button
          className="rlp-button"
          disabled={value.first <= FIRST}
          onClick={() => onLine(Math.max(FIRST, value.first - LINES))}
        >
          Earlier
        </button>
        <button
          className="rlp-button"
          disabled={follows || value.at_end}
          onClick={() => onLine(later)}
        >
          Later
        </button>
        <button
          className={`rlp-toggle${follows ? ' rlp-on' : ''}`}
          aria-pressed={follows}
          onClick={() => onLine(follows ? Math.max(value.first, later - LINES) : undefined)}
        >
          Follow
        </button>
        <span className="rlp-quiet">{where(value)}</span>
      </div>
      <div
        ref={pane}
        className="rlp-log"
        role="log"
        aria-live="off"
        tabIndex={0}
        aria-label={file}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = follows && scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        <pre>
          {value.lines.map((segments, i) => (
            <Line key={value.first + i} segments={segments} />
          ))}
        </pre>
      </div>
    </>
  );
}

/** The number of a log's first line, as the server counts. */
const FIRST = 0;

function where(page: ILogPage): string {
  const last = page.first + page.lines.length;
  const lines = `Lines ${page.first + 1} to ${last}`;
  return page.total_lines === null ? lines : `${lines} of ${plural(page.total_lines, 'line')}`;
}

const Line = React.memo(function Line({ segments }: { segments: ISegment[] }): JSX.Element {
  return (
    <>
      {segments.map((piece, i) =>
        piece.colour || piece.bold ? (
          <span key={i} className={styleOf(piece)}>
            {piece.text}
          </span>
        ) : (
          piece.text
        )
      )}
      {'\n'}
    </>
  );
});

function styleOf(piece: ISegment): string {
  const names = piece.colour ? [`rlp-ansi-${piece.colour}`] : [];
  return [...names, ...(piece.bold ? ['rlp-bold'] : [])].join(' ');
}
