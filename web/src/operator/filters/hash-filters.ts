/** What a list is narrowed to, as it stands behind the place: `#/operator/users?search=ana`. */
export type Filters = Readonly<Record<string, string>>;

/** Reads them. A link that anybody made may carry any: each page asks for those that it knows, and the server checks. */
export function filtersOf(hash: string): Filters {
  const start = hash.indexOf('?');
  return start === -1 ? {} : Object.fromEntries(new URLSearchParams(hash.slice(start + 1)));
}

/** The same place with some filters changed; an empty one goes. */
export function withFilters(hash: string, changes: Filters): string {
  const [place = ''] = hash.split('?', 1);
  const filled = Object.entries({ ...filtersOf(hash), ...changes }).filter(([, value]) => value !== '');
  return filled.length === 0 ? place : `${place}?${new URLSearchParams(filled)}`;
}
