import { shownValue, writtenValue } from './shown-value.ts';

export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
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
    const values = [writtenValue(value), shownValue(key, value)].join(' ');
    const text = `${key} ${description} ${values}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
