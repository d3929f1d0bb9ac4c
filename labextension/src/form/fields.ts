/** The fields of a new experiment: their words, order, bounds, and what the server is sent. */

import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';

export interface IChoices {
  targets: string[];
  kernels: { name: string; title: string }[];
  /** Whether the server's own Python has what trains. */
  trainsHere: boolean;
}

export interface IValues {
  experiment: string;
  environment: string;
  algorithm: string;
  reward?: number;
  seconds?: number;
  worker_nodes: number;
  head_target: string;
  worker_target: string;
  seed?: number;
  config: string;
  kernel: string;
}

/** What trains CartPole in a few minutes on any machine. */
export const FIRST: IValues = {
  experiment: 'quickstart',
  environment: 'CartPole-v1',
  algorithm: 'IMPALA',
  reward: 150,
  seconds: 600,
  worker_nodes: 2,
  head_target: '',
  worker_target: '',
  config: '{"num_workers": 2}',
  kernel: ''
};

export function schemaOf({ targets, kernels, trainsHere }: IChoices): RJSFSchema {
  const target = (title: string) => ({
    type: 'string' as const,
    title,
    oneOf: [
      { const: '', title: 'Nodes of this machine' },
      ...targets.map(name => ({ const: name, title: name }))
    ]
  });
  const own = trainsHere ? [{ const: '', title: "The server's own" }] : [];
  return {
    type: 'object',
    required: ['experiment', 'environment', 'algorithm'],
    properties: {
      experiment: { type: 'string', title: 'Experiment' },
      environment: {
        type: 'string',
        title: 'Environment',
        description: 'A name of Gymnasium, such as CartPole-v1 or PongNoFrameskip-v4.'
      },
      algorithm: {
        type: 'string',
        title: 'Algorithm',
        description: 'A name of RLlib, such as IMPALA, APPO, PPO or DQN.'
      },
      reward: { type: 'number', title: 'Stop at a mean episode reward of' },
      seconds: { type: 'integer', title: 'Stop after seconds', minimum: 1 },
      head_target: target('Compute target of the head'),
      worker_nodes: { type: 'integer', title: 'Worker nodes', minimum: 0 },
      worker_target: target('Compute target of the workers'),
      seed: { type: 'integer', title: 'Seed', minimum: 0 },
      config: {
        type: 'string',
        title: 'Settings of RLlib',
        description: 'As JSON; names of RLlib 0.8.3 or 2.60.'
      },
      kernel: {
        type: 'string',
        title: 'Python',
        description: 'Which Python the run uses; it needs Ray and torch.',
        oneOf: [...own, ...kernels.map(({ name, title }) => ({ const: name, title }))]
      }
    }
  };
}

export const UI: UiSchema<ReadonlyJSONObject> = {
  'ui:submitButtonOptions': { norender: true },
  config: { 'ui:widget': 'textarea' }
};

/** What the server is sent. Raises a sentence where the settings are no JSON. */
export function requestOf(values: IValues): Record<string, unknown> {
  const { experiment, environment, algorithm, worker_nodes, head_target, worker_target } = values;
  const stop: Record<string, number> = {};
  if (values.reward !== undefined) {
    stop['episode_reward_mean'] = values.reward;
  }
  if (values.seconds !== undefined) {
    stop['time_total_s'] = values.seconds;
  }
  return {
    experiment,
    environment,
    algorithm,
    config: settingsOf(values.config),
    stop,
    worker_nodes,
    ...(values.seed === undefined ? {} : { seed: values.seed }),
    ...(head_target ? { head_target } : {}),
    ...(worker_target ? { worker_target } : {}),
    ...(values.kernel ? { kernel: values.kernel } : {})
  };
}

function settingsOf(text: string | undefined): unknown {
  if (!text?.trim()) {
    return {};
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw new Error(`Settings of RLlib are JSON, such as {"num_workers": 2}: ${why}.`);
  }
}

/** The field whose name a sentence begins with or has in quotes; '' where there is none. */
export function fieldOf(sentence: string, fields: readonly string[]): string {
  const named = /^(\w+)\b|'(\w+)'/g;
  for (const [, first, quoted] of sentence.matchAll(named)) {
    const name = first ?? quoted ?? '';
    if (fields.includes(name)) {
      return name;
    }
  }
  return '';
}
