import type { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { IScale } from '../contract';

/** How many nodes a compute target has, in a dialog. */
export class ScaleForm extends ReactWidget implements Dialog.IBodyWidget<IScale> {
  constructor(
    private values: IScale,
    private readonly trouble: string
  ) {
    super();
    this.addClass('rlp');
    this.addClass('rlp-form');
  }

  getValue(): IScale {
    return this.values;
  }

  protected render(): JSX.Element {
    return (
      <>
        {this.trouble && (
          <p className="rlp-notice rlp-warning" role="alert">
            {this.trouble}
          </p>
        )}
        {this.number('Nodes at least', 'min_nodes')}
        {this.number('Nodes at most', 'max_nodes')}
        {this.number('Idle time in seconds', 'idle_seconds_before_scaledown')}
      </>
    );
  }

  private number(label: string, name: keyof IScale): JSX.Element {
    return (
      <label>
        {label}
        <input
          type="number"
          min={0}
          defaultValue={this.values[name]}
          onChange={event => {
            this.values = { ...this.values, [name]: event.target.valueAsNumber || 0 };
          }}
        />
      </label>
    );
  }
}
