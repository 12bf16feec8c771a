import { StartRefused } from '../../domain/errors.ts';
import { addressText, type DatabaseAddress } from './address.ts';
import type { Connection } from './connection.ts';

/**
 * The tables whose rows belong to a user, the journal first: their rows of one user are in one shard. All others stay on the
 * coordinator. A table that a foreign key points to comes before the one that has it.
 */
export const USER_TABLES = [
  ...['journal', 'users', 'tokens', 'sessions', 'push_subscriptions', 'passkeys', 'answers', 'transactions'],
  ...['identities', 'identity_secrets', 'messages', 'message_parts', 'staged_messages', 'inbox'],
  ...['erasures', 'user_activity'],
] as const;

export interface Distributed {
  readonly shards: number;
  /** Nodes that hold shards. */
  readonly nodes: number;
  /** Whether it was done before. */
  readonly already: boolean;
}

const IS_INSTALLED = "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')";
const NODES = `SELECT count(*) FILTER (WHERE noderole = 'primary' AND isactive AND shouldhaveshards)::int,
    bool_or(groupid = 0), (SELECT groupid FROM pg_dist_local_group)::int FROM pg_dist_node`;
/** How each table is kept, and whether beside the journal. */
const KEPT = `SELECT c.relname, p.partmethod::text = 'h' AND column_to_column_name(p.logicalrelid, p.partkey) = 'user_id'
    AND p.colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = to_regclass('sello.journal'))
  FROM pg_dist_partition p JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
  WHERE c.relnamespace = to_regnamespace('sello')`;
const SHARDS = `SELECT count(*)::int FROM pg_dist_shard WHERE logicalrelid = to_regclass('sello.journal')`;
const SERVERS = `SELECT count(*)::int FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'sello%' AND pid <> pg_backend_pid()`;

/**
 * Distributes the users' tables over Citus's workers, in one unit of work: an attempt that is interrupted leaves nothing
 * behind. What PostgreSQL keeps of the rows where they were before is removed afterwards; called again, that goes on.
 * @param connection of the tables' owner, to the coordinator; the tables are of this program's version, ordered by lanes
 * @throws StartRefused where Citus is not there, servers work on the tables, or tables are distributed in another way
 */
export async function distribute(connection: Connection, address: DatabaseAddress): Promise<Distributed> {
  const nodes = await checkCitus(connection, address);
  await connection.run('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
  const already = await isDistributed(connection, address);
  if (!already) await distributeAll(connection, address);
  for (const table of USER_TABLES)
    await connection.run(`SELECT truncate_local_data_after_distributing_table('sello.${table}')`);
  return { shards: Number((await connection.run(SHARDS)).rows[0]?.[0]), nodes, already };
}

/** @returns how many nodes hold shards */
async function checkCitus(connection: Connection, address: DatabaseAddress): Promise<number> {
  const refused = (what: string) => new StartRefused(`${addressText(address)} ${what}`);
  if ((await connection.run(IS_INSTALLED)).rows[0]?.[0] !== true)
    throw refused(
      'has no Citus: install it on all nodes, add citus to shared_preload_libraries, and run CREATE EXTENSION citus in the database',
    );
  const [nodes, hasCoordinator, group] = (await connection.run(NODES)).rows[0] ?? [0, false, 0];
  if (group !== 0) throw refused('is a worker of Citus: give the coordinator’s address');
  if (hasCoordinator !== true)
    throw refused("does not know its own address: SELECT citus_set_coordinator_host('HOST', PORT)");
  if (nodes === 0)
    throw refused("has no node that holds shards: SELECT citus_add_node('HOST', PORT) for each worker");
  return Number(nodes);
}

/** @throws StartRefused where only some tables are, or in another way */
async function isDistributed(connection: Connection, address: DatabaseAddress): Promise<boolean> {
  const { rows } = await connection.run(KEPT);
  if (rows.length === 0) return false;
  const ours = new Set(rows.filter(([, isOurs]) => isOurs === true).map(([table]) => String(table)));
  const isWhole = USER_TABLES.every((table) => ours.has(table)) && rows.length === ours.size;
  if (isWhole && ours.size === USER_TABLES.length) return true;
  const named = rows.map(([table]) => String(table)).sort();
  throw new StartRefused(
    `${addressText(address)} has tables that were distributed in another way (${named.join(', ')}): undo it with undistribute_table, and try again`,
  );
}

/** One that works on knows no shards: its units of work would span them. */
async function refuseServers(connection: Connection, address: DatabaseAddress): Promise<void> {
  const servers = Number((await connection.run(SERVERS)).rows[0]?.[0]);
  if (servers > 0)
    throw new StartRefused(
      `${addressText(address)}: servers have ${servers} connections open. Stop them all, and try again`,
    );
}

async function distributeAll(connection: Connection, address: DatabaseAddress): Promise<void> {
  await connection.run('BEGIN');
  try {
    // A server that starts meanwhile waits here, and then sees what the tables have become.
    await connection.run('LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE');
    await refuseServers(connection, address);
    // One connection a node: the tables refer to each other.
    await connection.run("SET LOCAL citus.multi_shard_modify_mode = 'sequential'");
    for (const table of USER_TABLES) {
      const beside = table === 'journal' ? 'none' : 'sello.journal';
      await connection.run(
        `SELECT create_distributed_table('sello.${table}', 'user_id', colocate_with := '${beside}')`,
      );
    }
    await refuseServers(connection, address);
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK');
    throw error;
  }
}
