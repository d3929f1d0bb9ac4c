import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import type { ICheckpoint, ICheckpoints } from '../contract';
import type { RunModel } from '../run_model';
import { CommandIDs } from '../tokens';
import { Answer } from './Answer';
import { FileLinks } from './Files';
import { useOpened } from './opened';
import { Table } from './Table';

const HEADS = [
  'Checkpoint',
  'Mean reward',
  'Iteration',
  'Env steps',
  'Saved',
  'Size',
  'Attempt',
  'Files'
];

export interface ICheckpointsProps {
  model: RunModel;
  commands: CommandRegistry;
}

/** The checkpoints of a run, to go on from and to take along. */
export function Checkpoints({ model, commands }: ICheckpointsProps): JSX.Element {
  return (
    <Answer
      model={model}
      every={5}
      waiting="The checkpoints are being looked for."
      ask={(requests, id, signal) => requests.checkpoints(id, signal)}
    >
      {found => (
        <>
          <p className="rlp-hint">{found.message || found.summary}</p>
          <Resume model={model} commands={commands} found={found} />
          {found.rows.length > 0 && <Rows model={model} rows={found.rows} />}
        </>
      )}
    </Answer>
  );
}

function Resume(props: ICheckpointsProps & { found: ICheckpoints }): JSX.Element | null {
  const { model, commands, found } = props;
  const can = found.resumable && model.run?.can.resume;
  if (!can && !found.resume_text) {
    return null;
  }
  return (
    <>
      <p>
        {found.resume_text}{' '}
        {can && (
          <button
            className="rlp-button"
            onClick={() => void commands.execute(CommandIDs.resume, { id: model.id })}
          >
            Resume from the newest
          </button>
        )}
      </p>
      {!can && <pre className="rlp-code">{found.resume_code}</pre>}
    </>
  );
}

function Rows({ model, rows }: { model: RunModel; rows: readonly ICheckpoint[] }): JSX.Element {
  const [open, setOpen] = React.useState('');
  const row = rows.find(one => one.path === open && one.exists);
  return (
    <>
      <Table label="Checkpoints, newest first" heads={HEADS}>
        {rows.map(one => (
          <CheckpointRow key={`${one.path} ${one.attempt}`} row={one}>
            <th scope="row">
              {one.name} <span className="rlp-quiet">{marks(one)}</span>
            </th>
            <td>{one.reward}</td>
            <td>{one.iteration}</td>
            <td>{one.env_steps}</td>
            <td>{one.time}</td>
            <td>{one.size_text}</td>
            <td>{one.attempt}</td>
            <td>
              {one.exists && (
                <button
                  className={`rlp-toggle${one === row ? ' rlp-on' : ''}`}
                  aria-expanded={one === row}
                  aria-label={`Files of ${one.name}`}
                  onClick={() => setOpen(one === row ? '' : one.path)}
                >
                  Show
                </button>
              )}
            </td>
          </CheckpointRow>
        ))}
      </Table>
      {row && (
        <Answer
          key={row.path}
          model={model}
          every={Infinity}
          waiting="Its files are being looked for."
          ask={(requests, id, signal) => requests.files(id, signal)}
        >
          {({ files }) => (
            <FileLinks
              model={model}
              label={`Files of ${row.name}`}
              files={files.filter(file => file.path.startsWith(`${row.path}/`))}
            />
          )}
        </Answer>
      )}
    </>
  );
}

/** A row, marked while it is the one that was opened by its mark on the curve. */
function CheckpointRow(props: { row: ICheckpoint; children: React.ReactNode }): JSX.Element {
  const { opened, ref } = useOpened<HTMLTableRowElement>('checkpoint', props.row.path);
  const classes = [opened && 'rlp-chosen', !props.row.exists && 'rlp-gone'].filter(Boolean);
  return (
    <tr ref={ref} className={classes.join(' ')} aria-current={opened || undefined}>
      {props.children}
    </tr>
  );
}

function marks(row: ICheckpoint): string {
  const words = row.exists ? [row.best && 'best', row.last && 'newest'] : ['deleted'];
  return words.filter(Boolean).join(', ');
}
