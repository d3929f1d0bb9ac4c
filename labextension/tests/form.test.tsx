// @vitest-environment jsdom
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { IFields, Values } from '../src/contract';
import { Experiment, Target } from '../src/form';
import type { IKept } from '../src/form/Opened';
import { RequestError } from '../src/request';
import type { Requests } from '../src/request';
import type { INews } from '../src/revisions';
import { until } from './fakes';
import { EXPERIMENT, SETTINGS, TARGET, checked } from './form_fixtures';

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

const news = new Signal<unknown, INews>({});
const kept: IKept = { values: null, locked: [], keep: () => undefined };

const button = (name: string) =>
  [...place.querySelectorAll('button')].find(one => one.textContent === name)!;

/** The control that a label is for. */
function control(name: string): HTMLInputElement {
  const label = [...place.querySelectorAll('label')].find(one => one.textContent === name);
  return document.getElementById(label!.htmlFor) as HTMLInputElement;
}

function type(name: string, text: string): void {
  const input = control(name);
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value')!;
  set!.call(input, text);
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

const described: Record<string, IFields> = {
  experiment: EXPERIMENT,
  stop: { ...SETTINGS, properties: {} },
  compute_target: TARGET,
  IMPALA: SETTINGS
};

function server(sent: Values[] = []) {
  const made = {
    root: async () => ({ trains_here: true }) as never,
    targets: async () => [{ name: 'local' }] as never,
    fields: async (kind: string) => described[kind]!,
    check: async (_: string, { values }: { values: Values }) =>
      checked(
        values['checkpoint_freq'] === 'often'
          ? { errors: { checkpoint_freq: "checkpoint_freq is a whole number, not 'often'." } }
          : {
              notes: ['1 + 1 = 2 rollout workers.'],
              code: 'exp.submit()',
              picture: { text: 'A head.', svg: '<svg><title>A head.</title></svg>' },
              defaults: { lr: 0.0005 }
            }
      ),
    submit: async (values: Values) => {
      sent.push(values);
      return { id: 'a', ids: ['a'], code: '' };
    },
    experimentOf: async () => ({
      values: { experiment: 'again', environment: 'CartPole-v1' },
      kernel: 'other'
    }),
    readDocument: async (kind: string, { name, data }: { name: string; data: string }) => {
      if (atob(data) !== 'good') {
        throw new RequestError(`${name}, line 2, column 1: There is no field 'x'.`, 400);
      }
      const values: Values = { experiment: `of-${kind}`, environment: 'CartPole-v1' };
      return { values, locked: ['environment', 'config.lr'] };
    },
    writeDocument: async (_: string, body: object) => ({
      name: 'experiment.yaml',
      text: JSON.stringify(body)
    })
  };
  return { ...made, polled: made as unknown as Requests };
}

test('a form is checked as one types, and sent as it stands', async () => {
  const sent: Values[] = [];
  const opened: string[] = [];
  root.render(
    <Experiment
      requests={server(sent)}
      kernels={async () => [{ name: 'other', title: 'Other Python' }]}
      news={news}
      kept={kept}
      from=""
      submitted={async ids => void opened.push(...ids)}
    />
  );
  await until(() => button('Submit')?.disabled === false);
  const groups = [...place.querySelectorAll('fieldset > legend')].map(one => one.textContent);
  expect(groups).toEqual(['Experiment', 'Training', 'What is kept', 'Cluster', 'Python']);
  expect(place.textContent).toContain('1 + 1 = 2 rollout workers.');
  expect(place.querySelector('svg title')?.textContent).toBe('A head.');
  expect(place.querySelector('pre')?.textContent).toBe('exp.submit()');
  expect(control('Learning rate').placeholder).toBe('0.0005');
  expect(control('Python').textContent).toBe("The server's ownOther Python");

  type('Checkpoint every', 'often');
  await until(() => place.querySelector('.rlp-wrong') !== null);
  const wrong = control('Checkpoint every');
  expect(wrong.getAttribute('aria-invalid')).toBe('true');
  const describedBy = wrong.getAttribute('aria-describedby')!.split(' ');
  const said = describedBy.map(id => document.getElementById(id)?.textContent ?? '').join(' ');
  expect(said).toContain("checkpoint_freq is a whole number, not 'often'.");
  expect(said).toContain('iterations');
  expect(button('Submit').disabled).toBe(true);
  expect(place.querySelector('pre')).toBe(null);
  button('Go to the first').click();
  expect(document.activeElement).toBe(wrong);

  type('Checkpoint every', '5');
  await until(() => button('Submit').disabled === false);
  expect(wrong.getAttribute('aria-invalid')).toBe('false');
  button('Try 60 seconds').click();
  await until(() => opened.length === 1);
  const values = { experiment: 'quickstart', environment: 'CartPole-v1', checkpoint_freq: 5 };
  expect(sent).toEqual([{ ...values, trial: true }]);
  await until(() => place.textContent!.includes('1 run submitted: a.'));
});

test('what was typed is kept, also when it is submitted, and is there when the form is opened again', async () => {
  const told: (Values | null)[] = [];
  const draw = (values: Values | null) =>
    root.render(
      <Experiment
        key={JSON.stringify(values)}
        requests={server()}
        kernels={async () => []}
        news={news}
        kept={{ values, locked: [], keep: typed => void told.push(typed) }}
        from="a"
        submitted={async () => undefined}
      />
    );
  draw(null);
  await until(() => button('Submit')?.disabled === false);
  expect([control('Experiment').value, told]).toEqual(['again', []]);
  type('Experiment', 'mine');
  await until(() => told.length === 1);
  expect(told[0]).toMatchObject({ experiment: 'mine', kernel: 'other' });
  const [typed] = told;
  draw(typed!);
  await until(() => button('Submit')?.disabled === false && control('Experiment').value === 'mine');
  expect(told.length).toBe(1);
  for (const action of ['Try 60 seconds', 'Submit']) {
    type('Experiment', `${action} it`);
    await until(() => button(action).disabled === false);
    button(action).click();
    await until(() => place.textContent!.includes('1 run submitted'));
  }
  expect(told.length).toBe(3);
  expect(told[2]).toMatchObject({ experiment: 'Submit it', kernel: 'other' });
});

test('each control has its label, and no two the same id', async () => {
  root.render(
    <Experiment
      requests={server()}
      kernels={async () => []}
      news={news}
      kept={kept}
      from="a"
      submitted={async () => undefined}
    />
  );
  await until(() => place.querySelectorAll('input').length > 3);
  expect(control('Experiment').value).toBe('again');
  const python = control('Python') as unknown as HTMLSelectElement;
  expect(python.selectedOptions[0]?.textContent).toBe('other');
  const controls = [...place.querySelectorAll('.rlp-field :is(input, select, textarea)')];
  const labels = [...place.querySelectorAll<HTMLLabelElement>('.rlp-field > label')].map(
    one => one.htmlFor
  );
  expect(controls.map(one => one.id)).toEqual(labels);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels.filter(id => !/^[\w.-]+$/.test(id))).toEqual([]);
});

