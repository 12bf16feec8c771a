import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { withJournal } from './with-journal.ts';

/** `sello audit pin` */
export function definePin(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'print the last checkpoint of the log, to be kept where this server cannot change it',
          'mostrar el último punto de control del registro, para guardarlo donde este servidor no pueda cambiarlo',
        ),
      ),
    )
    .addHelpText('after', examples(shell, 'sello audit pin > 2026-12-01.checkpoint'))
    .action(() =>
      withJournal(shell, async (journal) => {
        const last = await journal.log.lastCheckpoint();
        if (!last)
          throw new CommandFailure(
            EXIT.refused,
            'not_sealed_yet',
            text(
              'Nothing is sealed yet: a running server seals each second',
              'Aún no hay nada sellado: un servidor en marcha sella cada segundo',
            ),
          );
        if (shell.json) shell.result({ size: last.size, checkpoint: last.note }, () => []);
        else process.stdout.write(last.note);
      }),
    );
}
