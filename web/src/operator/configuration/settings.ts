export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
}

/** Formats a value as in the configuration file; undefined if there is none. */
export function shownValue(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Returns the settings that contain every word of the search. */
export function found(
  settings: readonly Setting[],
  search: string,
  changedOnly: boolean,
): readonly Setting[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return settings.filter((setting) => {
    if (changedOnly && setting.source === 'default') return false;
    const { key, description, value } = setting;
    const text = `${key} ${description} ${shownValue(value) ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
