// @vitest-environment jsdom
import * as React from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { INewTarget } from '../src/contract';
import { Experiment, Target } from '../src/form';
import { targetFieldOf, targetOf } from '../src/form/target_fields';
import { until } from './fakes';

let place: HTMLElement;
let root: Root;

beforeEach(() => {
  place = document.body.appendChild(document.createElement('div'));
  root = createRoot(place);
});
afterEach(() => {
  root.unmount();
  place.remove();
});

const press = (name: string) =>
  [...place.querySelectorAll('button')].find(button => button.textContent === name)!.click();

test('the form shows its fields, submits them, and shows what the server refuses', async () => {
  const sent: Record<string, unknown>[] = [];
  root.render(
    <Experiment
      start={async () => ({ targets: ['workers'], kernels: [], trainsHere: true })}
      submit={async fields => {
        sent.push(fields);
        throw new Error('environment is not known: CartPole-v9.');
      }}
    />
  );
  await until(() => place.querySelectorAll('input').length > 3);
  expect(place.textContent).toContain('Environment');
  expect(place.textContent).toContain('Compute target of the workers');
  press('Submit');
  await until(() => place.textContent!.includes('environment is not known'));
  expect(sent[0]).toMatchObject({ algorithm: 'IMPALA', worker_nodes: 2 });
});

test('a compute target is made by a form; a refusal stands at its field', async () => {
  const sent: INewTarget[] = [];
  root.render(
    <Target
      start={async () => [
        { name: 'LOCAL_1', cpus: 1, memory_gb: 4, gpus: 0 },
        { name: 'STANDARD_NC12', cpus: 12, memory_gb: 112, gpus: 2 }
      ]}
      create={async target => {
        sent.push(target);
        throw new Error("'' cannot name a compute target: 2 to 24 letters, digits and '-'.");
      }}
    />
  );
  await until(() => place.querySelector('select') !== null);
  const controls = [...place.querySelectorAll('input, select')];
  expect(controls.map(control => control.getAttribute('aria-label'))).toEqual([
    'Name',
    'Size of a node',
    'Nodes at least',
    'Nodes at most',
    'Idle time in seconds'
  ]);
  expect(place.textContent).toContain('STANDARD_NC12 (12 CPUs, 112 GiB, 2 GPUs)');
  press('Create');
  await until(() => place.querySelector('.validationErrors')?.textContent !== '');
  const [wrong] = [...place.querySelectorAll('.form-group')].filter(
    group => group.querySelector('.jp-errorIndicator') && group.querySelector('input')
  );
  expect(sent[0]).toMatchObject({ vm_size: 'LOCAL_1', min_nodes: 0, max_nodes: 2 });
  expect(wrong).toBeTruthy();
});

test("a size of one's own is sent by its parts", () => {
  const values = { name: 'w', vm_size: '', cpus: 2, gpus: undefined, max_nodes: 4 };
  expect(JSON.parse(JSON.stringify(targetOf(values)))).toEqual({
    name: 'w',
    cpus: 2,
    max_nodes: 4
  });
  expect(targetOf({ name: 'w', vm_size: 'LOCAL_1', cpus: 2, max_nodes: 4 })).toEqual({
    name: 'w',
    vm_size: 'LOCAL_1',
    max_nodes: 4
  });
});

test("the server's sentences are put at the fields that they are about", () => {
  const places = {
    "'x!' cannot name a compute target: 2 to 24 letters, digits and '-'.": 'name',
    "There is a compute target 'w' already.": 'name',
    "There is no size 'X'. There are: LOCAL": 'vm_size',
    'min_nodes (3) is greater than max_nodes (2).': 'min_nodes',
    'This server allows at most 4 nodes, not 9.': 'max_nodes',
    'cpus is a whole number from 1 to 1024, not 0.': 'cpus',
    'The Jupyter server does not answer. It is tried again by itself.': ''
  };
  for (const [sentence, field] of Object.entries(places)) {
    expect(targetFieldOf(sentence)).toBe(field);
  }
});
