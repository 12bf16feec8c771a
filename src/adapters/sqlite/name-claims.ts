import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NAME_CLAIM_VERSION, nameClaim } from '../../domain/look-alikes/name-claim.ts';
import type { UserId } from '../../ports/store.ts';
import { claimStatement, releaseStatement, UNCLAIMED } from '../sql/name-claims.ts';

/** The skeletons of users' names. All methods run inside the caller's unit of work. */
export class NameClaims {
  readonly #claim: StatementSync;
  readonly #release: StatementSync;
  readonly #unclaimed: StatementSync;
  readonly #mark: StatementSync;

  constructor(database: DatabaseSync) {
    this.#claim = database.prepare(claimStatement('?', '?'));
    this.#release = database.prepare(releaseStatement('?', '?'));
    this.#unclaimed = database.prepare(
      `SELECT user_id, username FROM users WHERE ${UNCLAIMED} ORDER BY user_id LIMIT ?`,
      { returnArrays: true },
    );
    this.#mark = database.prepare(`UPDATE users SET claim_version = ${NAME_CLAIM_VERSION} WHERE user_id = ?`);
  }

  /** @returns whether no other name holds the skeleton */
  claim(username: string): boolean {
    const { skeleton, holder } = nameClaim(username);
    return this.#claim.run(skeleton, holder).changes === 1;
  }

  release(username: string): void {
    const { skeleton, holder } = nameClaim(username);
    this.#release.run(skeleton, holder);
  }

  /** Claims for users who were registered before names were claimed. @returns how many */
  claimUnclaimed(limit: number): number {
    const users = this.#unclaimed.all(limit) as unknown as (readonly [UserId, string])[];
    for (const [userId, username] of users) {
      this.claim(username);
      this.#mark.run(userId);
    }
    return users.length;
  }
}
