import { FormComponent } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type {
  FieldTemplateProps,
  ObjectFieldTemplateProps,
  UiSchema,
  ValidatorType
} from '@rjsf/utils';
import * as React from 'react';
import type { Shown } from './control';
import type { IDrawn } from './form_model';
import type { IData } from './schema';
import { changesOf, layoutOf } from './schema';

export interface IFieldsProps {
  /** Of the ids in the page; no two forms have the same. */
  prefix: string;
  drawn: readonly IDrawn[];
  edit(path: string, shown: Shown): void;
}

/** Checks nothing: the server does, and its sentences are shown. */
const VALIDATOR: ValidatorType<ReadonlyJSONObject> = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  isValid: () => true,
  rawValidation: () => ({}),
  toErrorList: () => []
};

const TEMPLATES = { FieldTemplate: Field, ObjectFieldTemplate: Group };

/** Fields in their groups, each with its words, and what is wrong with it beneath. */
export function Fields({ prefix, drawn, edit }: IFieldsProps): JSX.Element {
  const { schema, ui, data, errors } = React.useMemo(() => layoutOf(drawn), [drawn]);
  return (
    <FormComponent
      tagName="div"
      className="rlp-fields"
      idPrefix={prefix}
      schema={schema}
      uiSchema={ui}
      formData={data as unknown as ReadonlyJSONObject}
      validator={VALIDATOR}
      templates={TEMPLATES}
      noValidate
      showErrorList={false}
      extraErrors={errors}
      onChange={({ formData }) => {
        const after = formData as unknown as IData | undefined;
        changesOf(data, after).forEach(([path, shown]) => edit(path, shown));
      }}
    />
  );
}

type Options = { unit?: string; groupLabel?: string };

function optionsOf(ui: UiSchema | undefined): Options {
  return (ui?.['ui:options'] ?? {}) as Options;
}

/** One field, whose control is described by its help, its unit and what is wrong. */
function Field(props: FieldTemplateProps): JSX.Element {
  const { id, label, rawDescription, rawErrors, schema, uiSchema, children } = props;
  const wrong = Boolean(rawErrors?.length);
  const isField = schema.type !== 'object';
  const place = React.useRef<HTMLDivElement>(null);
  const ids = { wrong: `${id}-wrong`, about: `${id}-about`, unit: `${id}-unit` };
  const all = Object.values(ids).join(' ');
  React.useEffect(() => {
    // The form's own controls do not say it.
    const control = isField && place.current?.querySelector('input, select, textarea');
    if (control) {
      control.setAttribute('aria-invalid', String(wrong));
      control.setAttribute('aria-describedby', all);
    }
  });
  if (!isField) {
    return children;
  }
  const { unit } = optionsOf(uiSchema);
  return (
    <div ref={place} className={`rlp-field rlp-${String(schema.type)}`}>
      <label htmlFor={id}>{label}</label>
      <div className="rlp-control">
        {children}
        {unit && (
          <span id={ids.unit} className="rlp-unit">
            {unit}
          </span>
        )}
      </div>
      {rawDescription && (
        <p id={ids.about} className="rlp-about">
          {rawDescription}
        </p>
      )}
      {wrong && (
        <div id={ids.wrong} className="rlp-wrong" role="alert">
          {rawErrors?.map(sentence => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
    </div>
  );
}

function Group({ title, properties, uiSchema }: ObjectFieldTemplateProps): JSX.Element {
  const contents = properties.map(property => property.content);
  const { groupLabel } = optionsOf(uiSchema);
  if (groupLabel === undefined) {
    return <>{contents}</>;
  }
  return (
    <fieldset className="rlp-group" aria-label={groupLabel === title ? undefined : groupLabel}>
      <legend>{title}</legend>
      {contents}
    </fieldset>
  );
}
