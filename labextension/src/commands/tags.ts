/** Tags as a person writes them: one on each line, as name or name: value. */

type Tags = Readonly<Record<string, string>>;

const BETWEEN = ': ';

export function tagsText(tags: Tags): string {
  return Object.entries(tags).map(lineOf).join('\n');
}

/** What makes `before` the tags that a person has written; null takes one away. */
export function tagsChange(before: Tags, text: string): Record<string, string | null> {
  const had = new Map(Object.entries(before));
  // What was not touched stays as it is, also where its line reads as another tag.
  const untouched = new Map([...had].map(tag => [lineOf(tag), tag] as const));
  const has = new Map(
    text
      .split('\n')
      .filter(line => line.trim())
      .map(line => untouched.get(line) ?? tagOf(line))
  );
  const gone = [...had.keys()].filter(name => !has.has(name)).map(name => [name, null] as const);
  return Object.fromEntries([...gone, ...[...has].filter(([k, value]) => had.get(k) !== value)]);
}

/** A text of several lines is shown on one. */
function lineOf([name, value]: readonly [string, string]): string {
  return (value ? name + BETWEEN + value : name).replace(/\r\n|[\r\n]/g, '⏎');
}

function tagOf(line: string): readonly [string, string] {
  const at = line.indexOf(BETWEEN);
  const [name, value] = at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + BETWEEN.length)];
  return [name.trim(), value.trim()];
}
