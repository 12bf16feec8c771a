import { Command } from 'commander';
import type { CommandTable } from '../shell/command-module.ts';
import { addConfigFlags } from '../shell/config-flags.ts';
import type { Shell } from '../shell/shell.ts';

/** The words and flags that may follow a command, which is given by its words: `user create`. */
export interface CompletionNode {
  readonly words: string;
  readonly commands: readonly string[];
  readonly flags: readonly string[];
}

/** A node for each command and subcommand, read from the commands' own definitions. */
export async function completionNodes(table: CommandTable, shell: Shell): Promise<readonly CompletionNode[]> {
  const root = new Command('sello')
    .option('--config <file>')
    .option('--json')
    .option('--help')
    .option('--version');
  addConfigFlags(root);
  const shared = flagsOf(root);
  const nodes: CompletionNode[] = [{ words: '', commands: Object.keys(table), flags: shared }];
  for (const [name, { load }] of Object.entries(table)) {
    const command = root.command(name);
    (await load()).define(command, shell);
    nodes.push(...nodesOf(command, [name], shared));
  }
  return nodes;
}

function nodesOf(command: Command, words: readonly string[], shared: readonly string[]): CompletionNode[] {
  const commands = command.commands.map((sub) => sub.name());
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [
    { words: words.join(' '), commands: [...commands, ...choices], flags: [...flagsOf(command), ...shared] },
    ...command.commands.flatMap((sub) => nodesOf(sub, [...words, sub.name()], shared)),
  ];
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []);
}
