import type { UserId } from '../../ports/store.ts';

const SPACING = 1_024;
const USERS_MAX = 64;

/** One of a user's entries: its version and its position in the journal. */
export interface EntryLocation {
  readonly version: number;
  readonly position: number;
}

/**
 * Where every 1024th entry of a user is, for the few users whose entries were walked lately: without it, whoever reads
 * a long history from its beginning makes the server walk down all of it for each page. Committed entries do not move.
 */
export class JournalSkipIndex {
  readonly #users = new Map<UserId, number[]>();

  /** Remembers a place that a walk came by. */
  passed(userId: UserId, { version, position }: EntryLocation): void {
    if (version === 0 || version % SPACING !== 0) return;
    const rungs = this.#users.get(userId) ?? [];
    rungs[version / SPACING] = position;
    this.#users.delete(userId);
    this.#users.set(userId, rungs);
    if (this.#users.size <= USERS_MAX) return;
    for (const oldest of this.#users.keys()) {
      this.#users.delete(oldest);
      return;
    }
  }

  /** @returns the lowest place known that is not below `version` */
  above(userId: UserId, version: number): EntryLocation | undefined {
    const rungs = this.#users.get(userId) ?? [];
    for (let rung = Math.max(1, Math.ceil(version / SPACING)); rung < rungs.length; rung++) {
      const position = rungs[rung];
      if (position !== undefined) return { version: rung * SPACING, position };
    }
    return undefined;
  }
}
