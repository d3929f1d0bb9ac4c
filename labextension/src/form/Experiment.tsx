import * as React from 'react';
import { Notice } from '../components/Notice';
import { sentence } from '../request';
import { Form } from './Form';
import type { IChoices } from './fields';
import { FIRST, UI, fieldOf, requestOf, schemaOf } from './fields';

export interface IExperimentProps {
  start(): Promise<IChoices>;
  submit(fields: Record<string, unknown>): Promise<void>;
}

/** A first experiment from a form. */
export function Experiment({ start, submit }: IExperimentProps): JSX.Element {
  const [choices, setChoices] = React.useState<IChoices | null>(null);
  const [values, setValues] = React.useState(FIRST);
  const [trouble, setTrouble] = React.useState('');
  React.useEffect(() => {
    start().then(
      found => {
        setChoices(found);
        if (!found.trainsHere) {
          setValues(before => ({ ...before, kernel: found.kernels[0]?.name ?? '' }));
        }
      },
      error => setTrouble(sentence(error))
    );
    // It is asked once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
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
