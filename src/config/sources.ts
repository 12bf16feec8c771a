import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CONFIG_GROUPS, CONFIG_KEYS, type ConfigKey, OTHER_VARIABLES } from './keys.ts';
import { nearest } from './nearest.ts';
import { expectedOf, fromText } from './values.ts';

export type ConfigSource = 'default' | 'profile' | 'file' | 'environment' | 'flag';

/** A value given for a key, and where, for messages: `--tcp-port`, `SELLO_TCP_PORT`, `sello.yaml`. */
export interface GivenValue {
  readonly key: ConfigKey;
  readonly value: unknown;
  readonly source: ConfigSource;
  readonly where: string;
}

export interface Given {
  readonly values: readonly GivenValue[];
  /** Names that are no key, a line each for the operator. */
  readonly problems: readonly string[];
}

const FILE_BYTES_MAX = 1_048_576;

const BY_KEY = new Map(CONFIG_KEYS.map((key) => [key.key, key]));
const BY_VARIABLE = new Map(CONFIG_KEYS.map((key) => [key.variable, key]));
const BY_FLAG = new Map(CONFIG_KEYS.map((key) => [key.flag, key]));

/** Reads flags, by name with dashes (`--tcp-port`), as text. */
export function givenByFlags(flags: Readonly<Record<string, string>>): Given {
  return givenByName(flags, BY_FLAG, 'flag', (name) => `unknown flag ${name}`);
}

/**
 * What Kubernetes sets in every pod beside a Service called `sello` or `sello-…` ("Discovering services"):
 * `SELLO_SERVICE_HOST`, `SELLO_SERVICE_PORT_HTTP`, `SELLO_PORT_8080_TCP_ADDR`, …
 */
const KUBERNETES_NAME =
  /^SELLO_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
/** Its `SELLO_PORT`; for a Service called `sello-tcp` that is the name of a key, and the value tells them apart. */
const KUBERNETES_ADDRESS = /^(?:tcp|udp|sctp):\/\/\S+:\d+$/;

function isOfKubernetes(name: string, value: string): boolean {
  return KUBERNETES_NAME.test(name) || (name.endsWith('_PORT') && KUBERNETES_ADDRESS.test(value));
}

/**
 * Reads the environment. A `SELLO_…` variable that is no key is a problem: ignored, the mistake would go unnoticed.
 * Variables that Kubernetes makes for a Service are ignored.
 */
export function givenByEnvironment(environment: Readonly<Record<string, string | undefined>>): Given {
  const ours = Object.entries(environment).filter(
    ([name, value]) =>
      name.startsWith('SELLO_') &&
      !Object.hasOwn(OTHER_VARIABLES, name) &&
      !isOfKubernetes(name, value ?? ''),
  );
  const texts = Object.fromEntries(ours.map(([name, text]) => [name, text ?? '']));
  return givenByName(texts, BY_VARIABLE, 'environment', (name) => `unknown environment variable ${name}`);
}

function givenByName(
  texts: Readonly<Record<string, string>>,
  keys: ReadonlyMap<string, ConfigKey>,
  source: ConfigSource,
  unknown: (name: string) => string,
): Given {
  const values: GivenValue[] = [];
  const problems: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const key = keys.get(name);
    if (key) values.push({ key, value: fromText(key, text), source, where: name });
    else problems.push(`${unknown(name)}${didYouMean(nearest(name, keys.keys()))}`);
  }
  return { values, problems };
}

/** Reads a YAML 1.2 file (JSON is YAML). An empty file gives nothing. */
export function givenByFile(file: string): Given {
  const text = readBounded(file);
  if (typeof text !== 'string') return { values: [], problems: [text.problem] };
  // Imported on demand: most commands have no file.
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    return { values: [], problems: [`${file}: not YAML: ${(error as Error).message.split('\n')[0]}`] };
  }
  if (content === null || content === undefined) return { values: [], problems: [] };
  const given = { values: [] as GivenValue[], problems: [] as string[] };
  collect(content, [], file, given);
  return given;
}

function readBounded(file: string): string | { readonly problem: string } {
  try {
    if (statSync(file).size > FILE_BYTES_MAX)
      return { problem: `${file}: larger than ${FILE_BYTES_MAX} bytes` };
    return readFileSync(file, 'utf8');
  } catch (error) {
    return { problem: `${file}: cannot be read: ${(error as Error).message}` };
  }
}

function collect(
  content: unknown,
  path: readonly string[],
  file: string,
  given: { values: GivenValue[]; problems: string[] },
): void {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    const what = path.length === 0 ? 'the file' : `"${path.join('.')}"`;
    given.problems.push(`${file}: ${what} expected keys with values`);
    return;
  }
  for (const [name, value] of Object.entries(content)) {
    const dotted = [...path, name].join('.');
    const key = BY_KEY.get(dotted);
    if (key) given.values.push({ key, value, source: 'file', where: file });
    else if (CONFIG_GROUPS.has(dotted)) collect(value, [...path, name], file, given);
    else given.problems.push(`${file}: unknown key "${dotted}"${didYouMean(nearestKey(dotted))}`);
  }
}

function nearestKey(dotted: string): string | undefined {
  const near = nearest(dotted, [...BY_KEY.keys(), ...CONFIG_GROUPS]);
  if (near) return near;
  // A key in the wrong group, or outside its group.
  const last = dotted.slice(dotted.lastIndexOf('.') + 1);
  return [...BY_KEY.keys()].find((key) => key.endsWith(`.${last}`) || key === last);
}

function didYouMean(name: string | undefined): string {
  const key =
    name === undefined ? undefined : (BY_KEY.get(name) ?? BY_VARIABLE.get(name) ?? BY_FLAG.get(name));
  if (name === undefined) return '. All keys: docs/configuration.md';
  return key ? `; did you mean ${name} (${expectedOf(key.schema)})?` : `; did you mean ${name}?`;
}
