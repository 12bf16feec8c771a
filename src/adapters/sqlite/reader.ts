import { existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { ArchivedBodies } from '../../ports/journal-archive.ts';
import type {
  AuditReader,
  JournalEntry,
  LinkedEntry,
  SideTable,
  SideTableRows,
  UserHead,
} from '../../ports/journal-reader.ts';
import type { LogReader } from '../../ports/log-store.ts';
import type { RetentionReader } from '../../ports/retention.ts';
import type { Credentials, UserId } from '../../ports/store.ts';
import { byPosition, withBodies } from '../sql/archived-bodies.ts';
import { AuditedRows } from './audited-rows.ts';
import { Connection } from './connection.ts';
import { CredentialRows } from './credential-rows.ts';
import { startError } from './errors.ts';
import { findDamage } from './integrity.ts';
import { JournalIndex } from './journal-index.ts';
import { JournalRows } from './journal-rows.ts';
import { NO_LOG, SqliteLogReader } from './log-rows.ts';
import { checkSchema } from './migrate.ts';
import { NO_RETENTION, SqliteRetentionReader } from './retention-rows.ts';

/**
 * The version of the schema since which the tables that an audit reads have been as they are now. A backup made by an
 * older program is audited, and restored, without the program that made it.
 */
const VERSION_MIN = 4;

/**
 * Opens a database read-only, beside a running server or without one.
 * @throws StartRefused when there is no database or it cannot be read: the message says what to do
 */
export async function openSqliteReader(path: string, bodies?: ArchivedBodies): Promise<SqliteReader> {
  if (!existsSync(path))
    throw new StartRefused(`there is no database at ${path}: name the data folder of a server`);
  try {
    const real = realpathSync(path);
    try {
      return new SqliteReader(real, real, bodies);
    } catch (error) {
      // Reading a WAL database needs a file beside it. Where none can be created, no process is writing either.
      const immutable = pathToFileURL(real);
      immutable.searchParams.set('immutable', '1');
      if (error instanceof StartRefused || existsSync(`${real}-wal`)) throw error;
      return new SqliteReader(real, immutable, bodies);
    }
  } catch (error) {
    throw startError(error, path);
  }
}

/** Holds no lock that a writer waits for. */
export class SqliteReader implements AuditReader {
  readonly log: LogReader;
  readonly retention: RetentionReader;
  readonly #bodies: ArchivedBodies | undefined;
  readonly #connection: Connection;
  readonly #index: JournalIndex;
  readonly #journal: JournalRows;
  readonly #credentials: CredentialRows;

  /** Use `openSqliteReader`. */
  constructor(path: string, location: string | URL, bodies: ArchivedBodies | undefined) {
    this.#bodies = bodies;
    const database = new DatabaseSync(location, { readOnly: true, timeout: LIMITS.storeStartBusyTimeMs });
    try {
      if (checkSchema(database, path) < VERSION_MIN) {
        throw new StartRefused(
          `${path} has the tables of an older version of Sello: start the server on it once`,
        );
      }
      this.#connection = new Connection(database);
      this.#index = new JournalIndex(database);
      this.#index.load();
      this.#journal = new JournalRows(database, this.#index);
      this.log = hasTable(database, 'log_checkpoints')
        ? new SqliteLogReader(this.#connection, this.#journal, bodies)
        : NO_LOG;
      this.retention = hasTable(database, 'retention')
        ? new SqliteRetentionReader(this.#connection)
        : NO_RETENTION;
      this.#credentials = new CredentialRows(database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  async readJournal(page: { after: number; limit: number }): Promise<readonly JournalEntry[]> {
    const entries = this.#connection.read(() => this.#journal.read(page.after, page.limit));
    return withBodies(entries, this.#bodies, byPosition);
  }

  async readJournalBackwards(page: { below: number; limit: number }): Promise<readonly JournalEntry[]> {
    const entries = this.#connection.read(() => this.#journal.readBackwards(page.below, page.limit));
    return withBodies(entries, this.#bodies, byPosition);
  }

  async readUserJournal(
    userId: UserId,
    page: { below: number; limit: number },
  ): Promise<readonly JournalEntry[]> {
    const entries = await this.#connection.reading(() => {
      this.#index.complete();
      return this.#journal.readUser(userId, page.below, page.limit);
    });
    return withBodies(entries, this.#bodies, byPosition);
  }

  async findEntriesAt(userId: UserId, at: number): Promise<readonly LinkedEntry[]> {
    const entries = await this.#connection.reading(() => {
      this.#index.complete();
      return this.#journal.findAt(userId, at);
    });
    return withBodies(entries, this.#bodies, byPosition);
  }

  async findUser(username: string): Promise<Credentials | undefined> {
    return this.#connection.read(() => this.#credentials.find(username));
  }

  async heads(page: { after: UserId; limit: number }): Promise<readonly UserHead[]> {
    return this.#connection.read(() => {
      this.#index.complete();
      const { heads } = this.#index;
      const found: UserHead[] = [];
      for (let userId = page.after + 1; userId <= heads.userIdMax && found.length < page.limit; userId++) {
        const version = heads.version(userId);
        if (version > 0) found.push({ userId, version, position: heads.position(userId) });
      }
      return found;
    });
  }

  sideRows<Table extends SideTable>(table: Table): AsyncIterable<SideTableRows[Table]> {
    return new AuditedRows(this.#connection, this.#index).rows(table);
  }

  /** Blocks the process while it reads the whole file. */
  async verifyIntegrity(): Promise<readonly string[]> {
    return this.#connection.read(() => findDamage(this.#connection.database, this.#index));
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined;
}
