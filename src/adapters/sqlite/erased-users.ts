import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SideRow, UserId } from '../../ports/store.ts';
import { ERASED_TABLES, eraseFrom, eraseSent } from '../sql/erased-tables.ts';
import type { NameClaims } from './name-claims.ts';
import { overwriting } from './overwriting.ts';

const DELETES: readonly string[] = [
  eraseSent('?1'),
  ...[...ERASED_TABLES, 'users'].map((table) => eraseFrom(table, '?1')),
];

/** Deletes the rows of erased users, inside the caller's unit of work. */
export class ErasedUsers {
  readonly #database: DatabaseSync;
  readonly #names: NameClaims;
  readonly #versionOf: (userId: UserId) => number;
  readonly #waiting: StatementSync;
  readonly #insert: StatementSync;

  constructor(database: DatabaseSync, names: NameClaims, versionOf: (userId: UserId) => number) {
    this.#database = database;
    this.#names = names;
    this.#versionOf = versionOf;
    this.#waiting = database.prepare(
      "SELECT 1 FROM transactions WHERE user_id = ? AND status = 'pending' LIMIT 1",
    );
    this.#insert = database.prepare('INSERT INTO erasures (user_id, entries, at, done) VALUES (?, ?, ?, 0)');
  }

  /** @returns false where the user has other entries than these, or a pending transaction; then nothing is deleted */
  erase({ userId, username, entries, at }: Extract<SideRow, { readonly kind: 'user.erase' }>): boolean {
    if (this.#versionOf(userId) !== entries || this.#waiting.get(userId)) return false;
    this.#insert.run(userId, entries, at);
    this.#names.release(username);
    overwriting(this.#database, () => {
      for (const sql of DELETES) this.#database.prepare(sql).run(userId);
    });
    return true;
  }
}
