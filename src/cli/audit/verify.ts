import { createReadStream, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { RowFault } from '../../application/journal/rows/compare-rows.ts';
import type { JournalFault, JournalVerdict } from '../../application/journal/verify-journal.ts';
import { readVerifierKey } from '../../domain/log/verify-note.ts';
import { type Text, text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { LineFaultError, linesOf } from '../../net/lines.ts';
import type { CheckpointFault } from '../../operator/audit/checkpoint-fault.ts';
import { type ExportedEntry, exportedEntries } from '../../operator/audit/exported-journal.ts';
import { contradictingPins, type PinnedCheckpoint, readPin } from '../../operator/audit/pinned-checkpoint.ts';
import { verifyStoredJournal } from '../../operator/audit/stored-journal.ts';
import { verifyExport } from '../../operator/audit/verify-export.ts';
import { verifyStoredLog } from '../../operator/audit/verify-stored-log.ts';
import type { AuditReader } from '../../ports/journal-reader.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';
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
    .option(
      '--pin <file>',
      say(
        text(
          'a checkpoint that was kept (sello audit pin); may be given again',
          'un punto de control guardado (sello audit pin); puede repetirse',
        ),
      ),
      (file: string, files: readonly string[]) => [...files, file],
      [] as readonly string[],
    )
    .option(
      '--vkey <key>',
      say(
        text(
          "the log's verifier key (GET /log/vkey)",
          'la clave de verificación del registro (GET /log/vkey)',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello audit verify',
        'sello audit verify journal.jsonl --pin checkpoint.txt --vkey "$(curl -s http://127.0.0.1:8080/log/vkey)"',
        'sello audit verify journal.jsonl',
        'sello audit export | sello audit verify - --json',
      ),
    )
    .action(async (file: string | undefined, options: PinOptions) => {
      const pins = readPins(shell, options);
      if (file === undefined) await withJournal(shell, (journal) => verifyStored(shell, journal, pins));
      else await verifyFile(shell, file, pins);
    });
}

interface PinOptions {
  readonly pin: readonly string[];
  readonly vkey?: string;
}

/** @throws CommandFailure for a file that is no checkpoint, is of another log, or is not signed by the key */
function readPins(shell: Shell, { pin: files, vkey }: PinOptions): readonly PinnedCheckpoint[] {
  const key = vkey === undefined ? undefined : readVerifierKey(vkey.trim());
  if (vkey !== undefined && !key) {
    throw usageFailure(
      text(
        '--vkey: expected NAME+HASH+KEY, as GET /log/vkey answers it',
        '--vkey: se esperaba NOMBRE+HASH+CLAVE, como responde GET /log/vkey',
      ),
    );
  }
  const pins = files.map((file) => {
    const pin = readPin(file, noteOf(file), key);
    if ('en' in pin) throw new CommandFailure(EXIT.refused, 'checkpoint_refused', pin);
    return pin;
  });
  const contradiction = contradictingPins(pins);
  if (contradiction) throw new CommandFailure(EXIT.refused, 'checkpoints_contradict', contradiction);
  if (pins.length > 0 && !key) {
    shell.note(
      text(
        'The signatures of the checkpoints were not verified: give --vkey.',
        'No se verificaron las firmas de los puntos de control: indique --vkey.',
      ),
    );
  }
  return pins;
}

function noteOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileUnreadable(file, error as Error);
  }
}

async function verifyFile(shell: Shell, file: string, pins: readonly PinnedCheckpoint[]): Promise<void> {
  const verdict = await verifyExport(readExport(file), pins, (entries) => shell.note(progress(entries)));
  showVerdict(shell, verdict, { checkpointFault: verdict.checkpointFault });
  if (shell.exitCode === EXIT.done && verdict.covered < verdict.entries) {
    const left = verdict.entries - verdict.covered;
    shell.note(
      text(
        `${left} entries are covered by no checkpoint that was given: their chains fit, and an end that is missing is not seen.`,
        `${left} entradas no están cubiertas por ningún punto de control dado: sus cadenas encajan, y no se ve si falta el final.`,
      ),
    );
  }
}

/** Checks the database's pages and counts as well: they show when the journal's last entries are missing. */
async function verifyStored(
  shell: Shell,
  journal: AuditReader,
  pins: readonly PinnedCheckpoint[],
): Promise<void> {
  const verdict = await verifyStoredJournal(journal, (entries) => shell.note(progress(entries)));
  const whole = !verdict.fault && !verdict.rowFault;
  const damage = whole ? await journal.verifyIntegrity() : [];
  const checkpointFault = whole && damage.length === 0 ? await verifyStoredLog(journal.log, pins) : undefined;
  showVerdict(shell, verdict, { damage, rowFault: verdict.rowFault, checkpointFault });
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

async function* readExport(file: string): AsyncGenerator<ExportedEntry> {
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
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw fileUnreadable(file, error as Error);
  }
}

function fileUnreadable(file: string, { message }: Error): CommandFailure {
  return new CommandFailure(
    EXIT.usage,
    'file_unreadable',
    text(`${file} cannot be read: ${message}`, `no se puede leer ${file}: ${message}`),
  );
}

function showVerdict(
  shell: Shell,
  { entries, users, fault }: JournalVerdict,
  {
    damage = [],
    rowFault,
    checkpointFault,
  }: {
    readonly damage?: readonly string[];
    readonly rowFault?: RowFault | undefined;
    readonly checkpointFault?: CheckpointFault | undefined;
  } = {},
): void {
  const valid = !fault && !rowFault && !checkpointFault && damage.length === 0;
  if (!valid) shell.exitCode = EXIT.refused;
  shell.result(
    {
      ...{ valid, entries, users },
      ...(fault ? { fault } : {}),
      ...(rowFault ? { row_fault: rowFaultView(rowFault) } : {}),
      ...(damage.length > 0 ? { damage } : {}),
      ...(checkpointFault
        ? {
            checkpoint_fault: {
              ...{ reason: checkpointFault.reason, index: checkpointFault.index },
              detail: checkpointFault.said.en,
            },
          }
        : {}),
    },
    () => {
      if (fault) return [shell.say(faultPlace(fault)), `  ${fault.reason}: ${fault.detail}`];
      if (rowFault) return [shell.say(rowFaultPlace(rowFault)), `  ${rowFault.detail}`];
      if (checkpointFault) return shell.say(checkpointFault.said);
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