test('a form that cannot be loaded says why, and is tried again', async () => {
  let away = true;
  const requests = server();
  const fields = async (kind: string) => {
    if (away) {
      throw new RequestError('The server does not answer.', 0);
    }
    return requests.fields(kind);
  };
  root.render(
    <Target
      requests={{ ...requests, fields }}
      news={news}
      kept={kept}
      create={async () => undefined}
    />
  );
  await until(() => place.textContent!.includes('does not answer'));
  away = false;
  button('Try again').click();
  await until(() => button('Create') !== undefined);
});

test('a compute target is made by a form; a refusal stands at its field', async () => {
  const sent: Values[] = [];
  root.render(
    <Target
      requests={server()}
      news={news}
      kept={kept}
      create={async values => {
        sent.push(values);
        throw new RequestError("There is a compute target 'x'.", 400, 'bad_request', 'name');
      }}
    />
  );
  await until(() => button('Create')?.disabled === false);
  expect(control('Size').textContent).toBe('Of my ownLOCAL_1: 1 CPU, 4 GiB');
  type('Name', 'x');
  await until(() => button('Create').disabled === false);
  button('Create').click();
  await until(() => place.querySelector('.rlp-wrong') !== null);
  expect(control('Name').getAttribute('aria-invalid')).toBe('true');
  expect(sent).toEqual([{ name: 'x', vm_size: 'LOCAL_1' }]);
});

/** Have the form open a file, as the browser's window to choose one does. */
function choose(text: string): void {
  const input = place.querySelector<HTMLInputElement>('input[type=file]')!;
  const file = new File([text], 'class.yaml');
  Object.defineProperty(input, 'files', { value: [file], configurable: true });
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

test('a file fills the form and locks its fields; one that is wrong changes nothing', async () => {
  const told: (readonly string[])[] = [];
  root.render(
    <Experiment
      requests={server()}
      kernels={async () => [{ name: 'other', title: 'Other Python' }]}
      news={news}
      kept={{ ...kept, keep: (_, locked) => void told.push(locked) }}
      from="a"
      submitted={async () => undefined}
    />
  );
  await until(() => button('Submit')?.disabled === false);
  choose('bad');
  await until(() => place.textContent!.includes('class.yaml, line 2, column 1: There is no'));
  expect([control('Experiment').value, told]).toEqual(['again', []]);
  choose('good');
  await until(() => control('Experiment').value === 'of-experiment');
  await until(() => place.textContent!.includes('class.yaml is opened.'));
  expect(place.textContent).not.toContain('There is no field');
  for (const name of ['Environment', 'Learning rate', 'Settings']) {
    const locked = control(name);
    expect(locked.disabled).toBe(true);
    const by = locked.getAttribute('aria-describedby')!.split(' ');
    const said = by.map(id => document.getElementById(id)?.textContent ?? '');
    expect(said).toContain('locked by the teacher');
  }
  expect(control('Seeds').disabled).toBe(false);
  expect(told.at(-1)).toEqual(['environment', 'config.lr']);
  const python = control('Python') as unknown as HTMLSelectElement;
  expect(python.selectedOptions[0]?.textContent).toBe('Other Python');

  const saved: Blob[] = [];
  const clicked: string[] = [];
  URL.createObjectURL = blob => `blob:${saved.push(blob as Blob)}`;
  URL.revokeObjectURL = () => undefined;
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
    this: HTMLAnchorElement
  ) {
    clicked.push(this.download);
  });
  await until(() => button('Save as YAML').disabled === false);
  button('Save as YAML').click();
  await until(() => place.textContent!.includes('experiment.yaml is saved.'));
  click.mockRestore();
  expect(clicked).toEqual(['experiment.yaml']);
  expect(JSON.parse(await textOf(saved[0]!))).toEqual({
    values: { experiment: 'of-experiment', environment: 'CartPole-v1' },
    locked: ['environment', 'config.lr'],
    kernel: 'other'
  });
});

/** jsdom has no `Blob.text`. */
function textOf(blob: Blob): Promise<string> {
  return new Promise(resolve => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(blob);
  });
}
