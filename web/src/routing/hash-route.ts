/** The place within a page, as its parts: `#/transfers/abc` is `['transfers', 'abc']`. */
export type Route = readonly string[];

const PARTS_MAX = 8;

/**
 * Reads a fragment. Whatever stands there comes of a link that anybody may have made: it names a place of this page and
 * can name no other.
 */
export function parseHash(hash: string): Route {
  if (!hash.startsWith('#/')) return [];
  const [path = ''] = hash.slice(2).split('?');
  return path
    .split('/', PARTS_MAX)
    .filter((part) => part !== '')
    .map(decoded);
}

/** `#setup=CODE`, `#enrol=CODE`: a one-time code that a link carries in the fragment, where no server and no log sees it. */
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
