import { createHash } from 'node:crypto';
import { encodeBase32 } from '../../domain/encoding/base32.ts';
import type { Refusal } from '../../domain/errors.ts';
import { attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Proposal } from '../decisions/job.ts';
import { type Asker, attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongCode } from '../lockout/failed-attempts.ts';
import type { User } from '../users/user.ts';
import type { LockedCode, RefusedCode } from './code-factor.ts';
import { judgeRepeatedCode } from './repeated-code.ts';

/** 120 bits: 24 letters and digits of base32. NIST SP 800-63B asks for no slow hash from 112 bits on. */
const CODE_BYTES = 15;
/** Of what is stored: as hard to meet as a code is to guess. */
const DIGEST_BYTES = 15;

export interface AcceptedRecoveryCode {
  readonly outcome: 'accepted';
  /** The user's state without the code. */
  readonly state: UserState;
  /** How many codes are left. */
  readonly left: number;
}

/**
 * Makes a set of look-up secrets (NIST SP 800-63B section 3.1.2), as `ABCD-EFGH-IJKL-MNOP-QRST-UVWX`. Stores nothing, and
 * takes no thread of the pool, which the hashing of passwords needs.
 */
export function makeRecoveryCodes(
  { random }: Context,
  userId: UserId,
): { readonly codes: readonly string[]; readonly digests: readonly string[] } {
  const codes = Array.from({ length: LIMITS.recoveryCodes }, () =>
    encodeBase32(random.bytes(CODE_BYTES)).replace(/(.{4})(?=.)/g, '$1-'),
  );
  return { codes, digests: codes.map((code) => digestOf(userId, code)) };
}

/** A code without what does not matter in it: case, blanks and dashes. */
export function canonicalRecoveryCode(code: string): string {
  return code.replace(/[\s-]/g, '').toUpperCase();
}

/**
 * What is stored of a code: SHA-256 over the user and the code. Not a MAC under a key of the vault: codes last for years,
 * and a rotation renews such keys.
 */
function digestOf(userId: UserId, code: string): string {
  const digest = createHash('sha256').update(`sello/recovery-code/${userId}/${canonicalRecoveryCode(code)}`);
  return digest.digest().subarray(0, DIGEST_BYTES).toString('base64url');
}

const LOCK_COUNTED_AS = { log_in: 'login.locked', enrolment: 'code.refused' } as const;

/** A recovery code that a request shows, and by whom. */
export interface ShownRecoveryCode {
  readonly code: string;
  readonly purpose: 'log_in' | 'enrolment';
  readonly asker: Asker;
}

/**
 * Judges a recovery code on the user's state and uses it up. A wrong one counts, and locks, like a wrong code of a token.
 * Where codes are locked nothing is hashed or compared.
 *
 * Why: docs/DECISIONS.md#recovery-codes-stand-for-a-code-where-one-enrols
 */
export function judgeRecoveryCode(
  { settings, refusalCounter }: Context,
  user: User,
  at: number,
  { code, purpose, asker }: ShownRecoveryCode,
): AcceptedRecoveryCode | RefusedCode | LockedCode {
  const { lockout } = settings;
  const { state } = user;
  const by = attemptBy(purpose, asker, user, at);
  const lockedMs = attemptLockedForMs(state, by, at, lockout);
  if (lockedMs > 0) {
    refusalCounter.count(LOCK_COUNTED_AS[purpose], 'locked', user.id);
    return { outcome: 'locked', retryAfterMs: lockedMs };
  }
  const held = state.recoveryCodes ?? [];
  const digest = digestOf(user.id, code);
  if (held.includes(digest)) {
    const recoveryCodes = held.filter((each) => each !== digest);
    return { outcome: 'accepted', state: { ...state, recoveryCodes }, left: recoveryCodes.length };
  }
  const reason = 'code_wrong';
  const counted = afterWrongCode(state, by, at, lockout, reason);
  return {
    ...{ outcome: 'refused', reason, state: counted.state },
    ...(counted.detail ? { detail: counted.detail } : {}),
    retryAfterMs: attemptLockedForMs(counted.state, by, at, lockout),
  };
}

/** The same as `CodeFactor.judgeRepeat`, for a recovery code. */
export function judgeRepeatedRecoveryCode(
  context: Context,
  user: User,
  at: number,
  isSame: boolean,
  { purpose, asker }: ShownRecoveryCode,
): Proposal<Refusal> | undefined {
  const type = purpose === 'log_in' ? 'login.refused' : 'code.refused';
  const lockCountedAs = LOCK_COUNTED_AS[purpose];
  return judgeRepeatedCode(context, user, at, isSame, { purpose, asker, type, lockCountedAs });
}
