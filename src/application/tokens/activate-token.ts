import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { SessionRow, TokenRow, UserId } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import type { Context } from '../context.ts';
import { allRequests, type Evidence, type Macs } from '../decisions/evidence.ts';
import type { Facts, Proposal } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { findValidSession, isProven, proven, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { endedByFirst, hadAuthenticator, hasAuthenticator } from './authenticators.ts';
import { deviceIdOf, tokensOfDevice } from './device.ts';
import { ignoredParameterEvidence, ignoresParameters } from './ignored-parameters.ts';
import { isWaiting } from './waiting-tokens.ts';

export interface ActivateTokenRequest {
  readonly userId: UserId;
  /** Without one, any of the user's waiting tokens whose code this is. */
  readonly tokenId?: string;
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
 * 2. The token must be the user's, and pending; after `LIMITS.waitingTokenMs` it is unknown.
 * 3. The session must hold. Where the user has or had another authenticator it must have shown one.
 * 4. The code must fit. A wrong one counts and locks like any other; a right one leaves earlier failures standing. One
 *    that the seed gives with an app's own defaults is no guess: it is refused as such, and not counted.
 * 5. The token becomes active, with the other token of its device. The session has shown it. A user's first
 *    authenticator also ends what the password alone made (`endedByFirst`).
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
  #codeMacsCount = 0;

  constructor(context: Context, request: ActivateTokenRequest) {
    this.userId = request.userId;
    this.#request = request;
    this.#code = new CodeFactor(context, request.code, {
      purpose: 'enrolment',
      asker: request.session ? { by: 'session', sessionId: request.session.sessionId } : { by: 'operator' },
      activates: (user, at) => this.#waiting(user, at).map(({ tokenId }) => tokenId),
    });
  }

  admits(user: User | undefined, { at }: Facts): boolean {
    return user !== undefined && this.#session(user, at) !== 'ended';
  }

  evidence(user: User, { at }: Facts): Evidence {
    this.#codeMacsCount = 0;
    const waiting = this.#waiting(user, at);
    if (waiting.length === 0) return [];
    const requests = allRequests(this.#code.evidence(user, at));
    // While codes are locked none is evaluated.
    if (requests.length === 0) return [];
    this.#codeMacsCount = requests.length;
    return [...requests, ...ignoredParameterEvidence(waiting, this.#request.code, at)];
  }

  decide(user: User | undefined, { at }: Facts, macs: Macs): Verdict {
    const { tokenId } = this.#request;
    const waiting = user ? this.#waiting(user, at) : [];
    if (!user || waiting.length === 0) {
      const active = user?.tokens.some((token) => token.tokenId === tokenId && token.status === 'active');
      return { result: refuse(active || tokenId === undefined ? 'token_not_pending' : 'token_unknown') };
    }
    const session = this.#session(user, at);
    if (session === 'ended') return { result: refuse('session_ended') };
    // A device's session counts as one that has shown its own token.
    if (
      session?.kind === 'login' &&
      waiting.some(({ createdAt }) => createdAt < (user.state.firstConfirmedAt ?? 0))
    ) {
      return { result: refuse('token_unknown') };
    }
    if (session && !isProven(session) && hadAuthenticator(user)) {
      return { result: refuse('code_required') };
    }
    const judged = this.#code.judge(user, at, macs.slice(0, this.#codeMacsCount));
    switch (judged.outcome) {
      case 'locked':
        return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
      case 'refused': {
        const named = tokenId === undefined ? {} : { token: tokenId };
        if (ignoresParameters(this.#request.code, macs.slice(this.#codeMacsCount))) {
          const ignored = 'token_parameters_ignored';
          const draft = { type: 'code.refused', reason: ignored, detail: named, state: user.state } as const;
          return { result: refuse(ignored), draft };
        }
        const { reason, state, detail, retryAfterMs } = judged;
        return {
          result: refuse(reason, retryAfter(retryAfterMs)),
          draft: { type: 'code.refused', reason, detail: { ...detail, ...named }, state },
        };
      }
      case 'accepted':
        return activated(user, tokenOf(waiting, judged.tokenId), session, judged.state, at);
    }
  }

  #session(user: User, at: number): SessionRow | undefined | 'ended' {
    const { session } = this.#request;
    return session && (findValidSession(user, session.sessionId, at) ?? 'ended');
  }

  /** The tokens that the code may be of. */
  #waiting(user: User, at: number): readonly TokenRow[] {
    const { tokenId } = this.#request;
    return user.tokens.filter(
      (token) => isWaiting(token, at) && (tokenId === undefined || token.tokenId === tokenId),
    );
  }
}

function tokenOf(tokens: readonly TokenRow[], id: string): TokenRow {
  const token = tokens.find(({ tokenId }) => tokenId === id);
  if (!token) throw new Error('a code of no waiting token was accepted');
  return token;
}

function activated(
  user: User,
  token: TokenRow,
  session: SessionRow | undefined,
  state: UserState,
  at: number,
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
      state: session || hasAuthenticator(user) ? state : { ...state, firstConfirmedAt: at },
      rows: [
        ...(session ? proven(session, at) : []),
        ...endedByFirst(user, { session, deviceId: deviceIdOf(token.tokenId) }),
        ...confirmed.map(
          ({ userId, tokenId }) => ({ kind: 'token.update', userId, tokenId, status: 'active' }) as const,
        ),
      ],
    },
  };
}
