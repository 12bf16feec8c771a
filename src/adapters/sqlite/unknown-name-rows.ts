import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { UnknownNameChange } from '../../ports/store.ts';

/** What was tried at names that nobody has. A name moves to the end with each change, so the quietest come first. */
export class UnknownNameRows {
  readonly #find: StatementSync;
  readonly #delete: StatementSync;
  readonly #insert: StatementSync;
  readonly #drop: StatementSync;
  readonly #prune: StatementSync;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT state FROM unknown_names WHERE key = ?');
    this.#delete = database.prepare('DELETE FROM unknown_names WHERE key = ?');
    this.#insert = database.prepare(
      'INSERT INTO unknown_names (position, key, state, at) VALUES ((SELECT coalesce(max(position), 0) + 1 FROM unknown_names), ?, ?, ?)',
    );
    this.#drop = database.prepare(
      'DELETE FROM unknown_names WHERE position <= (SELECT max(position) FROM unknown_names) - ?',
    );
    this.#prune = database.prepare(
      'DELETE FROM unknown_names WHERE at < ? AND position IN (SELECT position FROM unknown_names ORDER BY position LIMIT ?)',
    );
  }

  find(key: string): string | undefined {
    const state = this.#find.get(key)?.state;
    return state === undefined ? undefined : String(state);
  }

  /** Runs inside the caller's unit of work. @returns whether the state was as expected */
  replace({ key, expected, state, at, namesMax }: UnknownNameChange): boolean {
    if (this.find(key) !== expected) return false;
    if (expected !== undefined) this.#delete.run(key);
    this.#insert.run(key, state, at);
    this.#drop.run(namesMax);
    return true;
  }

  /** Runs inside the caller's unit of work. @returns how many were deleted */
  prune(before: number, limit: number): number {
    return Number(this.#prune.run(before, limit).changes);
  }
}
