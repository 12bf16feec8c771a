/** The methods of each path, for 405 and for preflights. */
export class PathMethods {
  readonly #patterns: readonly { readonly pattern: RegExp; readonly methods: readonly string[] }[];

  constructor(
    routes: readonly {
      readonly path: string;
      /** Whether the last parameter takes the rest of the path. */
      readonly restOfPath?: boolean | undefined;
      readonly methods: readonly string[];
    }[],
  ) {
    const byPath = new Map<string, string[]>();
    for (const { path, restOfPath, methods } of routes) {
      const pattern = restOfPath ? path.replace(/\{[a-z_]+\}$/, '.+') : path;
      byPath.set(pattern, [...(byPath.get(pattern) ?? []), ...methods]);
    }
    this.#patterns = [...byPath].map(([path, methods]) => ({
      pattern: new RegExp(`^${path.replace(/[.](?![+])/g, '\\.').replace(/\{[a-z_]+\}/g, '[^/]+')}$`),
      methods,
    }));
  }

  of(path: string): readonly string[] {
    const fitting = this.#patterns.filter(({ pattern }) => pattern.test(path));
    return [...new Set(fitting.flatMap(({ methods }) => methods))];
  }
}
