import { Argument, Command } from 'commander';
import { text } from '../../language/text.ts';
import { COMMANDS } from '../commands.ts';
import { addConfigFlags } from '../shell/config-flags.ts';
import { examples } from '../shell/examples.ts';
import type { Shell } from '../shell/shell.ts';
import { bashScript, fishScript, zshScript } from './scripts.ts';

/** What may follow a command: by its words, `user create`. */
export interface CompletionNode {
  readonly words: string;
  readonly commands: readonly string[];
  readonly flags: readonly string[];
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function define(command: Command, shell: Shell): void {
  command
    .addArgument(
      new Argument('<shell>', shell.say(text('which shell', 'qué intérprete'))).choices(Object.keys(SCRIPTS)),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'source <(sello completion bash)',
        'sello completion zsh > ~/.zfunc/_sello',
        'sello completion fish > ~/.config/fish/completions/sello.fish',
      ),
    )
    .action(async (name: keyof typeof SCRIPTS) => {
      shell.print(SCRIPTS[name](await completionNodes(shell)));
    });
}

/** Every command with its subcommands and flags, from the commands' own definitions. */
async function completionNodes(shell: Shell): Promise<readonly CompletionNode[]> {
  const root = new Command('sello')
    .option('--config <file>')
    .option('--json')
    .option('--help')
    .option('--version');
  addConfigFlags(root);
  const shared = flagsOf(root);
  const nodes: CompletionNode[] = [{ words: '', commands: Object.keys(COMMANDS), flags: shared }];
  for (const [name, { load }] of Object.entries(COMMANDS)) {
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
