import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SideRow, UserId } from '../../ports/store.ts';
import type { NameClaims } from './name-claims.ts';

/** Rows of the user's messages at their recipients come before the messages, the user's own row last. */
const DELETES: readonly string[] = [
  'DELETE FROM inbox WHERE sender_id = ?1 AND message_id IN (SELECT message_id FROM messages WHERE user_id = ?1)',
  ...[
    'inbox',
    'message_parts',
    'staged_messages',
    'messages',
    'identity_keys',
    'identity_secrets',
    'identities',
  ].map(of),
  ...['identity_secrets', 'push_subscriptions', 'user_activity'].map(of),
  ...['transactions', 'passkeys', 'sessions', 'tokens', 'answers', 'users'].map(of),
];

function of(table: string): string {
  return `DELETE FROM ${table} WHERE user_id = ?1`;
}

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
    // Overwritten, so that the file holds them no more.
    this.#database.exec('PRAGMA secure_delete = ON');
    try {
      for (const sql of DELETES) this.#database.prepare(sql).run(userId);
    } finally {
      this.#database.exec('PRAGMA secure_delete = FAST');
    }
    return true;
  }
}
