/** Those of which the words hold every word of a search, wherever. */
export function matching<T>(all: readonly T[], search: string, wordsOf: (one: T) => string): T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(one => {
    const text = wordsOf(one).toLowerCase();
    return words.every(word => text.includes(word));
  });
}
