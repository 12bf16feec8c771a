import { type Command, Option } from 'commander';
import { CONFIG_KEYS, type ConfigKey } from '../config/keys.ts';

/** Shown in every help; the others are in docs/configuration.md and in `sello serve --help`. */
const SHOWN = new Set(['--data-dir', '--language']);

/** Every key of the configuration as a flag that is understood before and after any command. */
export function addConfigFlags(program: Command): void {
  for (const key of CONFIG_KEYS) {
    for (const option of optionsOf(key)) program.addOption(option.hideHelp(!SHOWN.has(key.flag)));
  }
}

function optionsOf({ flag, schema }: ConfigKey): readonly Option[] {
  if (schema.type !== 'boolean') return [new Option(`${flag} <value>`, schema.description)];
  return [
    new Option(`${flag} [value]`, schema.description),
    new Option(flag.replace(/^--/, '--no-'), schema.description),
  ];
}

/** The flags that were given, by name, with their text. */
export function givenConfigFlags(program: Command): Record<string, string> {
  const flags: Record<string, string> = {};
  const options = program.opts<Record<string, unknown>>();
  for (const { flag } of CONFIG_KEYS) {
    const value = options[new Option(`${flag} <value>`).attributeName()];
    if (value !== undefined) flags[flag] = String(value);
  }
  return flags;
}

/** `sello serve --help` lists them all. */
export function configFlagsHelp(): string {
  const width = Math.max(...CONFIG_KEYS.map(({ flag }) => flag.length));
  return CONFIG_KEYS.map(({ flag, schema }) => {
    const [sentence = ''] = schema.description.split(/(?<=[.:;]) /);
    return `  ${flag.padEnd(width)}  ${sentence.replace(/[.:;]$/, '')}`;
  }).join('\n');
}
