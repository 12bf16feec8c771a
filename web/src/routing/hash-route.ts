/** A place within a page, as path segments: `#/transfers/abc` is `['transfers', 'abc']`. */
export type Route = readonly string[];

const PARTS_MAX = 8;

/**
 * Parses a fragment. Anybody can make a link with any fragment; it can only name a place of this page.
 *
 * Why: docs/DECISIONS.md#places-in-a-page-are-fragments
 */
export function parseHash(hash: string): Route {
  if (!hash.startsWith('#/')) return [];
  const [path = ''] = hash.slice(2).split('?');
  return path
    .split('/', PARTS_MAX)
    .filter((part) => part !== '')
    .map(decoded);
}

/**
 * Reads a one-time code from a fragment such as `#setup=CODE` or `#enrol=CODE`, which reaches no server and no log.
 */
export function hashCode(hash: string, name: string): string | undefined {
  const prefix = `#${name}=`;
  if (!hash.startsWith(prefix)) return undefined;
  const code = decoded(hash.slice(prefix.length));
  return code === '' ? undefined : code;
}

export function hashOf(...route: Route): string {
  return `#/${route.map(encodeURIComponent).join('/')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
