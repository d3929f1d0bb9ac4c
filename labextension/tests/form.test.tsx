// @vitest-environment jsdom
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, test } from 'vitest';
import { Experiment } from '../src/form';
import { until } from './fakes';

const place = document.body.appendChild(document.createElement('div'));
const root = createRoot(place);
afterEach(() => root.unmount());

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
  [...place.querySelectorAll('button')].find(b => b.textContent === 'Submit')!.click();
  await until(() => place.textContent!.includes('environment is not known'));
  expect(sent[0]).toMatchObject({ algorithm: 'IMPALA', worker_nodes: 2 });
});
