import type { Command } from 'commander';
import type { Text } from '../../language/text.ts';
import type { Shell } from './shell.ts';

/** The exports of a command's module. */
export interface CommandModule {
  /** Adds arguments, options, examples, subcommands and the action. The command has its name and summary already. */
  readonly define: (command: Command, shell: Shell) => void;
}

export interface CommandEntry {
  readonly summary: Text;
  /** Imports the module. Called only for the command that runs, so that the others cost nothing at the start. */
  readonly load: () => Promise<CommandModule>;
}

export type CommandTable = Readonly<Record<string, CommandEntry>>;
