import pg from 'pg';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { DatabaseAddress } from './address.ts';
import { addressText } from './address.ts';
import { Connection } from './connection.ts';
import { reasonOf } from './errors.ts';
import { connectTo, reasonsText } from './primary.ts';
import { GRANTS, MIGRATIONS, type Migration } from './schema.ts';
import { PATIENT } from './times.ts';

/** Of this program among the advisory locks of a database: "Sllo", then what is locked. */
export const LOCK_SPACE = 0x536c6c6f;
export const LOCK_MIGRATION = 1;
export const LOCK_PLACES = 2;

export interface SchemaVersion {
  /** 0: there are no tables. */
  readonly version: number;
  /** The oldest program that works with them, by the version that it knows. */
  readonly compatibleFrom: number;
}

export interface Migrated {
  readonly from: number;
  readonly to: number;
  /** Whom rights were given to, beside the owner. */
  readonly granted: string | undefined;
}

export async function readVersion(connection: Connection): Promise<SchemaVersion> {
  const { rows } = await connection.run("SELECT to_regclass('sello.schema_version') IS NOT NULL");
  if (rows[0]?.[0] !== true) return { version: 0, compatibleFrom: 0 };
  const found = await connection.run('SELECT version, compatible_from FROM sello.schema_version');
  const [version, compatibleFrom] = found.rows[0] ?? [0, 0];
  return { version: Number(version), compatibleFrom: Number(compatibleFrom) };
}

/**
 * Whether this program works on these tables. Newer ones are accepted where the program that made them said so.
 * @throws StartRefused with the command to run
 */
export function checkVersion(
  { version, compatibleFrom }: SchemaVersion,
  address: DatabaseAddress,
  known = MIGRATIONS.length,
): void {
  const where = addressText(address);
  if (version === 0)
    throw new StartRefused(
      `${where} has no tables of Sello yet: start a server whose user may make them, or run sello migrate with store_owner_url`,
    );
  if (version < known) {
    throw new StartRefused(
      `${where} has the tables of an older version of Sello (${version}, this program needs ${known}): run sello migrate`,
    );
  }
  if (compatibleFrom > known) throw newer(version, address);
}

function newer(version: number, address: DatabaseAddress): StartRefused {
  return new StartRefused(
    `${addressText(address)} was written by a newer version of Sello (its tables have version ${version}, this program knows ${MIGRATIONS.length}): start that version`,
  );
}

/**
 * Brings the tables to this program's version while servers run, each step in a unit of work of its own; of several
 * runners one works and the others wait for it. Gives `serverRole` the rights that a server needs and no others.
 * @param address of the owner of the tables
 * @throws StartRefused for tables of a newer version, and where the database does not do it: the message says why
 */
export async function migrate(
  address: DatabaseAddress,
  serverRole: string | undefined,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<Migrated> {
  const connection = await connectOwner(address);
  try {
    await waitForLock(connection);
    const { version } = await readVersion(connection);
    if (version > migrations.length) throw newer(version, address);
    for (let step = version; step < migrations.length; step++) await take(connection, step, migrations);
    const granted = serverRole !== undefined && serverRole !== address.user ? serverRole : undefined;
    if (granted !== undefined) await grant(connection, granted);
    return { from: version, to: migrations.length, granted };
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new StartRefused(`${addressText(address)} could not be migrated: ${said} (${reasonOf(error)})`, {
      cause: error,
    });
  } finally {
    connection.close();
  }
}

/** Several hosts as for a server: the one that takes writes. */
async function connectOwner(address: DatabaseAddress): Promise<Connection> {
  const refused = [];
  for (const host of address.hosts) {
    const answer = await connectTo(address, host, PATIENT);
    if (answer instanceof Connection) return answer;
    refused.push(answer);
  }
  throw new StartRefused(`no database server can be migrated. ${reasonsText(refused)}`);
}

/** Another runner may be at work for long; rows and tables are waited for briefly, for servers are at work on them. */
async function waitForLock(connection: Connection): Promise<void> {
  await connection.run(`SET lock_timeout = ${LIMITS.storeMigrationTimeMs}`);
  await connection.run(`SELECT pg_advisory_lock(${LOCK_SPACE}, ${LOCK_MIGRATION})`);
  await connection.run(`SET lock_timeout = ${LIMITS.storeMigrationLockTimeMs}`);
}

async function take(connection: Connection, step: number, migrations: readonly Migration[]): Promise<void> {
  const { sql = '', breaking } = migrations[step] ?? {};
  const version = step + 1;
  await connection.run('BEGIN');
  try {
    if (step === 0) {
      await connection.run(`
        CREATE SCHEMA IF NOT EXISTS sello;
        CREATE TABLE sello.schema_version (
          id              integer PRIMARY KEY CHECK (id = 1),
          version         integer NOT NULL,
          compatible_from integer NOT NULL
        );
        INSERT INTO sello.schema_version VALUES (1, 0, 1)`);
    }
    await connection.run(sql);
    await connection.run(
      `UPDATE sello.schema_version SET version = ${version}${breaking || step === 0 ? `, compatible_from = ${version}` : ''}`,
    );
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
}

async function grant(connection: Connection, role: string): Promise<void> {
  const name = pg.escapeIdentifier(role);
  await connection.run('BEGIN');
  try {
    // Rights of an older version that a newer one does not give are taken back.
    await connection.run(`REVOKE ALL ON ALL TABLES IN SCHEMA sello FROM ${name}`);
    for (const statement of GRANTS) await connection.run(statement.replace('%role%', () => name));
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
}

/** Whether the user of this connection could make the tables. */
export async function mayMigrate(connection: Connection): Promise<boolean> {
  const { rows } = await connection.run(
    "SELECT CASE WHEN to_regnamespace('sello') IS NULL THEN has_database_privilege(current_database(), 'CREATE') ELSE has_schema_privilege('sello', 'CREATE') END",
  );
  return rows[0]?.[0] === true;
}

/** What the server's role should not be able to do to the journal, and can. */
export async function excessRights(connection: Connection): Promise<readonly string[]> {
  const { rows } = await connection.run(
    "SELECT privilege FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege WHERE has_table_privilege('sello.journal', privilege) OR has_table_privilege('sello.places', privilege)",
  );
  return rows.map(([privilege]) => String(privilege));
}
