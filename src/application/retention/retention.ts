import { hostname } from 'node:os';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ArchiveFile, JournalArchive } from '../../ports/journal-archive.ts';
import type { Store } from '../../ports/store.ts';
import { LeaseHolder } from '../leases/lease-holder.ts';
import { archiveNext, checkFile, pruneArchived } from './archive-journal.ts';
import { finishErasure } from './finish-erasure.ts';

export interface RetentionParts {
  readonly store: Pick<Store, 'leases' | 'log' | 'retention' | 'search'>;
  readonly archive: JournalArchive;
  readonly clock: Clock;
  /** How old an entry is when it is archived, ms; 0: none is, unless it is asked for. */
  readonly archiveAfterMs: number;
  /** Called after each turn: with its error, or undefined. */
  readonly observe: (error: unknown) => void;
}

/** What an operator's call did. `busy`: another process archives. */
export type ArchiveOutcome = { readonly files: readonly ArchiveFile[]; readonly pruned: number } | 'busy';

/**
 * Takes bodies out of the store: of old entries to the archive, of erased users for good. Of all processes of a store one does,
 * under a lease. Reads and decisions go on: each step empties some hundred entries.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #lease: LeaseHolder;
  readonly #stopping = new AbortController();
  #timers: NodeJS.Timeout[] = [];
  #last: Promise<unknown> = Promise.resolve();
  /** For the metrics: how many entries are archived, and how many erasures are not finished, when it looked last. */
  readonly seen = { archived: 0, erasures: 0 };

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    const holder = `${hostname()}/${process.pid}`;
    this.#lease = new LeaseHolder(parts.store.leases, { name: 'retention', holder });
  }

  start(): void {
    const every = (ms: number, turn: () => Promise<unknown>) =>
      setInterval(
        () => void turn().then(() => this.#parts.observe(undefined), this.#parts.observe),
        ms,
      ).unref();
    this.#timers = [
      every(LIMITS.erasureLookMs, () => this.eraseAll()),
      every(LIMITS.archivePeriodMs, () => this.archiveDue()),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopping.abort();
    await this.#last;
    await this.#lease.release().catch(() => undefined);
  }

  /**
   * Finishes the erasures that were begun.
   * @returns whether none is left; false: another process does it
   * @throws ArchiveIncomplete, ArchiveContradicted, StoreUnavailable
   */
  eraseAll(): Promise<boolean> {
    return this.#alone(async () => {
      const { store } = this.#parts;
      const begun = (await store.retention.listErasures()).filter(({ done }) => !done);
      this.seen.erasures = begun.length;
      if (begun.length === 0) return true;
      if (!(await this.#lease.hold())) return false;
      for (const { userId } of begun) {
        await finishErasure(this.#parts, userId, this.#stopping.signal);
        this.seen.erasures--;
        if (!(await this.#lease.hold())) return false;
      }
      return true;
    });
  }

  /** Archives and prunes what is old enough, as the configuration says. Small files wait for a day. */
  async archiveDue(): Promise<void> {
    const { archiveAfterMs, clock, store } = this.#parts;
    const { archived, pruned, archivedAt } = await store.retention.readRetention();
    this.seen.archived = archived;
    if (archiveAfterMs === 0 && pruned === archived) return;
    const isWaiting = clock.now() - archivedAt < LIMITS.archiveFileMsMin;
    await this.archive({
      before: archiveAfterMs === 0 ? 0 : clock.now() - archiveAfterMs,
      entriesMin: isWaiting ? LIMITS.archiveFileEntriesMax : 1,
    });
  }

  /**
   * Archives and prunes entries of before a time (ms).
   * @throws ArchiveContradicted where a file is not what was sealed: nothing is pruned then
   */
  archive({
    before,
    entriesMin = 1,
  }: {
    readonly before: number;
    readonly entriesMin?: number;
  }): Promise<ArchiveOutcome> {
    return this.#alone(async () => {
      const { clock, store, archive } = this.#parts;
      const files: ArchiveFile[] = [];
      await this.#checkUnpruned();
      for (;;) {
        const lease = await this.#lease.hold();
        if (!lease) return 'busy';
        const prunedAll = await pruneArchived(this.#parts, () => this.#lease.hold(), this.#stopping.signal);
        if (!prunedAll || this.#stopping.signal.aborted) break;
        const now = clock.now();
        const file = await archiveNext({ store, archive }, lease, { before, now, entriesMin });
        if (!file) break;
        files.push(file);
      }
      const { archived, pruned } = await store.retention.readRetention();
      this.seen.archived = archived;
      return { files, pruned };
    });
  }

  /** What a process before recorded and did not prune is read once more: the files may have been moved since. */
  async #checkUnpruned(): Promise<void> {
    const { archived, pruned } = await this.#parts.store.retention.readRetention();
    if (pruned === archived) return;
    let covered = pruned;
    for (const file of await this.#parts.archive.files()) {
      if (file.end <= pruned || file.first >= archived) continue;
      await checkFile(this.#parts, file);
      if (file.first <= covered) covered = Math.max(covered, file.end);
    }
    if (covered < archived) {
      throw new Error(
        `entry ${covered} was archived, and its file is not in ${this.#parts.archive.place}: bring it back; nothing was pruned`,
      );
    }
  }

  /** One piece of work at a time. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#last.then(work, work);
    this.#last = running.catch(() => undefined);
    return running;
  }
}
