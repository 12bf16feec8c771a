import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { IdempotencyRecord, SideRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft, Job, Proposal } from '../decisions/job.ts';

/**
 * A client's key for a safe retry, and SHA-256 hex of what it asks: the same key with other content is refused. The
 * digest is stored, so no password, code or MAC may be in what it is made of.
 */
export interface Idempotency {
  readonly key: string;
  readonly digest: string;
}

/** The row that keeps an answer, committed with the decision that it answers. */
export function answerRow(
  userId: UserId,
  idempotency: Idempotency | undefined,
  at: number,
  answer: unknown,
): SideRow[] {
  if (!idempotency) return [];
  const { key, digest } = idempotency;
  return [{ kind: 'idempotency.insert', userId, key, digest, answer: JSON.stringify(answer), at }];
}

/** @returns what was stored, or `idempotency_mismatch`: the key was used for something else */
export function storedAnswer<T>(
  answer: IdempotencyRecord,
  idempotency: Idempotency | undefined,
): T | Refusal {
  return answer.digest === idempotency?.digest
    ? (JSON.parse(answer.answer) as T)
    : refuse('idempotency_mismatch');
}

/** What the key was answered before: for use cases that do more than decide. @returns undefined where it is new */
export async function answeredBefore<T>(
  { store }: Context,
  userId: UserId,
  idempotency: Idempotency | undefined,
): Promise<T | Refusal | undefined> {
  if (!idempotency) return undefined;
  const [answer] = await store.findIdempotencyRecords([{ userId, key: idempotency.key }]);
  return answer && storedAnswer<T>(answer, idempotency);
}

/** How a result is kept for a repeat, and what a repeat is answered. `Kept` is JSON and holds no secret in the clear. */
export interface Keeping<T, Kept> {
  keep(result: T): Kept;
  again(kept: Kept): T;
}

/**
 * The same job, but what it decides is kept with the decision under the client's key, and a repeat is answered by it.
 * Refusals are not kept: they did nothing, so the same key may be tried again.
 */
export function repeatable<T, Kept>(
  job: Job<T | Refusal>,
  idempotency: Idempotency | undefined,
  { keep, again }: Keeping<T, Kept>,
): Job<T | Refusal> {
  if (!idempotency) return job;
  const { userId, newUser } = job;
  return {
    userId,
    ...(newUser ? { newUser } : {}),
    idempotencyKey: idempotency.key,
    evidence: (user, facts) => (facts.idempotencyRecord ? [] : (job.evidence?.(user, facts) ?? [])),
    decide: (user, facts, macs): Proposal<T | Refusal> => {
      if (facts.idempotencyRecord) {
        const kept = storedAnswer<Kept>(facts.idempotencyRecord, idempotency);
        return { result: isRefusal(kept) ? kept : again(kept as Kept) };
      }
      const { result, draft } = job.decide(user, facts, macs);
      if (!draft || isRefusal(result)) return draft ? { result, draft } : { result };
      const rows: Draft['rows'] = (entry) => {
        const own = typeof draft.rows === 'function' ? draft.rows(entry) : (draft.rows ?? []);
        return [...own, ...answerRow(userId, idempotency, facts.at, keep(result as T))];
      };
      return { result, draft: { ...draft, rows } };
    },
    ...(job.conflict ? { conflict: () => job.conflict?.() as T | Refusal } : {}),
  };
}
