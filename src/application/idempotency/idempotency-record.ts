import { equalConstantTime } from '../../domain/constant-time.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { IdempotencyRecord, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';

/**
 * A client's key for a safe retry, and SHA-256 hex of what it asks: the same key with other content is refused. The
 * digest is stored, so no password, code or MAC may be in its input.
 */
export interface Idempotency {
  readonly key: string;
  readonly digest: string;
  /** What the digest would have been under keys that were rotated since; records are kept longer than that. */
  readonly digestsBefore?: readonly string[];
}

export function isRecordOf(
  record: Pick<IdempotencyRecord, 'digest'>,
  { digest, digestsBefore = [] }: Idempotency,
): boolean {
  return [digest, ...digestsBefore].some((each) => equalConstantTime(record.digest, each));
}

/** @returns what was kept for this request, or `idempotency_mismatch`: the key was used for another request */
export function readRecord<Kept>(record: IdempotencyRecord, idempotency: Idempotency): Kept | Refusal {
  return isRecordOf(record, idempotency)
    ? (JSON.parse(record.answer) as Kept)
    : refuse('idempotency_mismatch');
}

/**
 * What was kept under the key before: for use cases that do more than decide, and must not do it twice.
 * @returns undefined where the key is new, or there is none
 */
export async function findRecord<Kept>(
  { store }: Context,
  userId: UserId,
  idempotency: Idempotency | undefined,
): Promise<Kept | Refusal | undefined> {
  if (!idempotency) return undefined;
  const [record] = await store.findIdempotencyRecords([{ userId, key: idempotency.key }]);
  return record && readRecord<Kept>(record, idempotency);
}

/** The result of a repeat. */
export function repeated<T extends object>(kept: T | Refusal): (T & { readonly repeated: true }) | Refusal {
  return isRefusal(kept) ? kept : { ...kept, repeated: true };
}
