import { type Refusal, refuse } from '../domain/errors.ts';
import type { IdempotentAnswer, SideRow, UserId } from '../ports/store.ts';

/** A client's key for a safe retry, and SHA-256 hex of what it asks: the same key with other content is refused. */
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
  return [{ kind: 'answer.insert', userId, key, digest, answer: JSON.stringify(answer), at }];
}

/** @returns what was stored, or `idempotency_mismatch`: the key was used for something else */
export function storedAnswer<T>(answer: IdempotentAnswer, idempotency: Idempotency | undefined): T | Refusal {
  return answer.digest === idempotency?.digest
    ? (JSON.parse(answer.answer) as T)
    : refuse('idempotency_mismatch');
}
