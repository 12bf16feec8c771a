import { type Command, Option } from 'commander';
import { descriptionOf } from '../../config/descriptions.ts';
import { CONFIG_KEYS, type ConfigKey, fileKeyOf } from '../../config/keys.ts';
import type { Language } from '../../language/language.ts';

/** Shown in every help. docs/configuration.md and `sello serve --help` list the others. */
const SHOWN = new Set(['--data-dir', '--language']);

/** Flags with another meaning in other commands (`user create --role`): only these commands have them as a key. */
const OF_COMMANDS: Readonly<Record<string, readonly string[]>> = { '--role': ['serve', 'config', 'doctor'] };

/** Adds every key of the configuration as a flag, accepted before and after any command, except those above. */
export function addConfigFlags(program: Command, language: Language = 'en'): void {
  for (const key of CONFIG_KEYS) {
    if (key.flag in OF_COMMANDS) continue;
    for (const option of optionsOf(key, language)) program.addOption(option.hideHelp(!SHOWN.has(key.flag)));
  }
}

/** Adds the keys above to a command that has them. Called for each command that runs. */
export function addCommandFlags(command: Command): void {
  for (const key of CONFIG_KEYS) {
    if (OF_COMMANDS[key.flag]?.includes(command.name())) {
      for (const option of optionsOf(key, 'en')) command.addOption(option.hideHelp());
    }
  }
}

function optionsOf(key: ConfigKey, language: Language): readonly Option[] {
  const { flag, schema } = key;
  const description = descriptionOf(key)[language];
  if (schema.type !== 'boolean') return [new Option(`${flag} <value>`, description)];
  return [new Option(`${flag} [value]`, description), new Option(flag.replace(/^--/, '--no-'), description)];
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

/** Where a terminal is wider, lines would be hard to read. */
const HELP_WIDTH_MAX = 100;
const INDENT = ' '.repeat(6);

/** Every flag with the first sentence of its key's description, for `sello serve --help`. @param width of the terminal, in columns */
export function configFlagsHelp(width: number, language: Language): string {
  const columns = Math.min(width, HELP_WIDTH_MAX) - INDENT.length;
  return CONFIG_KEYS.filter((key) => fileKeyOf(key) === undefined)
    .map((key) => {
      const lines = wrapped(firstSentence(descriptionOf(key)[language]), columns);
      return [`  ${key.flag}`, ...lines.map((line) => `${INDENT}${line}`)].join('\n');
    })
    .join('\n');
}

/** A sentence ends at a full stop before a blank: never at a colon or a semicolon, after which its sense still comes. */
function firstSentence(description: string): string {
  return description.split(/(?<=\.) /, 1)[0] ?? '';
}

/** Breaks at blanks. A word longer than a line stays whole. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
