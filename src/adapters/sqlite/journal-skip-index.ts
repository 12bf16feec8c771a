import type { UserId } from '../../ports/store.ts';

const SPACING = 1_024;
const USERS_MAX = 64;

/** The version and journal position of one of a user's entries. */
export interface EntryLocation {
  readonly version: number;
  readonly position: number;
}

/**
 * The positions of every 1024th entry of a user, for the users whose entries were walked last. Without it, each page
 * from the beginning of a long history would walk the links of the whole history. Committed entries do not move, so an
 * index entry stays valid.
 */
export class JournalSkipIndex {
  readonly #users = new Map<UserId, number[]>();

  /** Records an entry that a walk passed. */
  passed(userId: UserId, { version, position }: EntryLocation): void {
    if (version === 0 || version % SPACING !== 0) return;
    const positions = this.#users.get(userId) ?? [];
    positions[version / SPACING] = position;
    this.#users.delete(userId);
    this.#users.set(userId, positions);
    if (this.#users.size <= USERS_MAX) return;
    for (const oldest of this.#users.keys()) {
      this.#users.delete(oldest);
      return;
    }
  }

  /** @returns the lowest recorded entry whose version is not below `version` */
  above(userId: UserId, version: number): EntryLocation | undefined {
    const positions = this.#users.get(userId) ?? [];
    for (let index = Math.max(1, Math.ceil(version / SPACING)); index < positions.length; index++) {
      const position = positions[index];
      if (position !== undefined) return { version: index * SPACING, position };
    }
    return undefined;
  }
}
