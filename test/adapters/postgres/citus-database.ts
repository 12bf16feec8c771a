import { readAddress } from '../../../src/adapters/postgres/address.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { addCitus } from '../../services/citus.ts';
import type { Database, PostgresServer } from '../../services/postgres.ts';

/** A database with tables that are distributed and empty, of which tests get copies: distributing takes long. */
export async function citusTemplate(server: PostgresServer): Promise<Database> {
  const database = await server.createDatabase();
  await addCitus(server, database.name);
  await migrate(readAddress(database.url), undefined, undefined, { shards: true });
  // Citus keeps a connection of its own to each database.
  await server.query(`ALTER DATABASE ${database.name} ALLOW_CONNECTIONS false`);
  await server.query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${database.name}'`,
  );
  return database;
}
