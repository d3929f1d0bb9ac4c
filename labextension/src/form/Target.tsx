import * as React from 'react';
import { Notice } from '../components/Notice';
import type { INewTarget, ISize } from '../contract';
import { sentence } from '../request';
import { Form } from './Form';
import { FIRST_TARGET, TARGET_UI, targetFieldOf, targetOf, targetSchema } from './target_fields';

export interface ITargetProps {
  start(): Promise<ISize[]>;
  create(target: INewTarget): Promise<void>;
}

/** A new compute target from a form. */
export function Target({ start, create }: ITargetProps): JSX.Element {
  const [sizes, setSizes] = React.useState<ISize[] | null>(null);
  const [values, setValues] = React.useState(FIRST_TARGET);
  const [trouble, setTrouble] = React.useState('');
  React.useEffect(() => {
    start().then(
      found => {
        setSizes(found);
        setValues(before => ({ ...before, vm_size: found[0]?.name ?? '' }));
      },
      error => setTrouble(sentence(error))
    );
    // It is asked once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const own = !values.vm_size;
  const schema = React.useMemo(() => sizes && targetSchema(sizes, own), [sizes, own]);
  if (!schema) {
    return <Notice text={trouble || 'The form is being loaded.'} />;
  }
  return (
    <Form
      title="New compute target"
      schema={schema}
      ui={TARGET_UI}
      values={values}
      onChange={setValues}
      label="Create"
      busyLabel="Being created…"
      send={async () => create(targetOf(values))}
      fieldOf={targetFieldOf}
    />
  );
}
