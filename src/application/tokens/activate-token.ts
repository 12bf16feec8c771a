import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { SessionRow, TokenRow, UserId } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import { isRidOfCodes } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Facts, Proposal } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { heldSession, isProven, proven, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { deviceIdOf, endSessions, tokensOfDevice } from './device.ts';

export interface ActivateTokenRequest {
  readonly userId: UserId;
  readonly tokenId: string;
  readonly code: string;
  /** Who asks over the API; there is none at the operator's command. */
  readonly session?: Session;
  readonly idempotency?: Idempotency;
}

export type ActivatedToken = TokenRow & { readonly repeated?: boolean };

/** Confirms by a first code that the user's token holds the seed, and so does its device. Wrong codes count and lock as any others do. */
export async function activateToken(
  context: Context,
  request: ActivateTokenRequest,
): Promise<ActivatedToken | Refusal> {
  const job = new ActivateJob(context, request);
  const { result } = await context.decider.submit(
    idempotent(job, request.idempotency, wholeResult<ActivatedToken>()),
  );
  return result;
}

class ActivateJob implements RepeatableJob<TokenRow | Refusal> {
  readonly userId: UserId;
  readonly #request: ActivateTokenRequest;
  readonly #code: CodeFactor;

  constructor(context: Context, request: ActivateTokenRequest) {
    this.userId = request.userId;
    this.#request = request;
    this.#code = new CodeFactor(context, request.code, { activates: request.tokenId });
  }

  admits(user: User | undefined, { at }: Facts): boolean {
    return user !== undefined && this.#session(user, at) !== 'ended';
  }

  evidence(user: User, { at }: Facts): readonly MacRequest[] {
    return this.#pending(user) ? this.#code.evidence(user, at) : [];
  }

  decide(
    user: User | undefined,
    { at }: Facts,
    macs: readonly (Uint8Array | undefined)[],
  ): Proposal<TokenRow | Refusal> {
    const { tokenId } = this.#request;
    if (!user?.tokens.some((token) => token.tokenId === tokenId)) return { result: refuse('token_unknown') };
    const token = this.#pending(user);
    if (!token) return { result: refuse('token_not_pending') };
    const session = this.#session(user, at);
    if (session === 'ended') return { result: refuse('session_ended') };
    if (session && !isProven(session) && isBesideOthers(user, session, token)) {
      return { result: refuse('code_required') };
    }
    const judged = this.#code.judge(user, at, macs);
    if (judged.outcome === 'locked') {
      return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
    }
    if (judged.outcome === 'refused') {
      const { reason, state, detail } = judged;
      return {
        result: refuse(reason, retryAfter(judged.retryAfterMs)),
        draft: { type: 'code.refused', reason, detail: { ...detail, token: tokenId }, state },
      };
    }
    return {
      result: { ...token, status: 'active' },
      draft: {
        type: 'token.activated',
        detail: { token: tokenId },
        state: judged.state,
        rows: [
          ...(session ? proven(session) : []),
          ...endSessions(waitingBesides(user, token)),
          ...this.#confirmed(user, token).map(
            (id) => ({ kind: 'token.update', userId: user.id, tokenId: id, status: 'active' }) as const,
          ),
        ],
      },
    };
  }

  /** A device got its seeds together, so that it holds one says that it holds all. */
  #confirmed(user: User, token: TokenRow): readonly string[] {
    return tokensOfDevice(user, deviceIdOf(token.tokenId))
      .filter(({ status }) => status === 'pending')
      .map(({ tokenId }) => tokenId);
  }

  #session(user: User, at: number): SessionRow | undefined | 'ended' {
    const { session } = this.#request;
    return session && (heldSession(user, session.sessionId, at) ?? 'ended');
  }

  #pending(user: User): TokenRow | undefined {
    return user.tokens.find(
      ({ tokenId, status }) => tokenId === this.#request.tokenId && status === 'pending',
    );
  }
}

/** Whether there is a token of another device, or was: then a session that has shown no code of it adds none. */
function isBesideOthers(user: User, session: SessionRow, { tokenId }: TokenRow): boolean {
  const deviceId = deviceIdOf(tokenId);
  return (
    isRidOfCodes(user, session) ||
    user.tokens.some((token) => token.status === 'active' && deviceIdOf(token.tokenId) !== deviceId)
  );
}

/**
 * Of a first token, what others wait with: devices that have confirmed nothing, and invitations that the password alone
 * was enough for. Whoever had that password could else confirm one beside it later.
 */
function waitingBesides(user: User, { tokenId }: TokenRow): readonly SessionRow[] {
  if (user.tokens.some(({ status }) => status === 'active')) return [];
  const deviceId = deviceIdOf(tokenId);
  return user.sessions.filter(({ kind, proof, tokenId: of }) =>
    kind === 'enrolment' ? proof === 'no_token' : kind === 'device' && deviceIdOf(of) !== deviceId,
  );
}
