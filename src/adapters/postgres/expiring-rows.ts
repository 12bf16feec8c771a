import type { IdempotencyRecord, UserId } from '../../ports/store.ts';
import { PRUNE_SECRETS } from '../sql/identity-secret-statements.ts';
import type { Connection } from './connection.ts';
import { storable } from './storable.ts';

const FIND = {
  name: 'answers_find',
  text: 'SELECT user_id, key, digest, answer, at FROM answers WHERE (user_id, key) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))',
};
const PRUNE_ANSWERS = {
  name: 'answers_prune',
  text: 'DELETE FROM answers WHERE (user_id, key) IN (SELECT user_id, key FROM answers WHERE at < $1 ORDER BY at LIMIT $2)',
};
const PRUNE_SESSIONS = {
  name: 'sessions_prune',
  text: 'DELETE FROM sessions WHERE (user_id, session_id) IN (SELECT user_id, session_id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)',
};

const PRUNE_NAMES = {
  name: 'unknown_names_prune',
  text: 'DELETE FROM unknown_names WHERE at < $1 AND position IN (SELECT position FROM unknown_names ORDER BY position LIMIT $2)',
};

const SECRETS = { name: 'identity_secrets_prune', text: PRUNE_SECRETS };

export async function findIdempotencyRecords(
  connection: Connection,
  keys: readonly { readonly userId: UserId; readonly key: string }[],
): Promise<(IdempotencyRecord | undefined)[]> {
  if (keys.length === 0) return [];
  const idOf = (userId: unknown, key: string) => `${userId}/${key}`;
  const { rows } = await connection.run(FIND, [
    keys.map(({ userId }) => userId),
    keys.map(({ key }) => storable(key)),
  ]);
  const found = new Map<string, IdempotencyRecord>();
  for (const [userId, key, digest, answer, at] of rows) {
    found.set(idOf(userId, key as string), {
      digest: digest as string,
      answer: answer as string,
      at: at as number,
    });
  }
  return keys.map(({ userId, key }) => found.get(idOf(userId, storable(key))));
}

/** @returns whether there may be more */
export async function prune(
  connection: Connection,
  answersBefore: number,
  sessionsBefore: number,
  namesBefore: number,
  secretsBefore: number,
  limit: number,
): Promise<boolean> {
  const deleted = await connection.pipeline([
    [PRUNE_ANSWERS, [answersBefore, limit]],
    [PRUNE_SESSIONS, [sessionsBefore, limit]],
    [PRUNE_NAMES, [namesBefore, limit]],
    [SECRETS, [secretsBefore, limit]],
  ]);
  return deleted.some(({ count }) => (count ?? 0) >= limit);
}
