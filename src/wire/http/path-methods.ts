import type { Route } from './route.ts';

/** Which methods a path has, for 405 and for preflights. */
export class PathMethods {
  readonly #patterns: readonly { readonly pattern: RegExp; readonly methods: string[] }[];

  constructor(routes: readonly Pick<Route, 'path' | 'method'>[]) {
    const byPath = new Map<string, string[]>();
    for (const { path, method } of routes) byPath.set(path, [...(byPath.get(path) ?? []), method]);
    this.#patterns = [...byPath].map(([path, methods]) => ({
      pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[a-z_]+\}/g, '[^/]+')}$`),
      methods,
    }));
  }

  of(path: string): readonly string[] {
    const fitting = this.#patterns.filter(({ pattern }) => pattern.test(path));
    return [...new Set(fitting.flatMap(({ methods }) => methods))];
  }
}
