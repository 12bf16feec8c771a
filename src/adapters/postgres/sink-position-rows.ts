import type { KeptSink, SinkMove, SinkPosition, SinkPositions } from '../../ports/sink-positions.ts';
import type { Statement } from './connection.ts';
import { LOCK_LEASE, type OnConnection, RENEW } from './leases.ts';

const FIND = {
  name: 'sink_positions_find',
  text: 'SELECT position, detail FROM sink_positions WHERE sink = $1',
};
const INSERT = {
  name: 'sink_positions_insert',
  text: `INSERT INTO sink_positions (sink, position, detail)
    SELECT $3, $4::bigint, $5 WHERE EXISTS (SELECT FROM leases WHERE name = $1 AND fence = $2) ON CONFLICT DO NOTHING`,
};
const UPDATE = {
  name: 'sink_positions_update',
  text: `UPDATE sink_positions SET position = $4, detail = $5
    WHERE sink = $3 AND position = $6 AND EXISTS (SELECT FROM leases WHERE name = $1 AND fence = $2)`,
};
const REMOVE = { name: 'sink_positions_remove', text: 'DELETE FROM sink_positions WHERE sink = $1' };

export class PostgresSinkPositions implements SinkPositions {
  readonly #on: OnConnection;

  constructor(on: OnConnection) {
    this.#on = on;
  }

  async find(sink: string): Promise<SinkPosition | undefined> {
    return this.#on(async (connection) => {
      const [row] = (await connection.run(FIND, [sink])).rows;
      return row && { position: Number(row[0]), detail: String(row[1]) };
    });
  }

  async move(change: SinkMove): Promise<boolean> {
    const { name, fence } = change.lease;
    return this.#on(async (connection) => {
      const [, , moved] = await connection.pipeline([
        ['BEGIN'],
        [LOCK_LEASE, [name, fence]],
        moving(change),
        ['COMMIT'],
      ]);
      return moved?.count === 1;
    });
  }

  async keep(kept: readonly KeptSink[]): Promise<readonly boolean[]> {
    if (kept.length === 0) return [];
    // In one order, so that no two units of work wait for each other.
    const inOrder = kept
      .map((sink, index) => ({ ...sink, index }))
      .sort((a, b) => (a.lease.name < b.lease.name ? -1 : 1));
    return this.#on(async (connection) => {
      const results = await connection.pipeline([
        ['BEGIN'],
        ...inOrder.flatMap(
          ({ lease, durationMs, move }): Parameters<typeof connection.pipeline>[0][number][] => [
            [RENEW, [lease.name, lease.fence, durationMs]],
            ...(move ? [moving({ ...move, lease })] : []),
          ],
        ),
        ['COMMIT'],
      ]);
      const isKept: boolean[] = kept.map(() => false);
      let next = 1;
      for (const { index, move } of inOrder) {
        const [renewed, moved] = [results[next++]?.count === 1, move ? results[next++]?.count === 1 : true];
        isKept[index] = renewed && moved;
      }
      return isKept;
    });
  }

  async remove(sink: string): Promise<void> {
    await this.#on((connection) => connection.run(REMOVE, [sink]));
  }
}

/** Moves nothing where the lease is another's. */
function moving({ sink, lease, expected, position, detail }: SinkMove): [Statement, (string | number)[]] {
  const { name, fence } = lease;
  return expected === undefined
    ? [INSERT, [name, fence, sink, position, detail]]
    : [UPDATE, [name, fence, sink, position, detail, expected]];
}
