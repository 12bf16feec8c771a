import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { storeError } from './errors.ts';
import { makePrivateFile } from './private-file.ts';

/**
 * The one connection that writes. It throws StoreUnavailable for operating failures; any other error is a bug.
 *
 * Why: docs/DECISIONS.md#checkpoints-every-500-pages
 */
export class Connection {
  readonly database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #beginReading: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #open = true;

  constructor(database: DatabaseSync) {
    this.database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#beginReading = database.prepare('BEGIN');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
  }

  /** Runs one unit of work, durable when this returns. It is rolled back when it throws or `isKept` is false. */
  write<T>(work: () => T, isKept: (result: T) => boolean = () => true): T {
    return this.read(() => {
      this.#begin.run();
      try {
        const result = work();
        if (isKept(result)) this.#commit.run();
        else this.#undo();
        return result;
      } catch (error) {
        this.#undo();
        throw error;
      }
    });
  }

  read<T>(work: () => T): T {
    this.assertOpen();
    try {
      return work();
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Runs several reads in one transaction: they see one state, and lock the file once, which is half the cost of a read. */
  readTogether<T>(work: () => T): T {
    return this.read(() => {
      this.#beginReading.run();
      try {
        const result = work();
        this.#commit.run();
        return result;
      } catch (error) {
        this.#undo();
        throw error;
      }
    });
  }

  async reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.read(work);
    } catch (error) {
      throw storeError(error);
    }
  }

  assertOpen(): void {
    if (!this.#open) throw new StoreUnavailable('the store is closed');
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.database.close();
  }

  #undo(): void {
    // SQLite rolls back by itself after some errors (a full disk, a failed read).
    if (this.database.isTransaction) this.#rollback.run();
  }
}

/**
 * Opens the file for writing. What is deleted or moved is overwritten in the pages that are written anyway, so that no copy of
 * an erased user's entry stays in them. Creates it with mode 0600 if it does not exist; SQLite gives its other files the same mode.
 */
export function openDatabase(path: string): DatabaseSync {
  makePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: LIMITS.storeStartBusyTimeMs });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA trusted_schema = OFF;
      PRAGMA cell_size_check = ON;
      PRAGMA cache_size = -4096;
      PRAGMA wal_autocheckpoint = 500;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA secure_delete = FAST;
    `);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
