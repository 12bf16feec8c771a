type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The same shape with camelCase keys, deeply read-only. Values stay as they are. */
export type CamelCased<T> = T extends readonly (infer Item)[]
  ? readonly CamelCased<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Key extends string ? CamelCase<Key> : Key]: CamelCased<T[Key]> }
    : T;

/**
 * A deep frozen copy with camelCase keys. For plain values only: objects, arrays, strings, numbers, booleans, null.
 */
export function camelCased<T>(value: T): CamelCased<T>;
export function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map((item) => camelCased(item)));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [camelCaseKey(key), camelCased(member)]);
  return Object.freeze(Object.fromEntries(members));
}

function camelCaseKey(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
