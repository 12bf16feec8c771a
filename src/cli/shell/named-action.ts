import type { Command } from 'commander';
import { type Text, text } from '../../language/text.ts';
import { examples } from './examples.ts';
import type { Shell } from './shell.ts';

export interface NamedAction {
  readonly verb: string;
  readonly description: Text;
  /** Printed before the name when it is done: `Disabled`. */
  readonly done: Text;
  readonly example: string;
  /** @returns the result to print @throws RefusedByServer */
  readonly run: (name: string) => Promise<Readonly<Record<string, unknown>>>;
}

/** Adds a subcommand that does one thing to the user or service named by its argument, and prints `DONE: NAME`. */
export function defineNamedAction(
  command: Command,
  shell: Shell,
  argument: string,
  { verb, description, done, example, run }: NamedAction,
): void {
  command
    .command(verb)
    .description(shell.say(description))
    .argument('<name>', argument)
    .addHelpText('after', examples(shell, example))
    .action(async (name: string) => {
      shell.result(await run(name), () => `${shell.say(done)}: ${name}`);
    });
}

/** The answers of `disable` and `enable`, which users and services have. */
export const DISABLED = text('Disabled', 'Desactivado');
export const ENABLED = text('Enabled', 'Activado');
