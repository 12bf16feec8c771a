import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { AttemptPurpose } from '../../domain/lockout.ts';
import type { Context } from '../context.ts';
import type { Draft, Proposal } from '../decisions/job.ts';
import { type Asker, attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongCode } from '../lockout/failed-attempts.ts';
import type { User } from '../users/user.ts';

/** A code, of a token or a recovery code, that a request shows under a used idempotency key. */
export interface RepeatedCode {
  readonly purpose: AttemptPurpose;
  readonly asker: Asker;
  /** Of the entry that counts it. */
  readonly type: Draft['type'];
  readonly detail?: Draft['detail'];
  /** The event as which a refusal for a lock is counted. */
  readonly lockCountedAs: 'code.refused' | 'login.locked';
}

/**
 * Judges the code of a repeat (`RepeatableJob.judgeRepeat`). Another code than the recorded one counts as a wrong one: it
 * may be a guess at it.
 * @returns undefined where the record may be told
 *
 * Why: docs/DECISIONS.md#a-repeat-with-another-code-is-a-guess
 */
export function judgeRepeatedCode(
  { settings: { lockout }, refusalCounter }: Context,
  user: User,
  at: number,
  isSame: boolean,
  { purpose, asker, type, detail, lockCountedAs }: RepeatedCode,
): Proposal<Refusal> | undefined {
  const by = attemptBy(purpose, asker, user, at);
  const lockedMs = attemptLockedForMs(user.state, by, at, lockout);
  if (lockedMs > 0) {
    refusalCounter.count(lockCountedAs, 'locked', user.id);
    return { result: refuse('locked', { retryAfterMs: lockedMs }) };
  }
  if (isSame) return undefined;
  const reason = 'idempotency_mismatch';
  const counted = afterWrongCode(user.state, by, at, lockout, 'code_wrong');
  return {
    result: refuse(reason, retryAfter(attemptLockedForMs(counted.state, by, at, lockout))),
    draft: { type, reason, detail: { ...detail, ...counted.detail }, state: counted.state },
  };
}
