import { actQuestion } from '../../domain/act-question.ts';
import { equalConstantTime } from '../../domain/constant-time.ts';
import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import { refusedCode } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import { STRANGER } from '../lockout/attempt-by.ts';
import { makeSessionSecret, sessionIdOf, userIdOfSecret } from '../sessions/session.ts';
import { hadAuthenticator, hasAuthenticator } from '../tokens/authenticators.ts';
import { type NewPassword, passwordReplaced, withNewPassword } from './new-password.ts';
import { recoveryOf } from './recovery.ts';
import type { User } from './user.ts';

export interface PasswordResetSecret {
  /** Sets a new password once. Returned only here; stored as a digest. */
  readonly secret: string;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly repeated?: boolean;
}

export interface MakeResetRequest {
  readonly userId: UserId;
  /** The administrator's name. */
  readonly by: string;
  readonly idempotency?: Idempotency;
}

/**
 * Makes a one-time secret by which a user sets a new password; it replaces the one before. Who has an authenticator shows it
 * beside the secret. Who had one and has none any more needs a recovery that is ready, as for an invitation: otherwise one
 * administrator could revoke a token and then set the password.
 *
 * Why: docs/DECISIONS.md#a-reset-does-not-stand-for-a-code
 */
export async function makePasswordReset(
  context: Context,
  { userId, by, idempotency }: MakeResetRequest,
): Promise<PasswordResetSecret | Refusal> {
  const { passwordResetsMax: countMax, passwordResetsWindowMs: windowMs } = LIMITS;
  const wait = await context.rateLimiter.take(`password-reset/${userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const secret = makeSessionSecret(userId, context.random);
  const job: Job<PasswordResetSecret | Refusal> = {
    userId,
    decide: (user, { at }) => {
      if (!user || user.version === 0) return { result: refuse('user_unknown') };
      if (user.username === by) return { result: refuse('own_account') };
      if (user.disabled) return { result: refuse('user_disabled') };
      const lost = hasLostAuthenticators(user);
      const readyAt = recoveryOf(user, at)?.readyAt;
      if (lost && (readyAt === undefined || readyAt > at)) {
        return { result: refuse('recovery_required', retryAfter(readyAt === undefined ? 0 : readyAt - at)) };
      }
      const expiresAt = at + LIMITS.passwordResetMs;
      const passwordReset = {
        digest: sessionIdOf(secret),
        expiresAt,
        ...(lost ? { recovered: true as const } : {}),
      };
      return {
        result: { secret, expiresAt },
        draft: { type: 'admin.password_reset', detail: { by }, state: { ...user.state, passwordReset } },
      };
    },
  };
  const codec = await secretCodec<'secret', PasswordResetSecret>(
    context,
    userId,
    idempotency,
    'secret',
    String,
  );
  return (await context.decider.submit(idempotent(job, idempotency, codec))).result;
}

/**
 * @returns the refusal of a secret that is not the user's, was used, or has expired, or that was made before the user
 * lost their last authenticator: that takes a recovery
 */
export function checkReset(user: User, secret: string, at: number): Refusal | undefined {
  const { passwordReset: reset } = user.state;
  const holds =
    reset !== undefined && equalConstantTime(reset.digest, sessionIdOf(secret)) && reset.expiresAt > at;
  if (!holds || user.disabled) return refuse('reset_unknown');
  return hasLostAuthenticators(user) && !reset.recovered ? refuse('recovery_required') : undefined;
}

export interface RedeemResetRequest {
  readonly secret: string;
  readonly password: string;
  /** Of a token, where the user has one. That of an `ocra` token is over the secret's digest (`actQuestion`). */
  readonly code?: string;
  readonly address: string;
}

/**
 * Sets a new password by the secret of a reset and, where the user has a token, its code. A user who has a passkey and no
 * token logs in by it, and then uses the secret in place of the old password (`changePassword`).
 */
export async function redeemPasswordReset(
  context: Context,
  request: RedeemResetRequest,
): Promise<{ readonly username: string } | Refusal> {
  const { rateLimiter, settings, refusalCounter, userCache, decider } = context;
  const { secret, password, address } = request;
  const pace = await rateLimiter.take(`log-in/${address}`, settings.rateLimits.logIns);
  if (pace > 0) {
    refusalCounter.count('login.refused', 'rate_limited');
    return refuse('rate_limited', { retryAfterMs: pace });
  }
  const userId = userIdOfSecret(secret);
  const user = userId === undefined ? undefined : await userCache.reload(userId);
  const refusal = user ? checkReset(user, secret, decider.now()) : undefined;
  if (!user || refusal) {
    const refused = refusal ?? refuse('reset_unknown');
    refusalCounter.count('login.refused', refused.refused);
    return refused;
  }
  const caller = { address, known: true };
  return withNewPassword(context, { userId: user.id, password, caller }, async (made) => {
    const { result } = await decider.submit(redemption(context, user, request, made));
    return result;
  });
}

function redemption(
  context: Context,
  { id: userId, username }: User,
  { secret, code, address }: RedeemResetRequest,
  made: NewPassword,
): Job<{ readonly username: string } | Refusal> {
  const question = actQuestion('reset_password', sessionIdOf(secret), username);
  const factor =
    code === undefined
      ? undefined
      : new CodeFactor(context, code, { purpose: 'log_in', asker: STRANGER, question });
  return {
    userId,
    origin: { kind: 'address', name: address },
    evidence: (user, { at }) =>
      factor && hasToken(user) && !checkReset(user, secret, at) ? factor.evidence(user, at) : [],
    decide: (user, { at }, macs) => {
      const refusal = user ? checkReset(user, secret, at) : refuse('reset_unknown');
      if (!user || refusal) return { result: refusal ?? refuse('reset_unknown') };
      const replaced = (state: UserState, detail: Readonly<Record<string, string>>) => ({
        result: { username: user.username },
        draft: {
          ...{ type: 'admin.password_changed' as const },
          detail: { ...detail, by: user.username, method: 'reset' },
          ...passwordReplaced({ ...user, state }, made),
        },
      });
      if (!hasAuthenticator(user)) return replaced(user.state, {});
      if (!hasToken(user))
        return { result: refuse('proof_required', { detail: 'log in by the passkey first' }) };
      if (!factor) return { result: refuse('code_required') };
      const judged = factor.judge(user, at, macs);
      return judged.outcome === 'accepted'
        ? replaced(judged.state, { token: judged.tokenId })
        : refusedCode(judged);
    },
  };
}

function hasLostAuthenticators(user: User): boolean {
  return hadAuthenticator(user) && !hasAuthenticator(user);
}

function hasToken({ tokens }: User): boolean {
  return tokens.some(({ status }) => status === 'active');
}
