import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { DatabaseAddress } from './address.ts';
import { addressText } from './address.ts';
import { LOCK_MIGRATION, LOCK_SPACE } from './advisory-locks.ts';
import { Connection } from './connection.ts';
import { type Distributed, distribute } from './distribute.ts';
import { reasonOf } from './errors.ts';
import { LaneOrder, oldConnections, switchToLanes } from './lane-order.ts';
import { connectToPrimary, reasonsText } from './primary.ts';
import { GRANTS, LANES_VERSION, MIGRATIONS, type Migration } from './schema.ts';
import { PATIENT } from './times.ts';

export interface SchemaVersion {
  /** 0 without tables. */
  readonly version: number;
  /** The lowest schema version whose programs work with these tables. */
  readonly compatibleFrom: number;
}

export interface Migrated {
  readonly from: number;
  readonly to: number;
  /** The role that got rights, beside the owner. */
  readonly granted: string | undefined;
  /** Whether lanes order the journal: then servers of versions that know none are refused. */
  readonly byLanes: boolean;
  /** How the users' tables are distributed over Citus's nodes, when that was asked for. */
  readonly distributed: Distributed | undefined;
}

// Why: docs/DECISIONS.md#servers-create-tables-but-migrate-none
export async function readVersion(connection: Connection): Promise<SchemaVersion> {
  const { rows } = await connection.run("SELECT to_regclass('sello.schema_version') IS NOT NULL");
  if (rows[0]?.[0] !== true) return { version: 0, compatibleFrom: 0 };
  const found = await connection.run('SELECT version, compatible_from FROM sello.schema_version');
  const [version, compatibleFrom] = found.rows[0] ?? [0, 0];
  return { version: Number(version), compatibleFrom: Number(compatibleFrom) };
}

/**
 * Checks that this program works with these tables. Newer tables pass unless a breaking migration was among their steps.
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
 * Migrates the tables to this program's version while servers run, each step in its own unit of work. Of several
 * concurrent callers one works and the others wait for it. Grants `serverRole` the rights that a server needs, no others.
 * @param address of the tables' owner
 * @param toLanes makes lanes the order (lane-order.ts). New tables have them from the beginning
 * @param shards distributes the users' tables over Citus's nodes (distribute.ts)
 * @throws StartRefused for tables of a newer version, and when the database refuses a step: the message says why
 */
export async function migrate(
  address: DatabaseAddress,
  serverRole: string | undefined,
  migrations: readonly Migration[] = MIGRATIONS,
  { toLanes = false, shards = false }: { readonly toLanes?: boolean; readonly shards?: boolean } = {},
): Promise<Migrated> {
  const connection = await connectOwner(address);
  try {
    await waitForLock(connection);
    const { version } = await readVersion(connection);
    if (version > migrations.length) throw newer(version, address);
    for (let step = version; step < migrations.length; step++) await take(connection, step, migrations);
    const byLanes = await orderByLanes(connection, version === 0, toLanes, migrations.length);
    if (shards && !byLanes)
      throw new StartRefused('the journal is not ordered by lanes yet: run sello migrate --finish first');
    const distributed = shards ? await distribute(connection, address) : undefined;
    const granted = serverRole !== undefined && serverRole !== address.user ? serverRole : undefined;
    if (granted !== undefined) await grant(connection, granted);
    return { from: version, to: migrations.length, granted, byLanes, distributed };
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

/** @returns whether lanes order the journal now */
async function orderByLanes(
  connection: Connection,
  isNew: boolean,
  toLanes: boolean,
  version: number,
): Promise<boolean> {
  if (version < LANES_VERSION) return false;
  await connection.run('SET search_path = sello, pg_catalog');
  if (await new LaneOrder().isByLanes(connection)) return true;
  if (!isNew && !toLanes) return false;
  const old = await oldConnections(connection);
  if (!isNew && old > 0) {
    throw new StartRefused(
      `servers of a version before have ${old} connections open: stop them all, or replace them by this version, and try again`,
    );
  }
  await switchToLanes(connection, LANES_VERSION, { isEmpty: isNew });
  return true;
}

async function connectOwner(address: DatabaseAddress): Promise<Connection> {
  const found = await connectToPrimary(address, PATIENT);
  if (found instanceof Connection) return found;
  throw new StartRefused(`no database server can be migrated. ${reasonsText(found)}`);
}

/** Waits long for the migration lock, whose holder may take long; afterwards briefly for tables, which running servers use. */
async function waitForLock(connection: Connection): Promise<void> {
  const until = performance.now() + LIMITS.storeMigrationTimeMs;
  // Asked again and again: who waits inside a statement would hold up an index that is made while servers work.
  for (;;) {
    const { rows } = await connection.run(`SELECT pg_try_advisory_lock(${LOCK_SPACE}, ${LOCK_MIGRATION})`);
    if (rows[0]?.[0] === true) break;
    if (performance.now() > until) throw new StartRefused('another migration takes too long');
    await delay(LIMITS.storeSearchPauseMs);
  }
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
    // Revokes rights that an older version granted and this one does not.
    await connection.run(`REVOKE ALL ON ALL TABLES IN SCHEMA sello FROM ${name}`);
    for (const statement of GRANTS) await connection.run(statement.replace('%role%', () => name));
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
}

/** Whether the user of this connection may create the tables. */
export async function mayMigrate(connection: Connection): Promise<boolean> {
  const { rows } = await connection.run(
    "SELECT CASE WHEN to_regnamespace('sello') IS NULL THEN has_database_privilege(current_database(), 'CREATE') ELSE has_schema_privilege('sello', 'CREATE') END",
  );
  return rows[0]?.[0] === true;
}

/** The rights that the user of this connection has on the journal and a server's role should not have. */
export async function excessRights(connection: Connection): Promise<readonly string[]> {
  const { rows } = await connection.run(
    "SELECT privilege FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege WHERE has_table_privilege('sello.journal', privilege) OR has_table_privilege('sello.places', privilege)",
  );
  return rows.map(([privilege]) => String(privilege));
}
