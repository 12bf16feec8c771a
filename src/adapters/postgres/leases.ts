import { LIMITS } from '../../limits.ts';
import type { HeldLease, Leases, TakenLease } from '../../ports/lease.ts';
import type { Connection, Statement } from './connection.ts';

/** Runs `work` once on a connection. @throws StoreUnavailable */
export type OnConnection = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;

const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
/** A lease that ends later than any lease may last was made before the clock was set back. */
const ENDED = `(leases.ends_at <= ${NOW} OR leases.ends_at > ${NOW} + ${LIMITS.leaseMsMax})`;
const TAKE = {
  name: 'leases_take',
  text: `INSERT INTO leases (name, holder, fence, ends_at) VALUES ($1, $2, 1, ${NOW} + $3::int)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = leases.fence + 1, ends_at = excluded.ends_at
    WHERE ${ENDED} RETURNING fence`,
};
const HOLDER = {
  name: 'leases_holder',
  text: `SELECT holder, greatest(0, ends_at - ${NOW}) FROM leases WHERE name = $1`,
};
/** Parameters: name, fence, ms. Until the unit of work ends nobody else takes the lease. */
export const RENEW: Statement = {
  name: 'leases_renew',
  text: `UPDATE leases SET ends_at = ${NOW} + $3::int WHERE name = $1 AND fence = $2`,
};
const RELEASE = {
  name: 'leases_release',
  text: 'UPDATE leases SET ends_at = 0 WHERE name = $1 AND fence = $2',
};

/**
 * The first statement of a unit of work that only the lease's holder may do: a row where it holds it. Nobody takes the
 * lease before the unit of work ends. Parameters: name, fence.
 */
export const LOCK_LEASE: Statement = {
  name: 'leases_lock',
  text: 'SELECT fence FROM leases WHERE name = $1 AND fence = $2 FOR UPDATE',
};

/** Begins a unit of work that only the lease's holder may do. @returns whether it is held; if not, the caller rolls back */
export async function beginUnderLease(connection: Connection, { name, fence }: HeldLease): Promise<boolean> {
  const [, held] = await connection.pipeline([
    ['BEGIN ISOLATION LEVEL READ COMMITTED'],
    [LOCK_LEASE, [name, fence]],
  ]);
  return held?.count === 1;
}

/** Leases in a database that servers share, by the clock of the database. */
export class PostgresLeases implements Leases {
  readonly #on: OnConnection;

  constructor(on: OnConnection) {
    this.#on = on;
  }

  async take(request: { name: string; holder: string; durationMs: number }): Promise<TakenLease> {
    const { name, holder, durationMs } = request;
    return this.#on(async (connection) => {
      const [taken, found] = await connection.pipeline([
        [TAKE, [name, holder, durationMs]],
        [HOLDER, [name]],
      ]);
      const fence = taken?.rows[0]?.[0];
      if (fence !== undefined) return { lease: { name, fence: Number(fence) } };
      const [other, endsInMs] = found?.rows[0] ?? ['', 0];
      return { lease: undefined, holder: String(other), endsInMs: Number(endsInMs) };
    });
  }

  async renew({ name, fence }: HeldLease, durationMs: number): Promise<boolean> {
    return this.#on(
      async (connection) => (await connection.run(RENEW, [name, fence, durationMs])).count === 1,
    );
  }

  async release({ name, fence }: HeldLease): Promise<void> {
    await this.#on((connection) => connection.run(RELEASE, [name, fence]));
  }
}
