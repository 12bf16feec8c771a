import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { encodeBase32 } from '../../domain/encoding/base32.ts';
import { attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { AttemptPurpose } from '../../domain/lockout.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type Asker, attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongCode } from '../lockout/failed-attempts.ts';
import type { User } from '../users/user.ts';
import type { LockedCode, RefusedCode } from './code-factor.ts';

/** 80 bits: 16 letters and digits of base32. */
const CODE_BYTES = 10;
const DIGEST_BYTES = 9;
/** 4 MiB and some milliseconds: beside 80 random bits it need not be what a password's is. */
const COST = { N: 4_096, r: 8, p: 1 };

const derive = promisify(scrypt) as (
  code: string,
  salt: string,
  bytes: number,
  cost: typeof COST,
) => Promise<Buffer>;

export interface AcceptedRecoveryCode {
  readonly outcome: 'accepted';
  /** The user's state without the code. */
  readonly state: UserState;
  /** How many codes are left. */
  readonly left: number;
}

/** Makes a set of look-up secrets (NIST SP 800-63B section 3.1.2), as `ABCD-EFGH-IJKL-MNOP`. Stores nothing. */
export async function makeRecoveryCodes(
  context: Context,
  userId: UserId,
): Promise<{ readonly codes: readonly string[]; readonly digests: readonly string[] }> {
  const codes = Array.from({ length: LIMITS.recoveryCodes }, () =>
    encodeBase32(context.random.bytes(CODE_BYTES)).replace(/(.{4})(?=.)/g, '$1-'),
  );
  const digests = await Promise.all(codes.map((code) => recoveryCodeDigest(userId, code)));
  return { codes, digests };
}

/**
 * What is stored of a code: its scrypt (RFC 7914), salted by the user. Not a MAC under a key of the vault: codes last for
 * years, and a rotation renews such keys. Case, blanks and dashes do not matter.
 */
export async function recoveryCodeDigest(userId: UserId, code: string): Promise<string> {
  const canonical = code.replace(/[\s-]/g, '').toUpperCase();
  const digest = await derive(canonical, `sello/recovery-code/${userId}`, DIGEST_BYTES, COST);
  return digest.toString('base64url');
}

/** A recovery code that a request shows, and by whom. */
export interface ShownRecoveryCode {
  readonly digest: string;
  readonly purpose: AttemptPurpose;
  readonly asker: Asker;
}

/**
 * Judges a recovery code on the user's state and uses it up. A wrong one counts, and locks, like a wrong code of a token.
 * Where codes are locked nothing is compared.
 *
 * Why: docs/DECISIONS.md#recovery-codes-stand-for-a-code-where-one-enrols
 */
export function judgeRecoveryCode(
  { settings, refusalCounter }: Context,
  user: User,
  at: number,
  { digest, purpose, asker }: ShownRecoveryCode,
): AcceptedRecoveryCode | RefusedCode | LockedCode {
  const { lockout } = settings;
  const { state } = user;
  const by = attemptBy(purpose, asker, user, at);
  const lockedMs = attemptLockedForMs(state, by, at, lockout);
  if (lockedMs > 0) {
    refusalCounter.count(purpose === 'log_in' ? 'login.locked' : 'code.refused', 'locked', user.id);
    return { outcome: 'locked', retryAfterMs: lockedMs };
  }
  const held = state.recoveryCodes ?? [];
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
