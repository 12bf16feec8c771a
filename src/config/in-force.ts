import type { Loaded } from '../config.ts';
import { CONFIG_KEYS, configValue } from './keys.ts';

/** A key of the configuration as it is shown to who may see it: never a secret. */
export interface SettingInForce {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
}

/** Every key with the value in force and where that came from. */
export function settingsInForce({ values, sources }: Loaded): readonly SettingInForce[] {
  return CONFIG_KEYS.map((key) => {
    const value = configValue(key, values);
    // A URL may hold a password; a path holds none.
    const secret = key.schema.secret === true && value !== null && !/^(sqlite|file|memory):/.test(`${value}`);
    return {
      key: key.key,
      value: secret ? null : value,
      source: sources.get(key.key) ?? 'default',
      secret,
      description: key.schema.description,
    };
  });
}
