// Throw-away PostgreSQL servers with Citus, where it is installed: a coordinator that keeps shards itself.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaries, type PostgresOptions, PostgresServer } from './postgres.ts';

const SETTINGS = {
  shared_preload_libraries: 'citus',
  max_prepared_transactions: '100',
  max_connections: '120',
  max_locks_per_transaction: '256',
  'citus.node_conninfo': 'sslmode=disable',
  'citus.shard_count': '4',
  'citus.enable_statistics_collection': 'off',
  wal_level: 'logical',
};

/** Why no suite can run on Citus here; `undefined` when it can. */
export function citusMissing(): string | undefined {
  const share = execFileSync(join(binaries(), 'pg_config'), ['--sharedir'], { encoding: 'utf8' }).trim();
  return existsSync(join(share, 'extension', 'citus.control'))
    ? undefined
    : 'the extension citus is not installed beside PostgreSQL';
}

/** A server that the extension is loaded in. Its nodes reach each other without a password. */
export async function startCitus(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = await PostgresServer.start({ ...options, settings: { ...SETTINGS, ...options.settings } });
  writeFileSync(join(server.data, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n');
  await server.query('SELECT pg_reload_conf()');
  return server;
}

/** Makes a database the coordinator's: its shards are kept on the workers, or on the server itself where there are none. */
export async function addCitus(
  server: PostgresServer,
  database: string,
  workers: readonly PostgresServer[] = [],
): Promise<void> {
  await server.query('CREATE EXTENSION citus', database);
  await server.query(`SELECT citus_set_coordinator_host('127.0.0.1', ${server.port})`, database);
  for (const worker of workers)
    await server.query(`SELECT citus_add_node('127.0.0.1', ${worker.port})`, database);
  if (workers.length === 0)
    await server.query(
      `SELECT citus_set_node_property('127.0.0.1', ${server.port}, 'shouldhaveshards', true)`,
      database,
    );
}
