import { StoreUnavailable } from '../../domain/errors.ts';
import type { Connection } from './connection.ts';

/** Commits. A warning with a COMMIT means that the wait for the standby was cancelled: the commit may be on this disk alone. */
export async function commitDurably(connection: Connection): Promise<void> {
  const { warnings } = connection;
  const { command } = await connection.run('COMMIT');
  if (command !== 'COMMIT')
    throw new StoreUnavailable('the database cannot answer: a unit of work was given up');
  if (connection.warnings !== warnings)
    throw Object.assign(new Error('the wait for the standby was given up'), { code: 'ECONNRESET' });
}

/**
 * Makes earlier commits of other connections durable: a COMMIT waits until all log before it has reached the disk and
 * the standby. It needs a write of its own, since a COMMIT that wrote nothing does not wait.
 */
export async function confirm(connection: Connection): Promise<void> {
  await connection.run('BEGIN');
  await connection.run("SELECT pg_logical_emit_message(true, 'sello', 'confirm')");
  await commitDurably(connection);
}
