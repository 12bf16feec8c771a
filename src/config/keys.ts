import { ConfigSchema } from './schema.ts';

/** One key of the configuration: a leaf of the schema, with its names in every source. */
export interface ConfigKey {
  /** As in the file, groups joined by dots: `lockout.attempts_max`. */
  readonly key: string;
  readonly path: readonly string[];
  /** `SELLO_LOCKOUT_ATTEMPTS_MAX` */
  readonly variable: string;
  /** `--lockout-attempts-max` */
  readonly flag: string;
  readonly schema: LeafSchema;
}

/** The JSON Schema keywords that leaves use, and this program's own. */
export interface LeafSchema {
  readonly type?: string;
  readonly default: unknown;
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly { readonly type?: string }[];
  /** What a value must be, in words. Unset: derived from the schema. */
  readonly expected?: string;
  readonly path?: true;
  readonly secret?: true;
}

interface GroupSchema {
  readonly properties: Readonly<Record<string, object>>;
}

function isGroup(schema: object): schema is GroupSchema {
  return 'properties' in schema;
}

function leaves(group: GroupSchema, parents: readonly string[]): ConfigKey[] {
  return Object.entries(group.properties).flatMap(([name, schema]) => {
    const path = [...parents, name];
    if (isGroup(schema)) return leaves(schema, path);
    const words = path.join('_');
    return [
      {
        key: path.join('.'),
        path,
        variable: `SELLO_${words.toUpperCase()}`,
        flag: `--${words.replaceAll('_', '-')}`,
        schema: schema as LeafSchema,
      },
    ];
  });
}

/** Every key, in the schema's order. */
export const CONFIG_KEYS: readonly ConfigKey[] = leaves(ConfigSchema, []);

/** The key of the file that holds a key's value instead, such as `vault_pin_file` of `vault_pin`. */
export function fileKeyOf({ key, schema }: ConfigKey): ConfigKey | undefined {
  return schema.secret ? CONFIG_KEYS.find((other) => other.key === `${key}_file`) : undefined;
}

/** The value of a key in a whole configuration, as the file has it. */
export function configValue({ path }: ConfigKey, values: unknown): unknown {
  let value = values;
  for (const name of path) value = (value as Readonly<Record<string, unknown>>)[name];
  return value;
}

/** The names of the groups: `lockout`, `rate_limits`, `rate_limits.log_ins`, … */
export const CONFIG_GROUPS: ReadonlySet<string> = new Set(
  CONFIG_KEYS.flatMap(({ path }) => path.slice(0, -1).map((_, index) => path.slice(0, index + 1).join('.'))),
);

/** Environment variables of this program that are not keys. */
export const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  SELLO_CONFIG: 'the configuration file, as `--config`',
};
