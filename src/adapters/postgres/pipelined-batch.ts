import type { Decision, UserId } from '../../ports/store.ts';
import type { Batch, Run } from './batch.ts';
import type { Connection, Statement, Value } from './connection.ts';
import type { KnownHeads } from './known-heads.ts';
import type { Lane } from './lane.ts';
import { MultiRowInsert } from './multi-row.ts';
import { type SideStatement, statementsOf, type Written, writtenBy } from './side-rows.ts';
import { storable } from './storable.ts';

const ENTRIES = new MultiRowInsert(
  'journal',
  [
    { name: 'user_id', type: 'bigint' },
    { name: 'version', type: 'integer' },
    { name: 'ordinal', type: 'integer' },
    { name: 'at', type: 'bigint' },
    { name: 'type', type: 'text' },
    { name: 'challenge', type: 'text' },
    { name: 'hash', type: 'bytea' },
    { name: 'state', type: 'text' },
    { name: 'body', type: 'text' },
  ],
  // No RETURNING, which costs a tenth of the insert: the inserted rows are queried only when the count falls short.
  'ON CONFLICT (user_id, version) DO NOTHING',
  [
    { name: 'lane', type: 'bigint' },
    { name: 'seq', type: 'bigint' },
  ],
);
const IDEMPOTENCY_RECORDS = new MultiRowInsert(
  'answers',
  [
    { name: 'user_id', type: 'bigint' },
    { name: 'key', type: 'text' },
    { name: 'digest', type: 'text' },
    { name: 'answer', type: 'text' },
    { name: 'at', type: 'bigint' },
  ],
  'ON CONFLICT DO NOTHING RETURNING user_id, key',
);
/** Commits with the lane's first unit of work, so readers learn of the lane when there is something in it. */
const OPEN_LANE = {
  name: 'lanes_open',
  text: 'INSERT INTO lanes (lane, placed_seq, seen_seq, seen_at, quiet) VALUES ($1, 0, 0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, false)',
};
const INSERTED = {
  name: 'journal_inserted',
  text: `SELECT user_id, version FROM journal
    WHERE (user_id, version) IN (SELECT * FROM unnest($1::bigint[], $2::integer[])) AND lane = $3 AND seq = $4`,
};
const THERE = {
  name: 'journal_there',
  text: 'SELECT user_id FROM journal WHERE (user_id, version) IN (SELECT * FROM unnest($1::bigint[], $2::integer[]))',
};

/** The results of a pipelined batch. */
export interface BatchResult {
  readonly inserted: (userId: UserId, version: number) => boolean;
  /** Users whose first entry in the batch has no predecessor in the database. */
  readonly gaps: ReadonlySet<UserId>;
  /** By index of the decision. */
  readonly written: ReadonlyMap<number, Written>;
}

type Sent = readonly [Statement, readonly Value[]];

