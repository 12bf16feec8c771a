import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import {
  type JournalFault,
  type JournalVerdict,
  type UnverifiedEntry,
  verifyJournal,
} from '../../application/journal/verify-journal.ts';
import type { JournalReader } from '../../compose.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { LineFaultError, linesOf } from '../../net/lines.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, RefusedByServer } from '../shell/failure.ts';
import { journalSize } from '../shell/journal-size.ts';
import type { Shell } from '../shell/shell.ts';
import { exportedEntries, exportLines, StoredJournal } from './audit-journal.ts';

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('export')
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
      withJournal(shell, (journal) => exportJournal(journal, options.user)),
    );

  command
    .command('verify')
    .description(
      say(
        text(
          'check every entry against the one before it, from the database or from an export; exits 1 naming the first that does not fit',
          'comprobar cada entrada con la anterior, desde la base de datos o un fichero exportado; sale con 1 y nombra la primera que no encaja',
        ),
      ),
    )
    .argument(
      '[file]',
      say(text('an export; - for standard input', 'un fichero exportado; - para la entrada estándar')),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello audit verify',
        'sello audit verify journal.jsonl',
        'sello audit export | sello audit verify - --json',
      ),
    )
    .action(async (file: string | undefined) => {
      if (file === undefined) await withJournal(shell, (journal) => verifyStored(shell, journal));
      else tell(shell, await verifyJournal(readExport(file)));
    });
}

async function withJournal(shell: Shell, use: (journal: JournalReader) => Promise<void>): Promise<void> {
  const config = shell.config();
  const { openJournalReader } = await import('../../compose.ts');
  const journal = await openJournalReader(config);
  try {
    await use(journal);
  } finally {
    await journal.close();
  }
}

/** Waits while the reader of a pipe is slower, and ends quietly when it has seen enough (`| head`). */
async function exportJournal(journal: JournalReader, username: string | undefined): Promise<void> {
  const user = username === undefined ? undefined : await journal.findUser(username);
  if (username !== undefined && !user) throw new RefusedByServer({ refused: 'user_unknown' });
  const { stdout } = process;
  let gone = false;
  stdout.on('error', () => {
    gone = true;
  });
  for await (const lines of exportLines(journal, user?.userId)) {
    if (gone) return;
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

async function* readExport(file: string): AsyncGenerator<UnverifiedEntry> {
  const bytes = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1_048_576 });
  let line = 0;
  try {
    for await (const entry of exportedEntries(
      linesOf(bytes as AsyncIterable<Buffer>, LIMITS.auditLineBytesMax),
    )) {
      line++;
      yield entry;
    }
  } catch (error) {
    if (error instanceof LineFaultError) {
      const place = line + 1;
      throw new CommandFailure(
        EXIT.refused,
        'journal_broken',
        text(`line ${place}: ${error.message}`, `línea ${place}: ${error.message}`),
      );
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    const { message } = error as Error;
    throw new CommandFailure(
      EXIT.usage,
      'file_unreadable',
      text(`${file} cannot be read: ${message}`, `no se puede leer ${file}: ${message}`),
    );
  }
}

/** The database's own pages and counts as well: they tell when the journal's last entries are gone. */
async function verifyStored(shell: Shell, journal: JournalReader): Promise<void> {
  const stored = new StoredJournal(journal);
  const verdict = await verifyJournal(stored.entries(), stored.heads());
  const damage = verdict.fault ? [] : await journal.verifyIntegrity();
  tell(shell, verdict, damage);
}

function tell(shell: Shell, { entries, users, fault }: JournalVerdict, damage: readonly string[] = []): void {
  const valid = !fault && damage.length === 0;
  if (!valid) shell.exitCode = EXIT.refused;
  shell.result(
    { valid, entries, users, ...(fault ? { fault } : {}), ...(damage.length > 0 ? { damage } : {}) },
    () => {
      if (fault) return tellFault(shell, fault);
      if (!valid)
        return [shell.say(text('The database is damaged:', 'La base de datos está dañada:')), ...damage];
      return shell.say(
        text(
          `The journal is whole: ${journalSize(entries, users).en}.`,
          `El diario está completo: ${journalSize(entries, users).es}.`,
        ),
      );
    },
  );
}

function tellFault(shell: Shell, fault: JournalFault): string[] {
  const { entry, user, version, reason, detail } = fault;
  const where =
    entry === 0
      ? text(`The end of user ${user} does not fit`, `El final del usuario ${user} no encaja`)
      : text(
          `Entry ${entry} does not fit: user ${user}, version ${version}`,
          `La entrada ${entry} no encaja: usuario ${user}, versión ${version}`,
        );
  return [shell.say(where), `  ${reason}: ${detail}`];
}
