import { type Refusal, refuse } from '../../domain/errors.ts';
import { afterRight, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { StepMac } from '../../domain/otp/hmac.ts';
import { hotpMessage, resyncCounters, resynchronise } from '../../domain/otp/hotp.ts';
import type { TokenRow, UserId } from '../../ports/store.ts';
import { refusedCode } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Facts, Job, Proposal } from '../decisions/job.ts';
import { seedOwner } from '../keys/key-owner.ts';
import { attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongCode } from '../lockout/failed-attempts.ts';
import { findValidSession, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';

export interface ResynchroniseRequest {
  readonly userId: UserId;
  readonly tokenId: string;
  /** Two codes that the token showed one after the other. */
  readonly codes: readonly [string, string];
  /** Of the caller over the API; the operator's command has none. */
  readonly session?: Session;
}

export interface ResynchronisedToken {
  readonly tokenId: string;
  /** By how many codes the token was ahead of the server. */
  readonly ahead: number;
}

/**
 * Takes up the counter of a HOTP token that ran further ahead than a single code is looked for (RFC 4226 section 7.4), by two
 * consecutive codes within `LIMITS.hotpResyncWindow`. Both are spent. A wrong pair counts, and locks, as one wrong code.
 */
export async function resynchroniseToken(
  context: Context,
  request: ResynchroniseRequest,
): Promise<ResynchronisedToken | Refusal> {
  return (await context.decider.submit(new ResynchroniseJob(context, request))).result;
}

class ResynchroniseJob implements Job<ResynchronisedToken | Refusal> {
  readonly userId: UserId;
  readonly #context: Context;
  readonly #request: ResynchroniseRequest;
  #counters: readonly number[] = [];

  constructor(context: Context, request: ResynchroniseRequest) {
    this.userId = request.userId;
    this.#context = context;
    this.#request = request;
  }

  evidence(user: User, { at }: Facts): Evidence {
    this.#counters = [];
    const token = this.#token(user, at);
    if ('refused' in token || this.#lockedMs(user, at) > 0) return [];
    const { userId, tokenId, seed: wrapped, algorithm } = token;
    this.#counters = resyncCounters(user.state.tokens?.[tokenId]);
    const owner = seedOwner(userId, tokenId);
    return this.#counters.map((counter) => ({ owner, wrapped, algorithm, message: hotpMessage(counter) }));
  }

  decide(user: User | undefined, { at }: Facts, macs: Macs): Proposal<ResynchronisedToken | Refusal> {
    if (!user) return { result: refuse('token_unknown') };
    const token = this.#token(user, at);
    if ('refused' in token) return { result: token };
    const lockedMs = this.#lockedMs(user, at);
    // Without its MACs nothing was evaluated: codes were locked when the batch began.
    if (lockedMs > 0 || macs.length === 0) {
      this.#context.refusalCounter.count('code.refused', 'locked', user.id);
      return { result: refuse('locked', { retryAfterMs: Math.max(1, lockedMs) }) };
    }
    const { tokenId, digits } = token;
    const { state } = user;
    const found = resynchronise(state.tokens?.[tokenId], this.#request.codes, this.#candidates(macs), {
      digits,
      at,
    });
    if (!found) return this.#wrong(user, at);
    const { accepted, ahead } = found;
    const rest = afterRight(state, this.#by(user, at));
    return {
      result: { tokenId, ahead },
      draft: {
        type: 'code.accepted',
        detail: { token: tokenId, method: 'resynchronisation', ahead },
        state: { ...rest, tokens: { ...state.tokens, [tokenId]: accepted } },
      },
    };
  }

  #candidates(macs: Macs): readonly StepMac[] {
    return this.#counters.flatMap((step, index) => {
      const mac = macs[index];
      return mac ? [{ step, mac }] : [];
    });
  }

  #token(user: User, at: number): TokenRow | Refusal {
    const { session, tokenId } = this.#request;
    if (session && !findValidSession(user, session.sessionId, at)) return refuse('session_ended');
    const token = user.tokens.find((row) => row.tokenId === tokenId && row.status === 'active');
    return token?.type === 'hotp' ? token : refuse('token_unknown');
  }

  #wrong(user: User, at: number): Proposal<Refusal> {
    const { lockout } = this.#context.settings;
    const by = this.#by(user, at);
    const reason = 'code_wrong';
    const counted = afterWrongCode(user.state, by, at, lockout, reason);
    const retryAfterMs = attemptLockedForMs(counted.state, by, at, lockout);
    return refusedCode({ outcome: 'refused', reason, ...counted, retryAfterMs });
  }

  #by(user: User, at: number) {
    const { session } = this.#request;
    const asker = session
      ? ({ by: 'session', sessionId: session.sessionId } as const)
      : ({ by: 'operator' } as const);
    return attemptBy('enrolment', asker, user, at);
  }

  #lockedMs(user: User, at: number): number {
    return attemptLockedForMs(user.state, this.#by(user, at), at, this.#context.settings.lockout);
  }
}
