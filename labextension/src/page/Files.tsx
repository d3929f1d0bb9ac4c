import * as React from 'react';
import type { IRunFile } from '../contract';
import { plural } from '../format';
import type { RunModel } from '../run_model';
import { Answer } from './Answer';
import { matching } from './search';

/** Files that are listed at most. */
const SHOWN = 500;

/** The files of a run, each to be downloaded. */
export function Files({ model }: { model: RunModel }): JSX.Element {
  const [search, setSearch] = React.useState('');
  return (
    <Answer
      model={model}
      every={10}
      waiting="The files are being looked at."
      ask={(requests, id, signal) => requests.files(id, signal)}
    >
      {({ files, summary }) => (
        <>
          <p className="rlp-hint">{summary}</p>
          <input
            type="search"
            className="rlp-search"
            placeholder="Search files"
            aria-label="Search files"
            value={search}
            onChange={event => setSearch(event.target.value)}
          />
          <FileLinks
            model={model}
            label="Files of the run"
            files={matching(files, search, file => file.path)}
          />
        </>
      )}
    </Answer>
  );
}

export interface IFileLinksProps {
  model: RunModel;
  label: string;
  files: readonly IRunFile[];
}

/** A link for each file that downloads it. */
export function FileLinks({ model, label, files }: IFileLinksProps): JSX.Element {
  if (!files.length) {
    return <p className="rlp-hint">There is no such file.</p>;
  }
  return (
    <>
      <ul className="rlp-files" aria-label={label}>
        {files.slice(0, SHOWN).map(file => (
          <li key={file.path}>
            <a href={model.requests.fileUrl(model.id, file.path, true)} download title={file.path}>
              {file.text}
            </a>
          </li>
        ))}
      </ul>
      {files.length > SHOWN && (
        <p className="rlp-hint">
          {SHOWN} of {plural(files.length, 'file')} are listed: search for the others.
        </p>
      )}
    </>
  );
}
