import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { HeldLease, Leases, TakenLease } from '../../ports/lease.ts';

/** Runs a unit of work that appends no entry. */
export type Change = <T>(work: () => T) => T;

/**
 * Leases in one file. Only one process owns it, so how long each is held is in memory, by a clock that nobody sets; a
 * lease of a process that ended is free. Fencing numbers are in the file.
 */
export class SqliteLeases implements Leases {
  readonly #change: Change;
  readonly #take: StatementSync;
  readonly #fence: StatementSync;
  /** When each held lease ends (performance.now, ms). */
  readonly #held = new Map<string, { readonly fence: number; readonly holder: string; endsAt: number }>();

  constructor(database: DatabaseSync, change: Change) {
    this.#change = change;
    this.#take = database.prepare(
      `INSERT INTO leases (name, holder, fence) VALUES (?, ?, 1)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = fence + 1 RETURNING fence`,
    );
    this.#fence = database.prepare('SELECT fence FROM leases WHERE name = ?');
  }

  async take(request: { name: string; holder: string; durationMs: number }): Promise<TakenLease> {
    const { name, holder, durationMs } = request;
    const now = performance.now();
    const held = this.#held.get(name);
    if (held && held.endsAt > now)
      return { lease: undefined, holder: held.holder, endsInMs: Math.ceil(held.endsAt - now) };
    const fence = this.#change(() => Number(this.#take.get(name, holder)?.fence));
    this.#held.set(name, { fence, holder, endsAt: now + durationMs });
    return { lease: { name, fence } };
  }

  async renew(lease: HeldLease, durationMs: number): Promise<boolean> {
    return this.renewNow(lease, durationMs);
  }

  /** Writes nothing. */
  renewNow({ name, fence }: HeldLease, durationMs: number): boolean {
    const held = this.#held.get(name);
    if (held?.fence !== fence) return false;
    held.endsAt = performance.now() + durationMs;
    return true;
  }

  async release({ name, fence }: HeldLease): Promise<void> {
    if (this.#held.get(name)?.fence === fence) this.#held.delete(name);
  }

  /** Runs inside the caller's unit of work. @returns whether nobody has taken the lease since */
  isCurrent({ name, fence }: HeldLease): boolean {
    return this.#fence.get(name)?.fence === fence;
  }
}
