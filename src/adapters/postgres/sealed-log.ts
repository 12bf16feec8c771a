import { LIMITS } from '../../limits.ts';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type { LogStore, Seal } from '../../ports/log-store.ts';
import { nameOfLine } from '../sql/signature-name.ts';
import type { Connection } from './connection.ts';
import type { JournalRows } from './journal-rows.ts';
import { beginUnderLease, type OnConnection } from './leases.ts';
import { lastSize, PostgresLogReader } from './log-rows.ts';
import { commitDurably } from './synchronous-commit.ts';

const TILES = {
  name: 'log_tiles_insert',
  text: `INSERT INTO log_tiles (level, number, hashes)
    SELECT level, number, decode(hashes, 'hex') FROM unnest($1::int[], $2::bigint[], $3::text[]) AS tiles (level, number, hashes)`,
};
const CHECKPOINT = {
  name: 'log_checkpoints_insert',
  text: 'INSERT INTO log_checkpoints (size, at, note, edge) VALUES ($1, $2, $3, $4)',
};
const ADD_LINE = {
  name: 'log_checkpoints_add_line',
  text: 'UPDATE log_checkpoints SET note = note || $2::text WHERE size = $1 AND position($3::text IN note) = 0',
};
const DROP = {
  name: 'log_checkpoints_drop',
  text: 'DELETE FROM log_checkpoints WHERE size < (SELECT min(size) FROM (SELECT size FROM log_checkpoints ORDER BY size DESC LIMIT $1) AS kept)',
};

/** The log, as the holder of the sealer's lease writes it. */
export class PostgresLogStore extends PostgresLogReader implements LogStore {
  readonly #read: OnConnection;
  readonly #change: OnConnection;
  readonly #journal: JournalRows;

  constructor(
    read: OnConnection,
    change: OnConnection,
    journal: JournalRows,
    bodies: ArchivedBodies | undefined,
  ) {
    super(read, journal, bodies);
    this.#read = read;
    this.#change = change;
    this.#journal = journal;
  }

  async readUnsealed({ from, limit }: { from: number; limit: number }): Promise<Uint8Array> {
    return this.#read((connection) =>
      this.#journal.readHashes(connection, from, Math.min(limit, LIMITS.logEntriesPerReadMax)),
    );
  }

  async addCosignature(size: number, line: string): Promise<boolean> {
    return this.#change(
      async (connection) => (await connection.run(ADD_LINE, [size, line, nameOfLine(line)])).count === 1,
    );
  }

  async seal({
    lease,
    previousSize,
    full,
    checkpoint,
  }: Seal): Promise<'sealed' | 'lease_lost' | 'superseded'> {
    const { size, at, note, edge } = checkpoint;
    return this.#change(async (connection) => {
      const refusal = await refusalOf(connection, lease, previousSize);
      if (refusal) {
        await connection.run('ROLLBACK');
        return refusal;
      }
      await connection.pipeline([
        [
          TILES,
          [
            `{${full.map(({ level }) => level).join(',')}}`,
            `{${full.map(({ number }) => number).join(',')}}`,
            `{${full.map(({ hashes }) => Buffer.from(hashes).toString('hex')).join(',')}}`,
          ],
        ],
        [CHECKPOINT, [size, at, note, edge]],
        [DROP, [LIMITS.logCheckpointsKept]],
      ]);
      await commitDurably(connection);
      return 'sealed';
    });
  }
}

/** Begins the unit of work. Until it ends nobody else takes the lease. */
async function refusalOf(
  connection: Connection,
  lease: Seal['lease'],
  previousSize: number | undefined,
): Promise<'lease_lost' | 'superseded' | undefined> {
  if (!(await beginUnderLease(connection, lease))) return 'lease_lost';
  return (await lastSize(connection)) === previousSize ? undefined : 'superseded';
}
