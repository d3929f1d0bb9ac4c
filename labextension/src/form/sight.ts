/** Which of the advanced fields are drawn: what a person types in does not move away. */

import type { Values } from '../contract';
import { count, plural } from '../format';
import type { IEntry } from './entries';
import { MOST_FOUND, matches, valueAt } from './entries';

export interface ISight {
  /** The search that `found` is of. */
  asked: string;
  /** Advanced fields that are drawn in their groups. */
  extra: ReadonlySet<string>;
  /** Fields that are drawn beneath the search. */
  found: readonly string[];
  /** As many fields fit the search. */
  hits: number;
}

export const FIRST_SIGHT: ISight = { asked: '', extra: new Set(), found: [], hits: 0 };

export function look(
  before: ISight,
  entries: readonly IEntry[],
  values: Values,
  wrong: ReadonlySet<string>,
  search: string
): ISight {
  const advanced = entries.filter(entry => entry.advanced);
  const wanted = advanced
    .map(entry => entry.path)
    .filter(path => valueAt(values, path) !== undefined || wrong.has(path));
  const asked = search.trim();
  const known = new Set(entries.map(entry => entry.path));
  let found = new Set(before.found);
  let extra = new Set(before.extra);
  if (asked !== before.asked) {
    wanted.filter(path => found.has(path)).forEach(path => extra.add(path));
    found = new Set();
  }
  wanted.filter(path => !found.has(path)).forEach(path => extra.add(path));
  extra = new Set([...extra].filter(path => known.has(path)));
  const hits = asked
    ? advanced.filter(entry => !extra.has(entry.path) && matches(entry, asked))
    : [];
  const first = hits.slice(0, MOST_FOUND).map(entry => entry.path);
  return { asked, extra, found: first, hits: hits.length };
}

/** How many fields a search has found. */
export function foundWords({ asked, found, hits }: ISight): string {
  if (!asked) {
    return '';
  }
  const more = hits - found.length;
  const words = `${plural(hits, 'other setting')} found.`;
  return more ? `${words} ${count(more)} more: type more of the name.` : words;
}
