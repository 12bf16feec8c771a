import { type Refusal, refuse } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { findValidSession, type Session } from '../sessions/session.ts';
import { hasAuthenticator } from '../tokens/authenticators.ts';
import { makeRecoveryCodes } from './recovery-code.ts';
import { SecondFactor, type Shown } from './second-factor.ts';

export interface RecoveryCodes {
  /** Returned only here; stored as digests. */
  readonly codes: readonly string[];
}

export type RenewRecoveryCodesRequest = {
  readonly userId: UserId;
  /** Of the user, who shows a token or passkey. The operator's command has none. */
  readonly session?: Session;
  readonly shown?: Shown;
};

/**
 * Makes new recovery codes in place of those before. The user must have a token or passkey, and show it in the request;
 * a recovery code does not serve.
 */
export async function renewRecoveryCodes(
  context: Context,
  request: RenewRecoveryCodesRequest,
): Promise<RecoveryCodes | Refusal> {
  const { userId, session, shown } = request;
  const factor =
    session &&
    (await SecondFactor.of(context, { session, act: 'make_recovery_codes', ...(shown ? { shown } : {}) }));
  const job: Job<RecoveryCodes | Refusal> = {
    userId,
    evidence: (user, facts) => factor?.evidence(user, facts) ?? [],
    decide: (user, facts, macs) => {
      if (!user || user.version === 0) return { result: refuse('user_unknown') };
      if (session && !findValidSession(user, session.sessionId, facts.at)) {
        return { result: refuse('session_ended') };
      }
      if (!hasAuthenticator(user)) return { result: refuse('authenticator_required') };
      const judged = factor?.require(user, facts, macs) ?? { state: user.state, detail: {}, rows: [] };
      if ('result' in judged) return judged;
      const { codes, digests } = makeRecoveryCodes(context, userId);
      return {
        result: { codes },
        draft: {
          type: 'admin.recovery_codes_made',
          detail: { ...judged.detail, ...(session ? { by: user.username } : {}), codes: codes.length },
          state: { ...judged.state, recoveryCodes: digests },
          rows: judged.rows,
          ...('challenge' in judged && judged.challenge !== undefined ? { challenge: judged.challenge } : {}),
        },
      };
    },
  };
  return (await context.decider.submit(job)).result;
}

/** How many of the user's codes are left. */
export async function countRecoveryCodes({ userCache }: Context, userId: UserId): Promise<number> {
  return (await userCache.reload(userId))?.state.recoveryCodes?.length ?? 0;
}
