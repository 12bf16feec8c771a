import { type Command, Option } from 'commander';
import { CONFIG_KEYS, type ConfigKey, fileKeyOf } from '../../config/keys.ts';

/** Shown in every help. docs/configuration.md and `sello serve --help` list the others. */
const SHOWN = new Set(['--data-dir', '--language']);

/** Flags with another meaning in other commands (`user create --role`): only these commands have them as a key. */
const OF_COMMANDS: Readonly<Record<string, readonly string[]>> = { '--role': ['serve', 'config', 'doctor'] };

/** Adds every key of the configuration as a flag, accepted before and after any command, except those above. */
export function addConfigFlags(program: Command): void {
  for (const key of CONFIG_KEYS) {
    if (key.flag in OF_COMMANDS) continue;
    for (const option of optionsOf(key)) program.addOption(option.hideHelp(!SHOWN.has(key.flag)));
  }
}

/** Adds the keys above to a command that has them. Called for each command that runs. */
export function addCommandFlags(command: Command): void {
  for (const key of CONFIG_KEYS) {
    if (OF_COMMANDS[key.flag]?.includes(command.name())) {
      for (const option of optionsOf(key)) command.addOption(option.hideHelp());
    }
  }
}

function optionsOf({ flag, schema }: ConfigKey): readonly Option[] {
  if (schema.type !== 'boolean') return [new Option(`${flag} <value>`, schema.description)];
  return [
    new Option(`${flag} [value]`, schema.description),
    new Option(flag.replace(/^--/, '--no-'), schema.description),
  ];
}

/** The flags that were given, by name, as text. */
export function givenConfigFlags(program: Command): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const { flag } of CONFIG_KEYS) {
    const holder = program.commands.find(
      (command) => OF_COMMANDS[flag]?.includes(command.name()) && given(command, flag),
    );
    const value = (holder ?? program).opts<Record<string, unknown>>()[
      new Option(`${flag} <value>`).attributeName()
    ];
    if (value !== undefined) flags[flag] = String(value);
  }
  return flags;
}

function given(command: Command, flag: string): boolean {
  return command.getOptionValue(new Option(`${flag} <value>`).attributeName()) !== undefined;
}

/** `sello serve --help` lists them all. */
export function configFlagsHelp(): string {
  const keys = CONFIG_KEYS.filter((key) => fileKeyOf(key) === undefined);
  const width = Math.max(...keys.map(({ flag }) => flag.length));
  return keys
    .map(({ flag, schema }) => {
      const [sentence = ''] = schema.description.split(/(?<=[.:;]) /);
      return `  ${flag.padEnd(width)}  ${sentence.replace(/[.:;]$/, '')}`;
    })
    .join('\n');
}
