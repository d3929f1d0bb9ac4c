/** What a form consists of: an entry for each field and, in mappings, for each known name. */

import type { IField, IFields, Values } from '../contract';

/** Fields that a search finds are counted, not drawn, beyond these. */
export const MOST_FOUND = 12;

/** A field at `path`: 'lr' of the field 'config' is at 'config.lr'. */
export interface IEntry {
  path: string;
  field: IField;
  group: string;
  /** Drawn when it is searched for, or has a value. */
  advanced: boolean;
  /** Of a new compute target: the group of its own fields that this is one of. */
  part?: string;
}

/**
 * The entries in the order of the form.
 *
 * @param members - the fields of what is in a mapping, by its name.
 * @param target - the fields of a new compute target, which a value that is one unfolds.
 */
export function entriesOf(
  fields: IFields,
  members: Record<string, IFields>,
  target: IFields | null,
  values: Values
): IEntry[] {
  return inOrder(fields).flatMap(([name, field]) => {
    const group = field['x-group'];
    const own: IEntry = { path: name, field, group, advanced: Boolean(field['x-advanced']) };
    const inside = members[name];
    if (inside) {
      const known = inOrder(inside).map(([member, inner]) => ({
        path: `${name}.${member}`,
        field: inner,
        group,
        advanced: Boolean(inner['x-advanced'])
      }));
      return [...known, own];
    }
    if (target && isTarget(field) && isMapping(values[name])) {
      const parts = inOrder(target).filter(([, inner]) => !inner['x-advanced']);
      const unfolded = parts.map(([member, inner]) => ({
        path: `${name}.${member}`,
        field: inner,
        group,
        advanced: own.advanced,
        part: inner['x-group']
      }));
      return [own, ...unfolded];
    }
    return [own];
  });
}

/** Whether a field takes a compute target: the name of one, or the fields of a new one. */
export function isTarget(field: IField): boolean {
  return field['x-kind'] === 'compute_target';
}

function inOrder(fields: IFields): [string, IField][] {
  return Object.entries(fields.properties).sort((a, b) => a[1]['x-order'] - b[1]['x-order']);
}

/** Whether a search for all of the words finds an entry. */
export function matches({ path, field }: IEntry, words: string): boolean {
  const known = `${path} ${field.title} ${field.description}`.toLowerCase();
  const all = (text: string) => text.split(/\s+/).every(word => known.includes(word));
  const asked = words.toLowerCase().trim();
  return all(asked) || all(asked.replaceAll('_', ' ').trim());
}

/** The value at a path; undefined where it is unset. */
export function valueAt(values: Values, path: string): unknown {
  const [name, member] = split(path);
  const value = values[name];
  if (member === undefined) {
    return value;
  }
  return isMapping(value) ? value[member] : undefined;
}

/** Values with another at a path; undefined takes it out. */
export function withValue(values: Values, path: string, value: unknown): Values {
  const [name, member] = split(path);
  let whole = value;
  if (member !== undefined) {
    const inside = values[name];
    const changed = without(isMapping(inside) ? inside : {}, member, value);
    whole = Object.keys(changed).length ? changed : undefined;
  }
  return without(values, name, whole);
}

/** In the order in which the names were given; a new one is the last. */
function without(values: Values, name: string, value: unknown): Values {
  const found: Record<string, unknown> = { ...values, [name]: value };
  if (value === undefined) {
    delete found[name];
  }
  return found;
}

/** Sentences by the path at which they are shown: the nearest one there is, else ''. */
export function atFields(
  errors: Readonly<Record<string, string>>,
  paths: ReadonlySet<string>
): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, sentence] of Object.entries(errors)) {
    let path = name;
    while (path && !paths.has(path)) {
      path = path.slice(0, Math.max(0, path.lastIndexOf('.')));
    }
    const said = (found[path] ??= []);
    if (!said.includes(sentence)) {
      said.push(sentence);
    }
  }
  return found;
}

/** What 'config' and 'vary' call that which has a field of its own: rl_widgets/forms/locked.py. */
const IN_CONFIG: Readonly<Record<string, string>> = {
  environment: 'env',
  preset: 'preset',
  evaluation_interval_s: 'evaluation_interval_s',
  evaluation_videos: 'evaluation_videos',
  seeds: 'seed'
};

/**
 * Whether a field is locked by one of the names: also what is in a locked mapping, and a mapping
 * with a locked part; a locked setting is not varied either, and a setting that a locked field
 * gives is not given by itself.
 */
export function isLocked(path: string, locked: readonly string[]): boolean {
  const [name, member] = split(path);
  const holds = path === 'vary' ? 'config' : path;
  return locked.some(
    one =>
      one === path ||
      one === name ||
      `${one}.`.startsWith(`${holds}.`) ||
      (name === 'config' && member !== undefined && member === IN_CONFIG[one])
  );
}

/** A sentence for each setting that gives what a locked field does, by its path. */
export function givenAgain(values: Values, locked: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const field of ['config', 'vary']) {
    const given = readMapping(values[field]);
    for (const name of locked) {
      const setting = IN_CONFIG[name];
      if (setting !== undefined && Object.hasOwn(given, setting)) {
        found[`${field}.${setting}`] =
          `'${setting}' in ${field} is given by the field ${name}, which is locked: ` +
          `leave it out of ${field}.`;
      }
    }
  }
  return found;
}

/** A mapping, also one that is the text of it; of what is none, an empty one. */
function readMapping(value: unknown): Values {
  try {
    const found: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    return isMapping(found) ? found : {};
  } catch {
    return {};
  }
}

export function isMapping(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field, and what is in it. */
export function split(path: string): [string, string | undefined] {
  const dot = path.indexOf('.');
  return dot < 0 ? [path, undefined] : [path.slice(0, dot), path.slice(dot + 1)];
}
