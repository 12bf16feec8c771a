import type { UserId } from '../../ports/store.ts';
import type { Connection } from './connection.ts';

const IS_THERE = "SELECT to_regclass('pg_catalog.pg_dist_shard') IS NOT NULL";
const SHARDS = `SELECT shardid, shardminvalue::int, shardmaxvalue::int FROM pg_dist_shard
  WHERE logicalrelid = to_regclass('sello.journal') AND shardminvalue IS NOT NULL ORDER BY shardminvalue::int`;
/** Users whose hashes are compared with the database's before anything is cut by them. */
const PROBES: readonly UserId[] = [0, 1, 2, 3, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7, 2 ** 53 - 1];

/** Whether Citus distributes the journal. */
export async function isSharded(connection: Connection): Promise<boolean> {
  if ((await connection.run(IS_THERE)).rows[0]?.[0] !== true) return false;
  return (await connection.run(SHARDS)).rows.length > 0;
}

/** Which shard of the journal each user's rows are in. */
export type PartitionOf = (userId: UserId) => number;

interface Shard {
  readonly id: number;
  readonly highest: number;
}

/**
 * Reads from Citus's catalogue how the journal is cut. Does NOT notice a shard that is split later.
 * @returns `undefined` where the journal is not distributed
 * @throws Error when the database hashes users in another way than this program
 */
export async function readShards(connection: Connection): Promise<PartitionOf | undefined> {
  if ((await connection.run(IS_THERE)).rows[0]?.[0] !== true) return undefined;
  const { rows } = await connection.run(SHARDS);
  const shards = rows.map(([id, , highest]): Shard => ({ id: Number(id), highest: Number(highest) }));
  // It may have been opened before they were made.
  connection.sharded = shards.length > 0;
  if (shards.length === 0) return undefined;
  const hashes = await connection.run(
    `SELECT hashint8(user_id) FROM unnest($1::bigint[]) WITH ORDINALITY AS probes (user_id, number) ORDER BY number`,
    [PROBES],
  );
  PROBES.forEach((userId, index) => {
    if (hashes.rows[index]?.[0] !== hashOf(userId))
      throw new Error('the database hashes users in another way than this program');
  });
  return (userId) => shardOf(shards, hashOf(userId));
}

/** @param shards in order of their hashes */
function shardOf(shards: readonly Shard[], hash: number): number {
  let [low, high] = [0, shards.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shards[middle] as Shard).highest < hash) low = middle + 1;
    else high = middle;
  }
  return (shards[low] as Shard).id;
}

/**
 * PostgreSQL's `hashint8` of a number of at most 53 bits, as a signed 32-bit number: Jenkins' lookup3 over its halves
 * (src/common/hashfn.c, `hash_bytes_uint32`).
 */
export function hashOf(value: number): number {
  const start = (0x9e3779b9 + 4 + 3_923_095) | 0;
  let a = (start + ((value | 0) ^ Math.floor(value / 2 ** 32))) | 0;
  let b = start;
  let c = start;
  c = ((c ^ b) - turned(b, 14)) | 0;
  a = ((a ^ c) - turned(c, 11)) | 0;
  b = ((b ^ a) - turned(a, 25)) | 0;
  c = ((c ^ b) - turned(b, 16)) | 0;
  a = ((a ^ c) - turned(c, 4)) | 0;
  b = ((b ^ a) - turned(a, 14)) | 0;
  return ((c ^ b) - turned(b, 24)) | 0;
}

function turned(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
