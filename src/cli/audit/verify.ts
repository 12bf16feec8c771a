import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import type { RowFault } from '../../application/journal/rows/compare-rows.ts';
import {
  type JournalFault,
  type JournalVerdict,
  type UnverifiedEntry,
  verifyJournal,
} from '../../application/journal/verify-journal.ts';
import { type Text, text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { LineFaultError, linesOf } from '../../net/lines.ts';
import { exportedEntries } from '../../operator/audit/exported-journal.ts';
import { verifyStoredJournal } from '../../operator/audit/stored-journal.ts';
import type { AuditReader } from '../../ports/journal-reader.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import { journalSize } from '../shell/journal-size.ts';
import type { Shell } from '../shell/shell.ts';
import { withJournal } from './with-journal.ts';

/** `sello audit verify` */
export function defineVerify(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
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
      else showVerdict(shell, await verifyJournal(readExport(file)));
    });
}

/** Checks the database's pages and counts as well: they show when the journal's last entries are missing. */
async function verifyStored(shell: Shell, journal: AuditReader): Promise<void> {
  const verdict = await verifyStoredJournal(journal, (entries) => shell.note(progress(entries)));
  const damage = verdict.fault || verdict.rowFault ? [] : await journal.verifyIntegrity();
  showVerdict(shell, verdict, { damage, rowFault: verdict.rowFault });
  const { changedMeanwhile: count } = verdict;
  if (count > 0) {
    shell.note(
      text(
        `The rows of ${count} users changed during the check and were not compared: run it again.`,
        `Las filas de ${count} usuarios cambiaron durante la comprobación y no se compararon: repítela.`,
      ),
    );
  }
}

function progress(entries: number): Text {
  return text(`${entries} entries fit so far`, `${entries} entradas encajan hasta ahora`);
}

async function* readExport(file: string): AsyncGenerator<UnverifiedEntry> {
  const bytes = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1_048_576 });
  let line = 1;
  try {
    for await (const entry of exportedEntries(
      linesOf(bytes as AsyncIterable<Buffer>, LIMITS.auditLineBytesMax),
    )) {
      line++;
      yield entry;
    }
  } catch (error) {
    if (error instanceof LineFaultError) {
      throw new CommandFailure(
        EXIT.refused,
        'journal_broken',
        text(`line ${line}: ${error.message}`, `línea ${line}: ${error.message}`),
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

function showVerdict(
  shell: Shell,
  { entries, users, fault }: JournalVerdict,
  {
    damage = [],
    rowFault,
  }: { readonly damage?: readonly string[]; readonly rowFault?: RowFault | undefined } = {},
): void {
  const valid = !fault && !rowFault && damage.length === 0;
  if (!valid) shell.exitCode = EXIT.refused;
  shell.result(
    {
      ...{ valid, entries, users },
      ...(fault ? { fault } : {}),
      ...(rowFault ? { row_fault: rowFaultView(rowFault) } : {}),
      ...(damage.length > 0 ? { damage } : {}),
    },
    () => {
      if (fault) return [shell.say(faultPlace(fault)), `  ${fault.reason}: ${fault.detail}`];
      if (rowFault) return [shell.say(rowFaultPlace(rowFault)), `  ${rowFault.detail}`];
      if (!valid)
        return [shell.say(text('The database is damaged:', 'La base de datos está dañada:')), ...damage];
      const size = journalSize(entries, users);
      return shell.say(text(`The journal is whole: ${size.en}.`, `El diario está completo: ${size.es}.`));
    },
  );
}

function rowFaultView({ table, userId, key, detail }: RowFault) {
  return { table, user_id: userId, key, detail };
}

function rowFaultPlace({ table, userId, key }: RowFault): Text {
  return text(
    `A row of ${table} does not follow from the journal: user ${userId}, ${key}`,
    `Una fila de ${table} no se sigue del diario: usuario ${userId}, ${key}`,
  );
}

function faultPlace({ entry, user, version }: JournalFault): Text {
  return entry === 0
    ? text(`The end of user ${user} does not fit`, `El final del usuario ${user} no encaja`)
    : text(
        `Entry ${entry} does not fit: user ${user}, version ${version}`,
        `La entrada ${entry} no encaja: usuario ${user}, versión ${version}`,
      );
}
