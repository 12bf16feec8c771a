import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Credentials, Role, UserId } from '../../ports/store.ts';

type CredentialsRow = readonly [UserId, string, string, Role, 0 | 1];

/** Finds users by their name, without their rows in other tables. */
export class CredentialRows {
  readonly #find: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      'SELECT user_id, username, password_hash, role, disabled FROM users WHERE username = ? AND user_id > 0',
      { returnArrays: true },
    );
  }

  find(username: string): Credentials | undefined {
    const row = this.#find.get(username) as unknown as CredentialsRow | undefined;
    if (!row) return undefined;
    return { userId: row[0], username: row[1], passwordHash: row[2], role: row[3], disabled: row[4] === 1 };
  }
}
