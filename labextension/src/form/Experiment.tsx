import type { ISignal } from '@lumino/signaling';
import * as React from 'react';
import type { IField, IFields, Values } from '../contract';
import { plural } from '../format';
import type { Requests } from '../request';
import type { INews } from '../revisions';
import { Form } from './Form';
import { FormModel, withField } from './form_model';
import type { IKept } from './Opened';
import { Opened } from './Opened';

export interface IKernel {
  name: string;
  title: string;
}

export interface IExperimentProps {
  requests: Pick<
    Requests,
    | 'root'
    | 'targets'
    | 'fields'
    | 'check'
    | 'submit'
    | 'experimentOf'
    | 'polled'
    | 'readDocument'
    | 'writeDocument'
  >;
  kept: IKept;
  /** The kernels whose Python could submit. */
  kernels(): Promise<IKernel[]>;
  news: ISignal<unknown, INews>;
  /** The run whose values the form begins with; '' for none. */
  from: string;
  submitted(ids: readonly string[]): Promise<void>;
}

/** A new experiment: what to train, on which cluster, by which Python. */
export function Experiment(props: IExperimentProps): JSX.Element {
  const { requests, kept, submitted } = props;
  const send = (trial: boolean) => async (values: Values) => {
    const { ids } = await requests.submit({ ...values, ...(trial ? { trial } : {}) });
    await submitted(ids);
    const more = ids.length > 3 ? ' …' : '.';
    return `${plural(ids.length, 'run')} submitted: ${ids.slice(0, 3).join(', ')}${more}`;
  };
  const actions = [
    {
      label: 'Submit',
      title: 'Start the run, and show it',
      busy: 'Submitting …',
      send: send(false)
    },
    {
      label: 'Try 60 seconds',
      title: 'The same submission, stopped after 60 s of training: a run of its own',
      busy: 'Submitting a run of 60 s …',
      one: true,
      send: send(true)
    }
  ];
  return (
    <Opened make={() => opened(props)} kept={kept} news={props.news}>
      {model => <Form title="New RL experiment" model={model} actions={actions} />}
    </Opened>
  );
}

async function opened({ requests, kernels, from, kept }: IExperimentProps): Promise<FormModel> {
  const names = async (asked: Pick<Requests, 'targets'>) =>
    (await asked.targets()).map(target => target.name);
  const [described, stop, target, targets, root, pythons, run] = await Promise.all([
    requests.fields('experiment'),
    requests.fields('stop'),
    requests.fields('compute_target'),
    names(requests),
    requests.root(),
    kernels(),
    from && !kept.values ? requests.experimentOf(from) : null
  ]);
  const begins = kept.values ?? run?.values ?? described.examples?.[0] ?? {};
  const given = begins['algorithm'];
  // What was typed last may be half a name, which has no settings.
  const known = described['x-choices']?.['algorithm'] ?? [];
  const algorithm =
    typeof given === 'string' && known.includes(given)
      ? given
      : String(described.properties['algorithm']?.default);
  const config = await requests.fields(algorithm);
  const fields = withKernel(described, pythons);
  const other = root.trains_here ? '' : (pythons[0]?.name ?? '');
  const kernel = run?.kernel || other;
  return new FormModel(
    {
      fields,
      values: kernel && !kept.values ? { ...begins, kernel } : begins,
      locked: kept.locked,
      members: { config, stop },
      target,
      targets
    },
    {
      check: ({ kernel, ...values }, signal) =>
        requests.check('experiment', { values, kernel: String(kernel ?? '') }, signal),
      settings: name => requests.fields(name),
      targets: () => names(requests.polled),
      // Which Python submits is no part of an experiment's file.
      read: async (file, { kernel }) => {
        const { values, locked } = await requests.readDocument('experiment', file);
        return { values: kernel === undefined ? values : { ...values, kernel }, locked };
      },
      write: ({ kernel, ...values }, locked) =>
        requests.writeDocument('experiment', { values, locked, kernel: String(kernel ?? '') })
    }
  );
}

/** Asks which Python the run shall use, beside what the experiment itself has. */
function withKernel(fields: IFields, kernels: readonly IKernel[]): IFields {
  const field: Omit<IField, 'x-order'> = {
    title: 'Python',
    description: 'Which Python the run uses; it needs Ray and torch.',
    type: 'string',
    default: '',
    enum: ['', ...kernels.map(one => one.name)],
    'x-titles': {
      '': "The server's own",
      ...Object.fromEntries(kernels.map(k => [k.name, k.title]))
    },
    'x-group': 'Python'
  };
  return withField(fields, 'kernel', field);
}
