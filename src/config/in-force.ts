import type { Loaded } from '../config.ts';
import type { Text } from '../language/text.ts';
import { descriptionOf } from './descriptions.ts';
import { CONFIG_KEYS, configValue } from './keys.ts';

/** A key as administrators see it. Never contains a secret. */
export interface SettingInForce {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
  readonly secret: boolean;
  readonly description: Text;
}

/** Every key with its value in force and its source. */
export function settingsInForce({ values, sources }: Loaded): readonly SettingInForce[] {
  return CONFIG_KEYS.map((key) => {
    const value = configValue(key, values);
    // A URL may contain a password; a path does not.
    const secret = key.schema.secret === true && value !== null && !/^(sqlite|file|memory):/.test(`${value}`);
    return {
      key: key.key,
      value: secret ? null : value,
      source: sources.get(key.key) ?? 'default',
      secret,
      description: descriptionOf(key),
    };
  });
}
