/** Filters of a list, as in the fragment after the place: `#/operator/users?search=ana`. */
export type Filters = Readonly<Record<string, string>>;

/**
 * Reads the filters. Anybody can make a link with any filter: each page uses the ones it knows, and the server checks
 * values.
 */
export function filtersOf(hash: string): Filters {
  const start = hash.indexOf('?');
  return start === -1 ? {} : Object.fromEntries(new URLSearchParams(hash.slice(start + 1)));
}

/** Returns the fragment with some filters changed. Empty filters are removed. */
export function withFilters(hash: string, changes: Filters): string {
  const [place = ''] = hash.split('?', 1);
  const filled = Object.entries({ ...filtersOf(hash), ...changes }).filter(([, value]) => value !== '');
  return filled.length === 0 ? place : `${place}?${new URLSearchParams(filled)}`;
}
