import { UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { Bar } from '../components/Bar';
import { Badge } from '../components/Badge';
import { Notice } from '../components/Notice';
import type { IMark, IRun } from '../contract';
import type { RunModel } from '../run_model';
import { CommandIDs } from '../tokens';
import { Checkpoints } from './Checkpoints';
import { Children } from './Children';
import { Configuration } from './Configuration';
import { Diagnosis } from './Diagnosis';
import { Episodes } from './Episodes';
import { Facts } from './Facts';
import { Files } from './Files';
import { Logs } from './Logs';
import { Metrics } from './Metrics';
import { Opened, TABS } from './opened';
import { RewardChart } from './RewardChart';
import { Tabs } from './Tabs';
import { Throughput } from './Throughput';

export interface IPageProps {
  model: RunModel;
  commands: CommandRegistry;
  onMenu(x: number, y: number): void;
}

/** A run in the main area, without a notebook. */
export function RunPage(props: IPageProps): JSX.Element {
  return <UseSignal signal={props.model.changed}>{() => <Run {...props} />}</UseSignal>;
}

function Run({ model, commands, onMenu }: IPageProps): JSX.Element {
  const { run, trouble } = model;
  const [opened, setOpened] = React.useState<IMark | null>(null);
  const again = { label: 'Try again', run: () => model.refresh() };
  if (!run || model.gone) {
    const text = trouble || 'The run is being read.';
    return <Notice text={text} tone={trouble ? 'warning' : 'plain'} action={again} />;
  }
  const tabs = [
    { title: 'Logs', body: () => <Logs model={model} /> },
    { title: 'Metrics', body: () => <Metrics model={model} /> },
    { title: 'Throughput', body: () => <Throughput model={model} /> },
    { title: 'Diagnosis', body: () => <Diagnosis model={model} /> },
    { title: 'Episodes', body: () => <Episodes model={model} /> },
    { title: 'Checkpoints', body: () => <Checkpoints model={model} commands={commands} /> },
    { title: 'Files', body: () => <Files model={model} /> },
    { title: 'Configuration', body: () => <Configuration model={model} /> }
  ];
  return (
    <>
      {trouble && <Notice text={trouble} tone="warning" action={again} />}
      <Head run={run} commands={commands} onMenu={onMenu} />
      {run.warnings.map(text => (
        <p key={text} className="rlp-notice rlp-warning">
          <b>Warning:</b> {text}
        </p>
      ))}
      <Failure run={run} />
      <Figures run={run} />
      <Opened.Provider value={opened}>
        <Children model={model} />
        <RewardChart model={model} onMark={mark => setOpened({ ...mark })} />
        <Tabs label="More of the run" tabs={tabs} wanted={opened} titleOf={tabOf} />
      </Opened.Provider>
    </>
  );
}

function tabOf(mark: IMark): string {
  return TABS[mark.kind] ?? '';
}

function Head({ run, commands, onMenu }: { run: IRun } & Omit<IPageProps, 'model'>): JSX.Element {
  const { header, can } = run;
  const id = { id: header.run_id };
  return (
    <header className="rlp-page-head">
      <div className="rlp-page-words">
        <h1 className="rlp-title">
          <span className="rlp-quiet">{header.experiment} / </span>
          {header.name} <Badge badge={header.badge} />
        </h1>
        <div className="rlp-quiet">
          {header.timing} · submitted {header.created}
        </div>
        <div className="rlp-quiet">
          Id <code className="rlp-id">{header.run_id}</code>
        </div>
        {header.message && <div className="rlp-message">{header.message}</div>}
      </div>
      <div className="rlp-buttons">
        <button className="rlp-button" onClick={() => void commands.execute(CommandIDs.insert, id)}>
          Insert into notebook
        </button>
        {can.cancel && (
          <button
            className="rlp-button"
            onClick={() => void commands.execute(CommandIDs.cancel, id)}
          >
            Cancel run
          </button>
        )}
        {can.resume && (
          <button
            className="rlp-button"
            onClick={() => void commands.execute(CommandIDs.resume, id)}
          >
            Resume run
          </button>
        )}
        <button
          className="rlp-button"
          aria-label="More actions"
          aria-haspopup="menu"
          onClick={event => {
            const { left, bottom } = event.currentTarget.getBoundingClientRect();
            onMenu(left, bottom);
          }}
        >
          ⋯
        </button>
      </div>
    </header>
  );
}

function Failure({ run: { failure } }: { run: IRun }): JSX.Element | null {
  if (!failure) {
    return null;
  }
  return (
    <section className="rlp-failure" aria-label="Why it failed">
      <b>{failure.sentence}</b>
      {failure.place && <div className="rlp-quiet">{failure.place}</div>}
      {failure.traceback.length > 0 && <pre tabIndex={0}>{failure.traceback.join('\n')}</pre>}
    </section>
  );
}

function Figures({ run }: { run: IRun }): JSX.Element {
  return (
    <>
      <Facts facts={run.facts} />
      {run.limit && <p className="rlp-hint">{run.limit}</p>}
      {run.criteria.length > 0 && (
        <div className="rlp-criteria">
          {run.criteria.map(one => (
            <div key={one.name} className="rlp-criterion">
              {one.text}
              <Bar fraction={one.fraction ?? 0} label={one.text} />
            </div>
          ))}
        </div>
      )}
    </>
  );
}
