import type { ISignal } from '@lumino/signaling';
import * as React from 'react';
import type { Values } from '../contract';
import type { Requests } from '../request';
import type { INews } from '../revisions';
import { Form } from './Form';
import { FormModel } from './form_model';
import type { IKept } from './Opened';
import { Opened } from './Opened';

export interface ITargetProps {
  requests: Pick<Requests, 'fields' | 'check' | 'readDocument' | 'writeDocument'>;
  news: ISignal<unknown, INews>;
  kept: IKept;
  create(target: Values): Promise<void>;
}

/** A new compute target. */
export function Target({ requests, news, kept, create }: ITargetProps): JSX.Element {
  const make = async () => {
    const fields = await requests.fields('compute_target');
    const check = (values: Values, signal: AbortSignal) =>
      requests.check('compute_target', { values }, signal);
    return new FormModel(
      { fields, values: kept.values ?? fields.examples?.[0] ?? {}, locked: kept.locked },
      {
        check,
        read: file => requests.readDocument('compute_target', file),
        write: (values, locked) => requests.writeDocument('compute_target', { values, locked })
      }
    );
  };
  const action = {
    label: 'Create',
    title: 'Make the compute target in the workspace',
    busy: 'Being created…',
    send: async (values: Values) => {
      await create(values);
      return '';
    }
  };
  return (
    <Opened make={make} kept={kept} news={news}>
      {model => <Form title="New compute target" model={model} actions={[action]} />}
    </Opened>
  );
}
