import { FormComponent } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { ErrorSchema, RJSFSchema, UiSchema, ValidatorType } from '@rjsf/utils';
import * as React from 'react';
import { Notice } from '../components/Notice';
import { sentence } from '../request';

export interface IFormProps<T> {
  title: string;
  schema: RJSFSchema;
  ui: UiSchema<ReadonlyJSONObject>;
  values: T;
  onChange(values: T): void;
  /** The words of the button, and those while the server is at it. */
  label: string;
  busyLabel: string;
  send(): Promise<void>;
  /** The field that a sentence of the server is about; '' for none. */
  fieldOf(sentence: string): string;
}

/** Checks nothing: the server does, and its sentences are shown. */
const VALIDATOR: ValidatorType<ReadonlyJSONObject> = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  isValid: () => true,
  rawValidation: () => ({}),
  toErrorList: () => []
};

/** Fields and a button; what the server refuses stands at the field that it is about. */
export function Form<T>(props: IFormProps<T>): JSX.Element {
  const { title, schema, values, label, busyLabel, send, fieldOf } = props;
  const [trouble, setTrouble] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const place = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => nameControls(place.current), [schema]);
  const submit = async () => {
    setBusy(true);
    setTrouble('');
    try {
      await send();
    } catch (error) {
      setTrouble(sentence(error));
      setBusy(false);
    }
  };
  const field = trouble && fieldOf(trouble);
  const errors = React.useMemo(
    () => (field ? { [field]: { __errors: [trouble] } } : {}) as ErrorSchema,
    [field, trouble]
  );
  return (
    <div ref={place} className="rlp-experiment">
      <h1 className="rlp-title">{title}</h1>
      <FormComponent
        schema={schema}
        uiSchema={props.ui}
        formData={values as unknown as ReadonlyJSONObject}
        validator={VALIDATOR}
        noHtml5Validate
        liveValidate={false}
        showErrorList={false}
        compact
        extraErrors={errors}
        onChange={({ formData }) => props.onChange(formData as unknown as T)}
        onSubmit={() => void submit()}
      />
      {trouble && !field && <Notice text={trouble} tone="warning" />}
      <button className="rlp-button rlp-primary" disabled={busy} onClick={() => void submit()}>
        {busy ? busyLabel : label}
      </button>
      <span className="rlp-unseen" role="alert">
        {field && trouble}
      </span>
    </div>
  );
}

/** JupyterLab's form writes the names of its fields beside them, where no screen reader looks. */
function nameControls(place: Element | null): void {
  place?.querySelectorAll('.jp-FormGroup-contentCompact').forEach(group => {
    const name = group.querySelector('.jp-FormGroup-fieldLabel')?.textContent;
    const control = group.querySelector(':is(input, select, textarea)');
    if (name && control) {
      control.setAttribute('aria-label', name);
    }
  });
}
