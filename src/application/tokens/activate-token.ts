import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { SessionRow, TokenRow, UserId } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import { lacksCodeOfRevokedToken } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Facts, Proposal } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { findValidSession, isProven, proven, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { deviceIdOf, endSessions, tokensOfDevice } from './device.ts';

export interface ActivateTokenRequest {
  readonly userId: UserId;
  readonly tokenId: string;
  readonly code: string;
  /** Of the caller over the API; the operator's command has none. */
  readonly session?: Session;
  readonly idempotency?: Idempotency;
}

export type ActivatedToken = TokenRow & { readonly repeated?: boolean };

/**
 * Activates a pending token by its first code, which confirms that its device holds the seed:
 *
 * 1. A repeat of an idempotency key is answered from its record, if the session holds.
 * 2. The token must be the user's, and pending.
 * 3. The session must hold. Beside a token of another device it must have shown a code.
 * 4. The code must fit. A wrong one counts and locks like any other; a right one leaves earlier failures standing.
 * 5. The token becomes active, with the other token of its device. A user's first token also ends what was open beside
 *    it: other devices' sessions, and invitations given for the password alone.
 *
 * Why: docs/DECISIONS.md#the-first-confirmed-token-ends-waiting-devices
 */
export async function activateToken(
  context: Context,
  request: ActivateTokenRequest,
): Promise<ActivatedToken | Refusal> {
  const job = new ActivateJob(context, request);
  const codec = wholeResult<ActivatedToken>();
  return (await context.decider.submit(idempotent(job, request.idempotency, codec))).result;
}

type Verdict = Proposal<TokenRow | Refusal>;

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

  decide(user: User | undefined, { at }: Facts, macs: readonly (Uint8Array | undefined)[]): Verdict {
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
    switch (judged.outcome) {
      case 'locked':
        return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
      case 'refused': {
        const { reason, state, detail, retryAfterMs } = judged;
        return {
          result: refuse(reason, retryAfter(retryAfterMs)),
          draft: { type: 'code.refused', reason, detail: { ...detail, token: tokenId }, state },
        };
      }
      case 'accepted':
        return activated(user, token, session, judged.state);
    }
  }

  #session(user: User, at: number): SessionRow | undefined | 'ended' {
    const { session } = this.#request;
    return session && (findValidSession(user, session.sessionId, at) ?? 'ended');
  }

  #pending(user: User): TokenRow | undefined {
    return user.tokens.find(
      ({ tokenId, status }) => tokenId === this.#request.tokenId && status === 'pending',
    );
  }
}

/** Whether the user has or had a token of another device. A session that has shown no code of it adds none beside it. */
function isBesideOthers(user: User, session: SessionRow, { tokenId }: TokenRow): boolean {
  const deviceId = deviceIdOf(tokenId);
  return (
    lacksCodeOfRevokedToken(user, session) ||
    user.tokens.some((token) => token.status === 'active' && deviceIdOf(token.tokenId) !== deviceId)
  );
}

function activated(
  user: User,
  token: TokenRow,
  session: SessionRow | undefined,
  state: UserState,
): Proposal<TokenRow> {
  // A device received its seeds together: holding one confirms all.
  const confirmed = tokensOfDevice(user, deviceIdOf(token.tokenId)).filter(
    ({ status }) => status === 'pending',
  );
  return {
    result: { ...token, status: 'active' },
    draft: {
      type: 'token.activated',
      detail: { token: token.tokenId },
      state,
      rows: [
        ...(session ? proven(session) : []),
        ...endSessions(sessionsBesideFirst(user, token)),
        ...confirmed.map(
          ({ userId, tokenId }) => ({ kind: 'token.update', userId, tokenId, status: 'active' }) as const,
        ),
      ],
    },
  };
}

/**
 * What a user's first token ends: sessions of other devices, which have confirmed nothing, and invitations given for the
 * password alone. Otherwise somebody who had that password could confirm a token beside it later.
 */
function sessionsBesideFirst(user: User, { tokenId }: TokenRow): readonly SessionRow[] {
  if (user.tokens.some(({ status }) => status === 'active')) return [];
  const deviceId = deviceIdOf(tokenId);
  return user.sessions.filter(({ kind, proof, tokenId: of }) =>
    kind === 'enrolment' ? proof === 'no_token' : kind === 'device' && deviceIdOf(of) !== deviceId,
  );
}
