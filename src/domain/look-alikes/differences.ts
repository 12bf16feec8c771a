/** Where two texts differ: what one has in place of what the other has. Either may be empty. */
export interface Difference {
  readonly given: string;
  readonly known: string;
}

/**
 * Returns the differences of two texts, each once: character by character where they have equally many, otherwise what is
 * left between their common beginning and end.
 */
export function differences(given: string, known: string): readonly Difference[] {
  const [one, other] = [[...given], [...known]];
  if (one.length === other.length) {
    const pairs = one.map((character, index) => ({ given: character, known: other[index] ?? '' }));
    const differing = pairs.filter((pair) => pair.given !== pair.known);
    return [...new Map(differing.map((pair) => [pair.given + pair.known, pair])).values()];
  }
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const between = (all: readonly string[]) => all.slice(start, all.length - end).join('');
  return [{ given: between(one), known: between(other) }];
}
