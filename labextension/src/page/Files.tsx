import * as React from 'react';
import { bytes, plural } from '../format';
import type { RunModel } from '../run_model';
import { useAnswer } from './use_answer';

/** Files that are listed at most. */
const SHOWN = 500;

/** The files of a run, each to be downloaded. */
export function Files({ model }: { model: RunModel }): JSX.Element {
  const [search, setSearch] = React.useState('');
  const { value, trouble } = useAnswer(
    signal => model.requests.files(model.id, signal),
    model.id,
    Math.floor(model.tick / 10)
  );
  if (trouble) {
    return <p className="rlw-notice rlw-warning">{trouble}</p>;
  }
  if (!value) {
    return <p className="rlw-hint">The files are being looked at.</p>;
  }
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = value.files.filter(file =>
    words.every(w => file.path.toLowerCase().includes(w))
  );
  const summary = value.summary ?? `${plural(value.files.length, 'file')}, ${bytes(value.bytes)}`;
  return (
    <>
      <p className="rlw-hint">{summary}</p>
      <input
        type="search"
        className="rlw-search"
        placeholder="Search files"
        aria-label="Search files"
        value={search}
        onChange={event => setSearch(event.target.value)}
      />
      <ul className="rlw-files">
        {matching.slice(0, SHOWN).map(file => (
          <li key={file.path}>
            <a href={model.requests.fileUrl(model.id, file.path, true)} download>
              {file.text ?? `${file.path}  (${bytes(file.size)})`}
            </a>
          </li>
        ))}
      </ul>
      {matching.length > SHOWN && (
        <p className="rlw-hint">
          {SHOWN} of {plural(matching.length, 'file')} are listed.
        </p>
      )}
    </>
  );
}
