import { FormComponent } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { ErrorSchema, ValidatorType } from '@rjsf/utils';
import * as React from 'react';
import { Notice } from '../components/Notice';
import { sentence } from '../request';
import type { IChoices, IValues } from './fields';
import { FIRST, UI, requestOf, schemaOf } from './fields';

export interface IExperimentProps {
  start(): Promise<IChoices>;
  submit(fields: Record<string, unknown>): Promise<void>;
}

/** Checks nothing: the server does, and its sentences are shown. */
const VALIDATOR: ValidatorType<ReadonlyJSONObject> = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  isValid: () => true,
  rawValidation: () => ({}),
  toErrorList: () => []
};

/** A first experiment from a form. */
export function Experiment({ start, submit }: IExperimentProps): JSX.Element {
  const [choices, setChoices] = React.useState<IChoices | null>(null);
  const [values, setValues] = React.useState(FIRST);
  const [trouble, setTrouble] = React.useState('');
  const [busy, setBusy] = React.useState(false);
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
  const send = async () => {
    setBusy(true);
    setTrouble('');
    try {
      await submit(requestOf(values));
    } catch (error) {
      setTrouble(sentence(error));
      setBusy(false);
    }
  };
  return (
    <div className="rlw-experiment">
      <h1 className="rlw-title">New RL experiment</h1>
      <FormComponent
        schema={schema}
        uiSchema={UI}
        formData={values as unknown as ReadonlyJSONObject}
        validator={VALIDATOR}
        noHtml5Validate
        liveValidate={false}
        compact
        extraErrors={errorsOf(trouble, Object.keys(schema.properties ?? {}))}
        onChange={({ formData }) => setValues(formData as unknown as IValues)}
      />
      {trouble && <Notice text={trouble} tone="warning" />}
      <button className="rlw-button rlw-primary" disabled={busy} onClick={() => void send()}>
        {busy ? 'Being submitted…' : 'Submit'}
      </button>
    </div>
  );
}

/** The server's sentence beside the field that it begins with. */
function errorsOf(trouble: string, fields: string[]): ErrorSchema {
  const field = fields.find(name => new RegExp(`^${name}\\b`).test(trouble));
  return field ? ({ [field]: { __errors: [trouble] } } as ErrorSchema) : {};
}
