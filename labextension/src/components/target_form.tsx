import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface ITargetValues {
  name: string;
  size: string;
  min: number;
  max: number;
  idle: number;
}

/** The fields of a compute target in a dialog; without `sizes` only its scale can be changed. */
export class TargetForm extends ReactWidget implements Dialog.IBodyWidget<ITargetValues> {
  constructor(
    private values: ITargetValues,
    private readonly sizes: readonly string[] | null,
    private readonly trouble: string
  ) {
    super();
    this.addClass('rlw');
    this.addClass('rlw-form');
  }

  getValue(): ITargetValues {
    return this.values;
  }

  protected render(): JSX.Element {
    return (
      <Fields
        start={this.values}
        sizes={this.sizes}
        trouble={this.trouble}
        onChange={values => {
          this.values = values;
        }}
      />
    );
  }
}

interface IFieldsProps {
  start: ITargetValues;
  sizes: readonly string[] | null;
  trouble: string;
  onChange(values: ITargetValues): void;
}

function Fields({ start, sizes, trouble, onChange }: IFieldsProps): JSX.Element {
  const [values, setValues] = React.useState(start);
  const set = (change: Partial<ITargetValues>) => {
    const next = { ...values, ...change };
    setValues(next);
    onChange(next);
  };
  const numeric = (label: string, key: 'min' | 'max' | 'idle') => (
    <label>
      {label}
      <input
        type="number"
        min={0}
        value={values[key]}
        onChange={event => set({ [key]: event.target.valueAsNumber || 0 })}
      />
    </label>
  );
  return (
    <>
      {trouble && (
        <p className="rlw-notice rlw-warning" role="alert">
          {trouble}
        </p>
      )}
      {sizes && (
        <>
          <label>
            Name
            <input
              type="text"
              value={values.name}
              onChange={event => set({ name: event.target.value })}
            />
          </label>
          <label>
            Size of a node
            <select value={values.size} onChange={event => set({ size: event.target.value })}>
              {sizes.map(size => (
                <option key={size}>{size}</option>
              ))}
            </select>
          </label>
        </>
      )}
      {numeric('Nodes at least', 'min')}
      {numeric('Nodes at most', 'max')}
      {numeric('Seconds idle before a node is stopped', 'idle')}
    </>
  );
}
