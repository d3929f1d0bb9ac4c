/** Tags as a person writes them: name, or name: value, between commas. */

export function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([name, value]) => (value ? `${name}: ${value}` : name))
    .join(', ');
}

/** What makes `before` the tags that a person has written; null takes one away. */
export function tagsChange(
  before: Record<string, string>,
  text: string
): Record<string, string | null> {
  const change: Record<string, string | null> = {};
  Object.keys(before).forEach(name => (change[name] = null));
  for (const part of text.split(',')) {
    const [name = '', ...value] = part.split(':');
    if (name.trim()) {
      change[name.trim()] = value.join(':').trim();
    }
  }
  return change;
}
