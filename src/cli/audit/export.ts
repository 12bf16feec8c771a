import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { exportJournal } from '../../operator/audit/exported-journal.ts';
import type { AuditReader } from '../../ports/journal-reader.ts';
import { examples } from '../shell/examples.ts';
import { RefusedByServer } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { withJournal } from './with-journal.ts';

/** `sello audit export` */
export function defineExport(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          "print the journal's entries, a line of JSON each, while the server runs or not",
          'mostrar las entradas del diario, una línea de JSON cada una, con el servidor en marcha o no',
        ),
      ),
    )
    .option('--user <name>', say(text('the entries of this user alone', 'solo las entradas de este usuario')))
    .addHelpText(
      'after',
      examples(shell, 'sello audit export > journal.jsonl', 'sello audit export --user alice'),
    )
    .action((options: { user?: string }) =>
      withJournal(shell, (journal) => printExport(journal, options.user)),
    );
}

/** Prints no faster than a pipe's reader takes it, and ends quietly when the reader closes the pipe (`| head`). */
async function printExport(journal: AuditReader, username: string | undefined): Promise<void> {
  const user = username === undefined ? undefined : await journal.findUser(username);
  if (username !== undefined && !user) throw new RefusedByServer({ refused: 'user_unknown' });
  const { stdout } = process;
  let closed = false;
  stdout.on('error', () => {
    closed = true;
  });
  for await (const lines of exportJournal(journal, user?.userId)) {
    if (closed) return;
    if (!stdout.write(lines))
      await new Promise<void>((resolve) => {
        const go = () => {
          stdout.off('drain', go);
          stdout.off('error', go);
          resolve();
        };
        stdout.once('drain', go);
        stdout.once('error', go);
      });
  }
}
