/** Fields as the server describes them, few of each kind, and a server that remembers questions. */

import type { IChecked, IDocument, IField, IFields, Values } from '../src/contract';
import type { IFormServer } from '../src/form/form_model';
import { FormModel } from '../src/form/form_model';

let order = 0;

export function field(change: Partial<IField> = {}): IField {
  return {
    title: 'A field',
    description: '',
    type: 'string',
    'x-order': (order += 1),
    'x-group': 'Training',
    ...change
  };
}

function described(title: string, properties: Record<string, IField>, more = {}): IFields {
  return { title, description: `${title}.`, properties, ...more };
}

export const TARGET = described(
  'Compute target',
  {
    name: field({ title: 'Name', 'x-group': 'Name' }),
    vm_size: field({
      title: 'Size',
      type: 'string',
      default: '',
      enum: ['', 'LOCAL_1'],
      'x-sizes': [{ name: 'LOCAL_1', cpus: 1, memory_gb: 4, gpus: 0 }],
      'x-group': 'Size of a node'
    }),
    gpus: field({ title: 'GPUs', type: 'integer', default: 0, 'x-group': 'Size of a node' }),
    tags: field({ title: 'Tags', type: ['object', 'null'], 'x-advanced': true, 'x-group': 'More' })
  },
  { examples: [{ name: 'my-nodes', vm_size: 'LOCAL_1' }] }
);

export const SETTINGS = described(
  'Settings of IMPALA',
  {
    lr: field({ title: 'Learning rate', type: ['number', 'array', 'null'] }),
    num_epochs: field({ title: 'Epochs', type: ['integer', 'null'] }),
    vtrace: field({ title: 'vtrace', type: ['boolean', 'null'], 'x-advanced': true }),
    broadcast_interval: field({
      title: 'broadcast_interval',
      description: 'How often weights are sent.',
      type: ['integer', 'null'],
      'x-advanced': true
    })
  },
  { 'x-choices': { preset: ['impala-cartpole'] } }
);

export const EXPERIMENT = described(
  'Experiment',
  {
    experiment: field({ title: 'Experiment', examples: ['quickstart'], 'x-group': 'Experiment' }),
    environment: field({ title: 'Environment', description: 'A name of Gymnasium.' }),
    algorithm: field({ title: 'Algorithm', default: 'IMPALA' }),
    preset: field({ title: 'Preset', type: ['string', 'null'] }),
    config: field({ title: 'Settings', type: ['object', 'string', 'null'] }),
    seeds: field({
      title: 'Seeds',
      type: ['array', 'integer', 'null'],
      items: { type: 'integer' },
      examples: [[1, 2, 3]]
    }),
    checkpoint_freq: field({
      title: 'Checkpoint every',
      type: ['integer', 'null'],
      'x-unit': 'iterations',
      'x-group': 'What is kept'
    }),
    checkpoint_at_end: field({ title: 'Checkpoint at the end', type: 'boolean', default: false }),
    head_target: field({
      title: 'Compute target of the head',
      type: ['string', 'object', 'null'],
      'x-kind': 'compute_target',
      'x-group': 'Cluster'
    }),
    use_gpu: field({ title: 'Head uses GPUs', type: ['boolean', 'null'], 'x-group': 'Cluster' }),
    pip_packages: field({
      title: 'pip packages',
      type: ['array', 'null'],
      items: { type: 'string' },
      'x-advanced': true,
      'x-group': 'Packages and variables'
    })
  },
  {
    examples: [{ experiment: 'quickstart', environment: 'CartPole-v1' }],
    'x-choices': { environment: ['CartPole-v1'], algorithm: ['IMPALA', 'PPO'] }
  }
);

export function checked(change: Partial<IChecked> = {}): IChecked {
  return { errors: {}, notes: [], code: 'code', picture: null, defaults: {}, ...change };
}

/** A server of one form: `says` is asked for each answer. */
export class FakeFormServer implements IFormServer {
  constructor(public says: (values: Values) => Partial<IChecked> = () => ({})) {}

  asked: Values[] = [];
  names = ['local', 'workers'];

  check = async (values: Values): Promise<IChecked> => {
    this.asked.push(values);
    return checked(this.says(values));
  };

  settings = async (name: string): Promise<IFields> => ({
    ...SETTINGS,
    title: name,
    properties: { lr: field({ title: `Learning rate of ${name}`, type: ['number', 'null'] }) }
  });

  targets = async () => this.names;

  /** What a file has; an error is its refusal. */
  file: IDocument | Error = { values: {}, locked: [] };
  opened: { name: string; data: string }[] = [];

  read = async (file: { name: string; data: string }): Promise<IDocument> => {
    this.opened.push(file);
    if (this.file instanceof Error) {
      throw this.file;
    }
    return this.file;
  };

  write = async (values: Values, locked: readonly string[]) => ({
    name: 'experiment.yaml',
    text: JSON.stringify({ locked, ...values })
  });
}

export function experimentModel(server: IFormServer, values?: Values): FormModel {
  const parts = {
    fields: EXPERIMENT,
    values: values ?? EXPERIMENT.examples![0]!,
    members: { config: SETTINGS },
    target: TARGET,
    targets: ['local', 'workers']
  };
  return new FormModel(parts, server, 1);
}
