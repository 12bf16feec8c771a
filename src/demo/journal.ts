import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalVerdict } from '../application/journal/verify-journal.ts';
import { openSqliteReader } from '../compose.ts';
import { text } from '../language/text.ts';
import { verifyStoredJournal } from '../operator/audit/stored-journal.ts';
import type { DemoServer } from './demo-server.ts';
import type { Tour } from './tour.ts';

/** Verifies the journal of a database file as `sello audit verify` does. */
async function verify(path: string): Promise<JournalVerdict> {
  const reader = await openSqliteReader(path);
  try {
    return await verifyStoredJournal(reader);
  } finally {
    await reader.close();
  }
}

/** Verifies the journal that the earlier sections left, then changes one byte of a copy and looks for it. */
export async function checkJournal(tour: Tour, { application, folder }: DemoServer): Promise<void> {
  const { sqlite } = application;
  if (!sqlite) throw new Error('the demo runs on SQLite');
  tour.section(
    text('The journal, verified', 'El diario, verificado'),
    text(
      'Each decision, refusals included, is an entry chained to the one before; what was not even looked at is counted.',
      'Cada decisión, rechazos incluidos, es una entrada encadenada a la anterior; lo que ni se miró se cuenta.',
    ),
  );
  const whole = await verify(sqlite.path);
  tour.check(
    whole.fault === undefined && whole.entries > 0,
    text(
      `${whole.entries} entries of ${whole.users} users: none changed, missing, added or moved`,
      `${whole.entries} entradas de ${whole.users} usuarios: ninguna cambiada, perdida, añadida ni movida`,
    ),
  );

  tour.section(
    text('One byte of it, changed', 'Un byte suyo, cambiado'),
    text(
      "A change made behind the server's back is found: the entry no longer gives its hash.",
      'Un cambio hecho a espaldas del servidor se halla: la entrada ya no da su resumen.',
    ),
  );
  const copy = join(folder, 'copy.sqlite');
  await sqlite.backup(copy);
  const wanted = await findLargest(copy);
  const bytes = readFileSync(copy);
  const at = wanted === undefined ? -1 : bytes.indexOf(wanted.body);
  const amount = bytes.indexOf('"amount":"900.00"', at) + '"amount":"'.length;
  tour.line(`   ${wanted?.body ?? '-'}`);
  if (wanted && at >= 0) {
    bytes[amount] = '1'.charCodeAt(0);
    writeFileSync(copy, bytes);
  }
  tour.line(`   ${tour.say(text('byte', 'byte'))} ${amount}: 9 → 1  (900.00 → 100.00)`);
  const { fault } = await verify(copy);
  if (fault)
    tour.line(
      `   ${tour.say(text('found', 'hallada'))}: ${tour.say(text('entry', 'entrada'))} ${fault.entry}, ${fault.user}, ${tour.say(text('version', 'versión'))} ${fault.version}, ${fault.reason}`,
    );
  tour.check(
    wanted !== undefined &&
      fault?.reason === 'hash_mismatch' &&
      fault.user === 'alice' &&
      fault.version === wanted.version,
    text('the entry that was changed is named', 'se nombra la entrada que fue cambiada'),
  );
}

/** The entry of alice's large transfer. */
async function findLargest(path: string): Promise<{ body: string; version: number } | undefined> {
  const reader = await openSqliteReader(path);
  try {
    const alice = await reader.findUser('alice');
    if (!alice) return undefined;
    const entries = await reader.readUserJournal(alice.userId, {
      below: Number.POSITIVE_INFINITY,
      limit: 256,
    });
    return entries.find(
      ({ body }) => body.includes('"transaction.approved"') && body.includes('"amount":"900.00"'),
    );
  } finally {
    await reader.close();
  }
}
