/** The fields of a new compute target: their words, order, bounds, and what the server is sent. */

import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import type { INewTarget, ISize } from '../contract';
import { plural } from '../format';
import { fieldOf } from './fields';

export interface ITargetValues {
  name?: string;
  /** '' for a size of one's own, by `cpus`, `gpus` and `memory_gb`. */
  vm_size?: string;
  cpus?: number;
  gpus?: number;
  memory_gb?: number;
  min_nodes?: number;
  max_nodes?: number;
  idle_seconds_before_scaledown?: number;
}

export const FIRST_TARGET: ITargetValues = {
  name: '',
  vm_size: '',
  min_nodes: 0,
  max_nodes: 2,
  idle_seconds_before_scaledown: 120
};

const OWN = {
  cpus: { type: 'integer', title: 'CPUs', description: 'Logical CPUs of each node.' },
  gpus: { type: 'integer', title: 'GPUs', description: 'GPUs of each node.' },
  memory_gb: {
    type: 'number',
    title: 'Memory in GiB',
    description: 'Of each node; by default 4 GiB for each CPU.'
  }
} as const;

export function targetSchema(sizes: readonly ISize[], own: boolean): RJSFSchema {
  return {
    type: 'object',
    properties: {
      name: { type: 'string', title: 'Name', description: "2 to 24 letters, digits and '-'." },
      vm_size: {
        type: 'string',
        title: 'Size of a node',
        oneOf: [
          ...sizes.map(size => ({ const: size.name, title: `${size.name} (${about(size)})` })),
          { const: '', title: 'A size of my own' }
        ]
      },
      ...(own ? OWN : {}),
      min_nodes: {
        type: 'integer',
        title: 'Nodes at least',
        description: 'Kept ready, also when idle.'
      },
      max_nodes: { type: 'integer', title: 'Nodes at most' },
      idle_seconds_before_scaledown: {
        type: 'integer',
        title: 'Idle time in seconds',
        description: 'How long an idle node is kept before it is given back.'
      }
    }
  };
}

function about({ cpus, memory_gb, gpus }: ISize): string {
  const parts = [plural(cpus, 'CPU'), `${memory_gb} GiB`, ...(gpus ? [plural(gpus, 'GPU')] : [])];
  return parts.join(', ');
}

export const TARGET_UI: UiSchema<ReadonlyJSONObject> = {
  'ui:submitButtonOptions': { norender: true }
};

/** What the server is sent: what is given, and of a size only its name or its parts. */
export function targetOf(values: ITargetValues): INewTarget {
  const { vm_size, cpus, gpus, memory_gb, ...rest } = values;
  const size = vm_size ? { vm_size } : { cpus, gpus, memory_gb };
  // What is left out is undefined and does not travel: the server says what is missing.
  return { ...rest, ...size } as INewTarget;
}

/** What sentences speak of that do not name a field. */
const SUBJECTS: readonly (readonly [RegExp, string])[] = [
  [/compute target/, 'name'],
  [/\bsize\b/, 'vm_size'],
  [/\bnodes\b/, 'max_nodes']
];

/** The field that a sentence of the server is about; '' for none. */
export function targetFieldOf(sentence: string): string {
  const named = fieldOf(sentence, [...Object.keys(FIRST_TARGET), ...Object.keys(OWN)]);
  return named || (SUBJECTS.find(([subject]) => subject.test(sentence))?.[1] ?? '');
}
