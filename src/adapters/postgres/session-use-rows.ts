import type { SessionUse, UserId } from '../../ports/store.ts';
import type { Connection } from './connection.ts';

const RECORD = {
  name: 'session_uses_record',
  text: 'UPDATE sessions SET used_at = $3 WHERE user_id = $1 AND session_id = $2 AND used_at < $3',
};
const LAST = {
  name: 'session_uses_last',
  text: 'SELECT greatest(created_at, proven_at, used_at) FROM sessions WHERE user_id = $1 AND session_id = $2',
};

/** A statement each, so that it concerns one user's rows; in one order, so that two servers do not wait for each other. */
export async function recordSessionUses(connection: Connection, uses: readonly SessionUse[]): Promise<void> {
  const inOrder = [...uses].sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
  await connection.pipeline(inOrder.map(({ userId, sessionId, at }) => [RECORD, [userId, sessionId, at]]));
}

export async function lastSessionUse(
  connection: Connection,
  userId: UserId,
  sessionId: string,
): Promise<number | undefined> {
  const { rows } = await connection.run(LAST, [userId, sessionId]);
  return rows[0]?.[0] as number | undefined;
}