/** All statements of a unit of work except its end, sent at once without waiting for answers in between. */
export class PipelinedBatch {
  readonly #lane: Lane;
  readonly #batch: Batch;
  readonly #runs: readonly Run[];
  readonly #entries: readonly Sent[];
  readonly #entriesCount: number;
  readonly #records: readonly Sent[];
  /** Key of the idempotency record of a decision, by index of the decision. */
  readonly #recordOf = new Map<number, string>();
  readonly #sideOf: { readonly index: number; readonly statements: readonly SideStatement[] }[] = [];
  /** Users whose previous entry is not known to exist, and its version. */
  readonly #toCheck: { readonly userIds: UserId[]; readonly versions: number[] } = {
    userIds: [],
    versions: [],
  };

  /** @param lane whose next unit of work this is */
  constructor(batch: Batch, runs: readonly Run[], heads: KnownHeads, lane: Lane) {
    this.#lane = lane;
    this.#batch = batch;
    this.#runs = runs;
    const entries: Value[] = [];
    const records: Value[] = [];
    const kept = new Set<number>();
    for (const run of runs) {
      const first = batch.entryAt(run, 0);
      if (!heads.has(run.userId, first.version - 1)) {
        this.#toCheck.userIds.push(run.userId);
        this.#toCheck.versions.push(first.version - 1);
      }
      for (const index of run.indexes) {
        kept.add(index);
        const { entry, rows } = batch.decisions[index] as Decision;
        const { userId, version, at, type, challenge = null, hash, state, body } = entry;
        entries.push(userId, version, index, at, type, challenge, Buffer.from(hash, 'hex'), state, body);
        for (const row of rows) {
          if (row.kind !== 'idempotency.insert' || this.#recordOf.has(index)) continue;
          this.#recordOf.set(index, idOf(row.userId, storable(row.key)));
          records.push(row.userId, storable(row.key), row.digest, row.answer, row.at);
        }
      }
    }
    this.#entriesCount = kept.size;
    this.#entries = [...ENTRIES.statements(entries, [lane.number, lane.nextSeq])];
    this.#records = [...IDEMPOTENCY_RECORDS.statements(records)];
    // In the order of the call: of two decisions that take the same name, the first gets it.
    batch.decisions.forEach(({ rows }, index) => {
      if (rows.length > 0 && kept.has(index)) this.#addRows(index, rows);
    });
  }

  async send(connection: Connection): Promise<BatchResult> {
    const side = this.#sideOf.flatMap(({ statements }) =>
      statements.map(({ statement, values }) => [statement, values] as const),
    );
    const { userIds, versions } = this.#toCheck;
    const check: Sent[] = userIds.length > 0 ? [[THERE, [userIds, versions]]] : [];
    const { number, nextSeq } = this.#lane;
    const open: Sent[] = nextSeq === 1 ? [[OPEN_LANE, [number]]] : [];
    const [, ...results] = await connection.pipeline([
      ['BEGIN'],
      ...open,
      ...this.#entries,
      ...this.#records,
      ...side,
      ...check,
    ]);
    const take = (count: number) => results.splice(0, count);
    take(open.length);
    const inserted = take(this.#entries.length).reduce((sum, { count }) => sum + count, 0);
    const recorded = new Set<string>();
    for (const { rows } of take(this.#records.length))
      for (const [userId, key] of rows) recorded.add(idOf(userId, key));
    const written = new Map<number, Written>();
    for (const { index, statements } of this.#sideOf) {
      const own = writtenBy(statements, take(statements.length));
      const record = this.#recordOf.get(index);
      const isTaken = record !== undefined && !recorded.delete(record);
      written.set(index, isTaken ? 'taken' : own);
    }
    const gaps = new Set(userIds);
    for (const { rows } of take(check.length)) for (const [userId] of rows) gaps.delete(userId as UserId);
    return {
      inserted: inserted === this.#entriesCount ? () => true : await this.#inserted(connection),
      gaps,
      written,
    };
  }

  async #inserted(connection: Connection): Promise<BatchResult['inserted']> {
    const { number, nextSeq } = this.#lane;
    const entries = this.#runs.flatMap((run) =>
      run.indexes.map((_, index) => this.#batch.entryAt(run, index)),
    );
    const userIds = entries.map(({ userId }) => userId);
    const versions = entries.map(({ version }) => version);
    const { rows } = await connection.run(INSERTED, [userIds, versions, number, nextSeq]);
    const there = new Set(rows.map(([userId, version]) => idOf(userId, version)));
    return (userId, version) => there.has(idOf(userId, version));
  }

  /** Adds a decision's rows, except its first idempotency record, which is inserted together with those of all decisions. */
  #addRows(index: number, rows: Decision['rows']): void {
    let isInserted = false;
    const statements = rows.flatMap((row) => {
      if (row.kind !== 'idempotency.insert' || isInserted) return statementsOf(row);
      isInserted = true;
      return [];
    });
    this.#sideOf.push({ index, statements });
  }
}

function idOf(userId: unknown, more: unknown): string {
  return `${userId}/${more}`;
}
