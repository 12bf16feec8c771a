import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';

/** `sello audit archive` */
export function defineArchive(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'move the content of old sealed entries from the database to compressed files; hashes stay, and everything stays provable',
          'pasar el contenido de las entradas selladas antiguas de la base de datos a ficheros comprimidos; los hashes se conservan y todo sigue siendo demostrable',
        ),
      ),
    )
    .requiredOption(
      '--older-than-days <days>',
      say(text('entries older than so many days', 'las entradas de más de tantos días')),
    )
    .addHelpText('after', examples(shell, 'sello audit archive --older-than-days 365'))
    .action(async ({ olderThanDays }: { olderThanDays: string }) => {
      const days = wholeNumber(olderThanDays, '--older-than-days', 0, 36_500);
      const archived = granted(await operate(shell.config(), 'audit.archive', { older_than_days: days }));
      shell.result(archived, () => [
        ...archived.files,
        say(
          text(`${archived.pruned} entries are archived.`, `${archived.pruned} entradas están archivadas.`),
        ),
      ]);
    });
}
