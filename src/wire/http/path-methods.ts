/** The methods of each path, for 405 and for preflights. */
export class PathMethods {
  readonly #patterns: readonly { readonly pattern: RegExp; readonly methods: readonly string[] }[];

  constructor(routes: readonly { readonly path: string; readonly methods: readonly string[] }[]) {
    const byPath = new Map<string, string[]>();
    for (const { path, methods } of routes) byPath.set(path, [...(byPath.get(path) ?? []), ...methods]);
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
