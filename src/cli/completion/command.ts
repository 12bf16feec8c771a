import { Argument } from 'commander';
import { text } from '../../language/text.ts';
import type { CommandModule, CommandTable } from '../shell/command-module.ts';
import { examples } from '../shell/examples.ts';
import { completionNodes } from './nodes.ts';
import { bashScript, fishScript, zshScript } from './scripts.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The command that prints the completion script for the commands of `table`. */
export function completionOf(table: CommandTable): CommandModule {
  return {
    define: (command, shell) =>
      command
        .addArgument(
          new Argument('<shell>', shell.say(text('which shell', 'qué intérprete'))).choices(
            Object.keys(SCRIPTS),
          ),
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
          shell.print(SCRIPTS[name](await completionNodes(table, shell)));
        }),
  };
}
