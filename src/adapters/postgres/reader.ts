import { StartRefused } from '../../domain/errors.ts';
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
import { type DatabaseAddress, readAddress } from './address.ts';
import { auditedRows } from './audited-rows.ts';
import { Connection } from './connection.ts';
import { storeError } from './errors.ts';
import { findDamage } from './integrity.ts';
import { JournalRows } from './journal-rows.ts';
import { PostgresLogReader } from './log-rows.ts';
import { checkVersion, readVersion } from './migrate.ts';
import { connectTo, reasonsText } from './primary.ts';
import { PostgresRetentionReader } from './retention-rows.ts';
import { PATIENT } from './times.ts';
import { findUser } from './user-rows.ts';

/**
 * Connects to the database that takes writes, in order to read. Creates and changes no table.
 * @throws StartRefused when no database server takes writes, or the tables have another version
 */
export async function openPostgresReader(url: string, bodies?: ArchivedBodies): Promise<PostgresReader> {
  const address = readAddress(url);
  const connection = await connect(address);
  try {
    checkVersion(await readVersion(connection), address);
    return new PostgresReader(connection, bodies);
  } catch (error) {
    connection.close();
    throw storeError(error);
  }
}

async function connect(address: DatabaseAddress): Promise<Connection> {
  const answers = await Promise.all(address.hosts.map((host) => connectTo(address, host, PATIENT)));
  const [first, ...others] = answers.filter((answer) => answer instanceof Connection);
  for (const other of others) other.close();
  if (first) return first;
  const refused = answers.flatMap((answer) => (answer instanceof Connection ? [] : [answer]));
  throw new StartRefused(`store_url: no database server can be read. ${reasonsText(refused)}`);
}

export class PostgresReader implements AuditReader {
  readonly log: LogReader;
  readonly retention: RetentionReader;
  readonly #bodies: ArchivedBodies | undefined;
  readonly #connection: Connection;
  readonly #journal = new JournalRows();

  /** Use `openPostgresReader`. */
  constructor(connection: Connection, bodies: ArchivedBodies | undefined) {
    this.#connection = connection;
    this.#bodies = bodies;
    this.log = new PostgresLogReader((work) => this.#ask(work), this.#journal, bodies);
    this.retention = new PostgresRetentionReader((work) => this.#ask(work));
  }

  async readJournal(page: { after: number; limit: number }): Promise<readonly JournalEntry[]> {
    const read = (connection: Connection) => this.#journal.read(connection, page.after, page.limit);
    return withBodies(await this.#ask(read), this.#bodies, byPosition);
  }

  async readJournalBackwards(page: { below: number; limit: number }): Promise<readonly JournalEntry[]> {
    const read = (connection: Connection) => this.#journal.readBackwards(connection, page.below, page.limit);
    return withBodies(await this.#ask(read), this.#bodies, byPosition);
  }

  async readUserJournal(
    userId: UserId,
    page: { below: number; limit: number },
  ): Promise<readonly JournalEntry[]> {
    const read = (connection: Connection) =>
      this.#journal.readUser(connection, userId, page.below, page.limit);
    return withBodies(await this.#ask(read), this.#bodies, byPosition);
  }

  async findEntriesAt(userId: UserId, at: number): Promise<readonly LinkedEntry[]> {
    const read = (connection: Connection) => this.#journal.findAt(connection, userId, at);
    return withBodies(await this.#ask(read), this.#bodies, byPosition);
  }

  async findUser(username: string): Promise<Credentials | undefined> {
    return this.#ask((connection) => findUser(connection, username));
  }

  async heads(page: { after: UserId; limit: number }): Promise<readonly UserHead[]> {
    return this.#ask((connection) => this.#journal.heads(connection, page.after, page.limit));
  }

  async *sideRows<Table extends SideTable>(table: Table): AsyncGenerator<SideTableRows[Table]> {
    try {
      yield* auditedRows(this.#connection, table);
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Does NOT check the database server's own pages (integrity.ts). */
  async verifyIntegrity(): Promise<readonly string[]> {
    return this.#ask(findDamage);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #ask<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await work(this.#connection);
    } catch (error) {
      throw storeError(error);
    }
  }
}
