import { resolve } from 'node:path';
import { type CamelCased, camelCased } from './config/camel-case.ts';
import { crossProblems } from './config/cross-checks.ts';
import { CONFIG_KEYS } from './config/keys.ts';
import type { ConfigValues } from './config/schema.ts';
import { readSecretFile } from './config/secret-file.ts';
import {
  type ConfigSource,
  type Given,
  givenByEnvironment,
  givenByFile,
  givenByFlags,
} from './config/sources.ts';
import { problemOf } from './config/values.ts';
import { StartRefused } from './domain/errors.ts';
import { localeLanguage } from './language/language.ts';

export type { ConfigValues } from './config/schema.ts';
export type { ConfigSource } from './config/sources.ts';

/**
 * The configuration as the program reads it: camelCase, deeply frozen, paths absolute, secrets read from their files.
 */
export type Config = CamelCased<ConfigValues>;

export interface ConfigInput {
  /** By name with dashes: `{'--tcp-port': '11002'}`. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The YAML file; by default `SELLO_CONFIG` of the environment. */
  readonly file?: string | undefined;
  /** The base of relative paths; by default the working folder. */
  readonly folder?: string;
}

export interface Loaded {
  readonly config: Config;
  /** By key (`lockout.attempts_max`). */
  readonly sources: ReadonlyMap<string, ConfigSource>;
  readonly file: string | undefined;
  /** The same values under the keys of the file. */
  readonly values: ConfigValues;
}

/** What a profile puts in place of defaults. Whatever source gives a key is stronger. */
const PROFILES: Readonly<Record<ConfigValues['profile'], Readonly<Partial<ConfigValues>>>> = {
  default: {},
  psd2: { session_idle_ms: 300_000 },
};
const PROBLEMS_SHOWN_MAX = 8;

/**
 * Loads the configuration: flag over environment over file over default. Reads secret files. Does NOT check ports or
 * what other paths point at.
 * @throws StartRefused naming each unknown or bad key, where it came from, what was expected and the nearest known
 * key
 */
export function loadConfig({
  flags = {},
  environment = {},
  file,
  folder = process.cwd(),
}: ConfigInput = {}): Loaded {
  const named = file ?? (environment.SELLO_CONFIG || undefined);
  const path = named === undefined ? undefined : resolve(folder, named);
  // The weakest source first: a stronger one overwrites it.
  const given: Given[] = [
    ...(path === undefined ? [] : [givenByFile(path)]),
    givenByEnvironment(environment),
    givenByFlags(flags),
  ];
  const problems = given.flatMap((source) => source.problems);

  const values = defaults(environment);
  const sources = new Map<string, ConfigSource>(CONFIG_KEYS.map(({ key }) => [key, 'default']));
  for (const { key, value, source, where } of given.flatMap((from) => from.values)) {
    const problem = problemOf(key, value);
    if (problem !== undefined) {
      const separator = problem.startsWith('.') || problem.startsWith('[') ? '' : ' ';
      problems.push(`${where}: ${key.key}${separator}${problem}`);
      continue;
    }
    set(values, key.path, key.schema.path && typeof value === 'string' ? resolve(folder, value) : value);
    sources.set(key.key, source);
  }
  for (const [key, value] of Object.entries(PROFILES[values.profile as keyof typeof PROFILES])) {
    if (sources.get(key) !== 'default') continue;
    set(values, [key], value);
    sources.set(key, 'profile');
  }
  // Every value fits its key's schema from here on, so the whole has the schema's type.
  const whole = values as ConfigValues;
  if (problems.length === 0) problems.push(...crossProblems(whole));
  if (problems.length === 0 && whole.vault_passphrase_file !== null) {
    const secret = readSecretFile(whole.vault_passphrase_file);
    if ('problem' in secret) problems.push(`vault_passphrase_file: ${secret.problem}`);
    else whole.vault_passphrase = secret.text;
  }
  if (problems.length === 0 && whole.vault_pin_file !== null) {
    const secret = readSecretFile(whole.vault_pin_file);
    if ('problem' in secret) problems.push(`vault_pin_file: ${secret.problem}`);
    else whole.vault_pin = secret.text;
  }
  if (problems.length > 0) throw new StartRefused(summary(problems));

  // As browsers name an origin: lower case, an international name in ASCII, no default port.
  if (whole.public_url !== null) whole.public_url = new URL(whole.public_url).origin;
  whole.http_cors_origins = whole.http_cors_origins.map((origin) => new URL(origin).origin);
  if (sources.get('data_dir') === 'default') whole.data_dir = resolve(folder, whole.data_dir);
  return { config: camelCased(whole), sources, file: path, values: whole };
}

function defaults(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { path, schema } of CONFIG_KEYS) set(values, path, structuredClone(schema.default));
  values.language = localeLanguage(environment);
  return values;
}

function set(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    values[name] = value;
    return;
  }
  const group = (values[name] ?? {}) as Record<string, unknown>;
  values[name] = group;
  set(group, rest, value);
}

function summary(problems: readonly string[]): string {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
  if (problems.length > shown.length) shown.push(`… and ${problems.length - shown.length} more`);
  return shown.join('\n');
}
