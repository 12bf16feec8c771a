import { openPostgresReader, type PostgresReader } from '../../../src/adapters/postgres/reader.ts';
import {
  openPostgresStore,
  type PostgresStore,
  type PostgresStoreOptions,
} from '../../../src/adapters/postgres/store.ts';
import type { PostgresServer } from '../../services/postgres.ts';

/** An empty database of a running server for one test; what was opened on it is closed when it is disposed of. */
export class PostgresDatabase {
  readonly server: PostgresServer;
  readonly name: string;
  readonly url: string;
  readonly #opened: { close(): Promise<void> }[] = [];

  private constructor(server: PostgresServer, name: string, url: string) {
    this.server = server;
    this.name = name;
    this.url = url;
  }

  /** @param template to copy, where it is not to be empty */
  static async create(
    server: PostgresServer,
    template?: { readonly name: string; readonly owner: string },
  ): Promise<PostgresDatabase> {
    const { name, url } = await server.createDatabase(template);
    return new PostgresDatabase(server, name, url);
  }

  async open(options: Partial<PostgresStoreOptions> = {}): Promise<PostgresStore> {
    const store = await openPostgresStore({ url: this.url, connectionsMax: 4, ...options });
    this.#opened.push(store);
    return store;
  }

  async openReader(): Promise<PostgresReader> {
    const reader = await openPostgresReader(this.url);
    this.#opened.push(reader);
    return reader;
  }

  /** As the superuser, in this database. */
  query(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.server.query(sql, this.name, values);
  }

  async dispose(): Promise<void> {
    for (const opened of this.#opened) await opened.close();
    await this.server.dropDatabase(this.name);
  }
}
