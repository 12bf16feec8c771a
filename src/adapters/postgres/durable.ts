import { StoreUnavailable } from '../../domain/errors.ts';
import type { Connection } from './connection.ts';

/** A warning with a COMMIT says that the wait for the standby was given up: on disk here, and perhaps nowhere else. */
export async function commitDurably(connection: Connection): Promise<void> {
  const { warnings } = connection;
  const { command } = await connection.run('COMMIT');
  if (command !== 'COMMIT')
    throw new StoreUnavailable('the database cannot answer: a unit of work was given up');
  if (connection.warnings !== warnings)
    throw Object.assign(new Error('the wait for the standby was given up'), { code: 'ECONNRESET' });
}

/**
 * What others committed is durable once a write after it is: a COMMIT waits for all before it to reach the disk and the
 * standby, and one that wrote nothing waits for nothing.
 */
export async function confirm(connection: Connection): Promise<void> {
  await connection.run('BEGIN');
  await connection.run("SELECT pg_logical_emit_message(true, 'sello', 'confirm')");
  await commitDurably(connection);
}
