/** The control of one field: what it shows of a value, and the value that it means. */

import type { IField, Values } from '../contract';
import { plural } from '../format';
import type { IEntry } from './entries';
import { isMapping, isTarget } from './entries';
import { kindsOf, read, wordy, written } from './field_text';

/** A tick, a list to choose from, or a text of one line or several. */
export type Kind = 'tick' | 'list' | 'line' | 'lines';

/** What a control shows. */
export type Shown = string | boolean;

export interface IOption {
  /** What the list has of it: JSON of its value, '' for unset. */
  const: string;
  title: string;
}

/** Of a list of compute targets, the choice of one that is still to be made. */
const NEW = 'new';
const BY_DEFAULT: IOption = { const: '', title: 'By default' };
/** Characters of a value that a list shows. */
const SHOWN = 60;

export function kindOf(field: IField): Kind {
  if (field.type === 'boolean') {
    return 'tick';
  }
  if (isTarget(field) || field.enum || kindsOf(field).join() === 'boolean') {
    return 'list';
  }
  return wordy(field) ? 'lines' : 'line';
}

/** The choices of a list, also a value that is none of them: it may come from a run. */
export function optionsOf(field: IField, value: unknown, targets: readonly string[]): IOption[] {
  const known = choicesOf(field, targets);
  const shown = shownInList(field, value);
  if (known.some(one => one.const === shown)) {
    return known;
  }
  const title = typeof value === 'string' ? value : JSON.stringify(value);
  return [...known, { const: shown, title: title.slice(0, SHOWN) }];
}

function choicesOf(field: IField, targets: readonly string[]): IOption[] {
  if (isTarget(field)) {
    const known = targets.map(name => ({ const: JSON.stringify(name), title: name }));
    return [BY_DEFAULT, ...known, { const: NEW, title: 'New …' }];
  }
  if (field.enum) {
    return field.enum.map(value =>
      value === null ? BY_DEFAULT : { const: JSON.stringify(value), title: titleOf(field, value) }
    );
  }
  return [BY_DEFAULT, { const: 'true', title: 'Yes' }, { const: 'false', title: 'No' }];
}

function titleOf(field: IField, value: unknown): string {
  const words = field['x-titles']?.[String(value)] ?? (String(value) || 'Of my own');
  const size = field['x-sizes']?.find(one => one.name === value);
  if (!size) {
    return words;
  }
  const gpus = size.gpus ? `, ${plural(size.gpus, 'GPU')}` : '';
  return `${words}: ${plural(size.cpus, 'CPU')}, ${size.memory_gb} GiB${gpus}`;
}

function shownInList(field: IField, value: unknown): string {
  if (isTarget(field) && isMapping(value)) {
    return NEW;
  }
  if (value !== undefined) {
    return JSON.stringify(value);
  }
  if (!field.enum || field.enum.includes(null)) {
    return '';
  }
  const unset = field.enum.includes(field.default) ? field.default : field.enum[0];
  return JSON.stringify(unset);
}

/** What a control shows of a value; `typed` is what a person has typed last. */
export function shownOf(field: IField, value: unknown, typed: string | undefined): Shown {
  const kind = kindOf(field);
  if (kind === 'tick') {
    return value === undefined ? field.default === true : value === true;
  }
  if (kind === 'list') {
    return shownInList(field, value);
  }
  // What means the value already stays as a person typed it.
  if (typed !== undefined && JSON.stringify(read(typed, field)) === JSON.stringify(value)) {
    return typed;
  }
  return written(value, field);
}

/** The value that a control means; `made` is the new compute target that a list unfolds. */
export function meant({ field, part, path }: IEntry, shown: Shown, made: Values): unknown {
  const kind = kindOf(field);
  if (kind === 'list' && isTarget(field) && shown === NEW) {
    return made;
  }
  let value: unknown = shown;
  if (kind === 'list') {
    value = shown === '' ? undefined : JSON.parse(String(shown));
  } else if (kind !== 'tick') {
    value = read(String(shown), field);
  }
  if (part === undefined) {
    return value;
  }
  // Of a new target what is the default is not said: existing targets are compared by it.
  const named = path.endsWith('.name') && value === undefined;
  return named ? '' : value === field.default ? undefined : value;
}

/** What stands in an empty control: the value that is in force, the default, or an example. */
export function placeholderOf(field: IField, inForce: unknown): string {
  if (inForce !== undefined && inForce !== null) {
    return written(inForce, field);
  }
  if (field.default !== undefined) {
    return written(field.default, field);
  }
  const [example] = field.examples ?? [];
  return example === undefined ? '' : `such as ${written(example, field)}`;
}
