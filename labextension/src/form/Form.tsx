import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { CopyCode } from '../components/CopyCode';
import { Notice } from '../components/Notice';
import type { Values } from '../contract';
import { Fields } from './Fields';
import { FileButtons } from './FileButtons';
import type { FormModel } from './form_model';

export interface IAction {
  label: string;
  title: string;
  /** The words while the server is at it. */
  busy: string;
  /** Whether it starts one run, also of what makes a group. */
  one?: boolean;
  /** Returns what is said when it is done. */
  send(values: Values): Promise<string>;
}

export interface IFormProps {
  title: string;
  model: FormModel;
  /** Buttons; the first is what the form is for. */
  actions: readonly IAction[];
}

/** A form that is checked while a person types; what its values come to stands beneath. */
export function Form(props: IFormProps): JSX.Element {
  const key = React.useId().replaceAll(':', '');
  return (
    <UseSignal signal={props.model.changed}>{() => <Drawn {...props} prefix={key} />}</UseSignal>
  );
}

function Drawn({ title, model, actions, prefix }: IFormProps & { prefix: string }): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  const edit = React.useMemo(() => model.edit.bind(model), [model]);
  const { picture, notes, general, trouble } = model;
  const showWrong = () =>
    place.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  return (
    <div ref={place} className="rlp-experiment">
      <h1 className="rlp-title">{title}</h1>
      <p className="rlp-hint">{model.fields.description}</p>
      <Fields prefix={`rlp-${prefix}`} drawn={model.drawn} edit={edit} />
      <div role="search" className="rlp-find">
        <input
          type="search"
          className="rlp-search"
          aria-label="Search all other settings"
          placeholder="Search all other settings …"
          title="By name, label or what they do"
          value={model.search}
          onChange={event => {
            model.search = event.target.value;
          }}
        />
        <span role="status">{model.foundWords}</span>
      </div>
      {model.found.length > 0 && (
        <Fields prefix={`rlp-${prefix}-found`} drawn={model.found} edit={edit} />
      )}
      {picture && (
        // Made by `rl_widgets.forms.picture`, which escapes each text in it.
        <div className="rlp-cluster" dangerouslySetInnerHTML={{ __html: picture.svg }} />
      )}
      {notes.length > 0 && (
        <ul className="rlp-notes" aria-label="What it comes to">
          {notes.map(note => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {general.map(sentence => (
        <Notice key={sentence} text={sentence} tone="warning" />
      ))}
      {trouble && <Notice text={trouble} tone="warning" />}
      <div className="rlp-choices">
        {actions.map((action, i) => (
          <button
            key={action.label}
            className={`rlp-button${i ? '' : ' rlp-primary'}`}
            title={action.title}
            disabled={!(action.one ? model.canSendOne : model.canSend)}
            onClick={() => void model.submit(action.send, action.busy, action.one)}
          >
            {action.label}
          </button>
        ))}
        <FileButtons model={model} />
        <span role="status">{model.status}</span>
        {model.hasWrong && (
          <button className="rlp-button rlp-plain" onClick={showWrong}>
            Go to the first
          </button>
        )}
      </div>
      {model.code && <CopyCode code={model.code} summary="Show the code of this form" />}
    </div>
  );
}
