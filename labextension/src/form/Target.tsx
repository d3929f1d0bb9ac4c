import * as React from 'react';
import { Notice } from '../components/Notice';
import type { INewTarget, ISize } from '../contract';
import { Form } from './Form';
import { FIRST_TARGET, TARGET_UI, targetFieldOf, targetOf, targetSchema } from './target_fields';
import { useFirst } from './use_first';

export interface ITargetProps {
  start(): Promise<ISize[]>;
  create(target: INewTarget): Promise<void>;
}

/** A new compute target from a form. */
export function Target({ start, create }: ITargetProps): JSX.Element {
  const [values, setValues] = React.useState(FIRST_TARGET);
  const { found: sizes, trouble } = useFirst(start, found =>
    setValues(before => ({ ...before, vm_size: found[0]?.name ?? '' }))
  );
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
