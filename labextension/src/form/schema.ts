/** Fields as JupyterLab's form draws them: a schema, how each is drawn, data, and what is wrong. */

import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { ErrorSchema, RJSFSchema, UiSchema } from '@rjsf/utils';
import type { Shown } from './control';
import { kindOf } from './control';
import type { IDrawn } from './form_model';

/** What the controls show, by the path of their fields, in their groups. */
export interface IData {
  [name: string]: Shown | IData;
}

export interface ILayout {
  schema: RJSFSchema;
  ui: UiSchema<ReadonlyJSONObject>;
  data: IData;
  errors: ErrorSchema;
}

/**
 * Groups are objects, in which the names are the paths of the fields. The fields of a new compute
 * target are groups in the group of the list that unfolds them, right behind it.
 */
export function layoutOf(drawn: readonly IDrawn[]): ILayout {
  const layout = empty({ type: 'object' });
  const titles = new Map(drawn.map(({ entry }) => [entry.path, entry.field.title]));
  for (const one of drawn) {
    const { group, part, path } = one.entry;
    let inside = groupIn(layout, group, group);
    if (part !== undefined) {
      const of = titles.get(path.slice(0, path.indexOf('.'))) ?? '';
      inside = groupIn(inside, part, `${of}: ${part}`);
    }
    place(one, inside);
  }
  return layout;
}

function empty(schema: RJSFSchema): ILayout {
  return { schema: { ...schema, properties: {} }, ui: {}, data: {}, errors: {} };
}

/** `label`: what a group is called where its place does not say it. */
function groupIn(layout: ILayout, title: string, label: string): ILayout {
  // Its own name has spaces, which no id in a page may have.
  const key = `in-${label.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  const { schema, ui, data, errors } = layout;
  const known = schema.properties![key] as RJSFSchema | undefined;
  if (!known) {
    const made = empty({ type: 'object', title });
    schema.properties![key] = made.schema;
    ui[key] = { 'ui:options': { groupLabel: label } };
    data[key] = made.data;
    (errors as Record<string, unknown>)[key] = made.errors;
  }
  return {
    schema: schema.properties![key] as RJSFSchema,
    ui: ui[key] as UiSchema<ReadonlyJSONObject>,
    data: data[key] as IData,
    errors: (errors as Record<string, ErrorSchema>)[key]!
  };
}

function place(one: IDrawn, { schema, ui, data, errors }: ILayout): void {
  const { path, field } = one.entry;
  schema.properties![path] = schemaOf(one);
  data[path] = one.shown;
  const units = [field['x-unit'], one.locked && 'locked by the teacher'];
  ui[path] = {
    'ui:disabled': one.disabled,
    'ui:placeholder': one.placeholder,
    'ui:label': false,
    ...(kindOf(field) === 'lines' ? { 'ui:widget': 'textarea' } : {}),
    'ui:options': { rows: 3, unit: units.filter(Boolean).join(', ') }
  };
  if (one.wrong.length) {
    (errors as Record<string, unknown>)[path] = { __errors: [...one.wrong] };
  }
}

function schemaOf({ entry, options, choices }: IDrawn): RJSFSchema {
  const { title, description } = entry.field;
  const about = { title: title || entry.path, description };
  if (kindOf(entry.field) === 'tick') {
    return { ...about, type: 'boolean' };
  }
  if (options.length) {
    // Without a default the list would begin with an empty line.
    const oneOf = options.map(one => ({ ...one }));
    return { ...about, type: 'string', oneOf, default: options[0]?.const };
  }
  return { ...about, type: 'string', ...(choices.length ? { examples: [...choices] } : {}) };
}

/** The fields whose data are others than those that are drawn, with what is shown now. */
export function changesOf(before: IData, after: IData | undefined): [string, Shown][] {
  return Object.entries(before).flatMap(([name, shown]): [string, Shown][] => {
    const now = after?.[name];
    if (typeof shown === 'object') {
      return changesOf(shown, typeof now === 'object' ? now : undefined);
    }
    // An empty text is left out of the data.
    const found =
      typeof now === typeof shown ? (now as Shown) : typeof shown === 'boolean' ? false : '';
    return found === shown ? [] : [[name, found]];
  });
}
