import * as React from 'react';
import { Notice } from '../components/Notice';
import { Form } from './Form';
import type { IChoices } from './fields';
import { FIRST, UI, fieldOf, requestOf, schemaOf } from './fields';
import { useFirst } from './use_first';

export interface IExperimentProps {
  start(): Promise<IChoices>;
  submit(fields: Record<string, unknown>): Promise<void>;
}

/** A first experiment from a form. */
export function Experiment({ start, submit }: IExperimentProps): JSX.Element {
  const [values, setValues] = React.useState(FIRST);
  const { found: choices, trouble } = useFirst(start, ({ kernels, trainsHere }) => {
    if (!trainsHere) {
      setValues(before => ({ ...before, kernel: kernels[0]?.name ?? '' }));
    }
  });
  const schema = React.useMemo(() => choices && schemaOf(choices), [choices]);
  if (!schema) {
    return <Notice text={trouble || 'The form is being loaded.'} />;
  }
  return (
    <Form
      title="New RL experiment"
      schema={schema}
      ui={UI}
      values={values}
      onChange={setValues}
      label="Submit"
      busyLabel="Being submitted…"
      send={async () => submit(requestOf(values))}
      fieldOf={said => fieldOf(said, Object.keys(FIRST))}
    />
  );
}
