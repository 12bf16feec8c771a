import type { ChallengeBinding } from '../../domain/challenge/nonce.ts';
import { isHexOfConstantTime } from '../../domain/encoding/hex.ts';
import { type Refusal, type RefusalCode, refuse, retryAfter } from '../../domain/errors.ts';
import { type GivenProofs, missingProof, type Proof } from '../../domain/policy/policy.ts';
import type { VelocityExcess } from '../../domain/policy/velocity.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { UserId } from '../../ports/store.ts';
import { type AcceptedCode, CodeFactor } from '../codes/code-factor.ts';
import type { Context } from '../context.ts';
import { type Evidence, type Macs, NO_EVIDENCE, requestBefore } from '../decisions/evidence.ts';
import type { Draft, EntryOrigin, Facts, Proposal } from '../decisions/job.ts';
import type { RepeatableJob } from '../idempotency/idempotent.ts';
import { macKeyOwner } from '../keys/key-owner.ts';
import { afterWrongMac } from '../lockout/failed-attempts.ts';
import { findValidSession, isSessionValid } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import type { AuthoriseRequest, DecidedOrRequested } from './authorisation.ts';
import { describeExcess, requiredByPolicy, withApproval } from './policy-evaluation.ts';
import { requestProposal } from './request-transaction.ts';
import { makeTransactionId } from './transaction-id.ts';

type Verdict = Proposal<DecidedOrRequested | Refusal>;

/** Decides steps 1 to 7 of `authorise`: each method is a step and goes on to the next. */
export class AuthoriseJob implements RepeatableJob<DecidedOrRequested | Refusal> {
  readonly userId: UserId;
  readonly origin: EntryOrigin | undefined;
  readonly #context: Context;
  readonly #request: AuthoriseRequest;
  readonly #canonical: CanonicalTransaction;
  readonly #binding: ChallengeBinding;
  readonly #mayWait: boolean;
  readonly #code: CodeFactor | undefined;

  constructor(context: Context, request: AuthoriseRequest, mayWait: boolean) {
    this.userId = request.session.userId;
    const { address } = request;
    this.origin = address === undefined ? undefined : { kind: 'address', name: address };
    this.#context = context;
    this.#request = request;
    this.#mayWait = mayWait;
    this.#binding = `session/${request.session.sessionId}`;
    this.#canonical = { ...request.transfer, challenge: request.challenge, v: 1 };
    if (request.code !== undefined) {
      const asker = { by: 'session', sessionId: request.session.sessionId } as const;
      this.#code = new CodeFactor(context, request.code, { purpose: 'transaction', asker });
    }
  }

  admits(user: User | undefined, { at }: Facts): user is User {
    return user !== undefined && isSessionValid(user, this.#request.session.sessionId, at);
  }

  evidence(user: User, { at, isSpent }: Facts): Evidence {
    const { mac, challenge } = this.#request;
    if (isSpent(challenge)) return NO_EVIDENCE;
    const ofCode = this.#code?.evidence(user, at, this.#canonical) ?? NO_EVIDENCE;
    return mac ? requestBefore(macRequest(user, mac.message), ofCode) : ofCode;
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Verdict {
    if (!this.admits(user, facts)) return { result: refuse('session_ended') };
    return this.#judgeChallenge(user, facts, macs);
  }

  #judgeChallenge(user: User, { at, isSpent }: Facts, macs: Macs): Verdict {
    const { challenge } = this.#request;
    const verdict = this.#context.challenges.verify(challenge, this.#binding, at);
    if (verdict !== 'authentic') return this.#refused(at, verdict, user);
    if (isSpent(challenge)) return this.#refused(at, 'challenge_spent', user);
    return this.#judgeMac(user, at, macs);
  }

  #judgeMac(user: User, at: number, macs: Macs): Verdict {
    const { mac } = this.#request;
    if (!mac) return this.#judgeCode(user, at, macs);
    const computed = macs[0];
    if (!computed) return { result: refuse('unavailable') };
    return isHexOfConstantTime(mac.value, computed)
      ? this.#judgeCode(user, at, macs.slice(1))
      : this.#wrongMac(user, at);
  }

  #wrongMac(user: User, at: number): Verdict {
    const { state, detail, endSession } = afterWrongMac(user.state, at);
    const { sessionId } = this.#request.session;
    const rows: Draft['rows'] = [{ kind: 'session.delete', userId: user.id, sessionId }];
    return this.#refused(at, 'mac_mismatch', {
      state,
      spends: true,
      detail,
      ...(endSession ? { rows } : {}),
    });
  }

  #judgeCode(user: User, at: number, macs: Macs): Verdict {
    if (!this.#code) return this.#judgePolicy(user, at, user.state);
    const judged = this.#code.judge(user, at, macs);
    switch (judged.outcome) {
      case 'locked':
        return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
      case 'refused':
        return this.#refused(at, judged.reason, { ...judged, spends: true });
      case 'accepted':
        return this.#judgePolicy(user, at, judged.state, judged);
    }
  }

  #judgePolicy(user: User, at: number, state: UserState, code?: AcceptedCode): Verdict {
    const { transfer, mac } = this.#request;
    const given = { mac: mac !== undefined, code: code !== undefined, boundCode: code?.kind === 'bound' };
    const { settings } = this.#context;
    if (!code && this.#owesCode(user, at)) return this.#refused(at, 'code_required', { state });
    const { proofs, excess } = requiredByPolicy(settings, user, state, transfer, at);
    const missing = missingProof(proofs, given);
    if (!missing) return this.#approved(user, at, state, proofsFrom(given), code?.tokenId);
    if (this.#mayWait) return this.#requested(user, at, state, excess);
    // The proofs that were given fit, so the challenge is not spent; the code, where one was shown, is.
    if (!excess) return this.#refused(at, missing, { state });
    const limit = describeExcess(settings.policy, excess, transfer);
    return this.#refused(at, missing, { state, detail: { velocity: excess }, limit });
  }

  /** Whether the session began by the password alone before log-ins asked for a code, which a new one would show. */
  #owesCode(user: User, at: number): boolean {
    if (!this.#context.settings.tcpLogInCodeRequired) return false;
    return findValidSession(user, this.#request.session.sessionId, at)?.proof === 'code_omitted';
  }

  #approved(
    user: User,
    at: number,
    state: UserState,
    proofs: readonly Proof[],
    token: string | undefined,
  ): Verdict {
    const { settings, randomPool } = this.#context;
    const { transfer, challenge } = this.#request;
    const transaction = { ...this.#canonical, id: makeTransactionId(at, randomPool) };
    const proven = proofs.join(' ') || 'session';
    return {
      result: {
        transaction,
        username: user.username,
        at,
        proofs,
        version: user.version + 1,
        // Known once the entry is chained.
        hash: '',
        previous: user.hash,
      },
      draft: {
        type: 'transaction.approved',
        detail: token === undefined ? { proofs: proven } : { proofs: proven, token },
        transaction,
        state: withApproval(settings.policy, state, transfer, at),
        challenge,
      },
    };
  }

  /** Stores the transaction as pending. The request's challenge is spent; the pending transaction gets its own. */
  #requested(user: User, at: number, state: UserState, velocity: VelocityExcess | undefined): Verdict {
    const { transfer, challenge } = this.#request;
    return requestProposal(this.#context, user, at, { transfer, serviceId: '', state, challenge, velocity });
  }

  /** `spends`: the challenge was answered for good. One that is not authentic, or spent already, cannot be. */
  #refused(
    at: number,
    reason: RefusalCode,
    {
      state,
      spends = false,
      detail,
      rows,
      limit,
      retryAfterMs = 0,
    }: Pick<Draft, 'state' | 'detail' | 'rows'> & {
      readonly spends?: boolean;
      readonly limit?: string;
      readonly retryAfterMs?: number;
    },
  ): Verdict {
    return {
      result: refuse(reason, limit === undefined ? retryAfter(retryAfterMs) : { detail: limit }),
      draft: {
        type: 'transaction.refused',
        reason,
        ...(detail ? { detail } : {}),
        transaction: { ...this.#canonical, id: makeTransactionId(at, this.#context.randomPool) },
        state,
        ...(spends ? { challenge: this.#request.challenge } : {}),
        ...(rows ? { rows } : {}),
      },
    };
  }
}

function macRequest(user: User, message: Uint8Array): MacRequest {
  return { owner: macKeyOwner(user.id), wrapped: user.macKey, algorithm: 'sha256', message };
}

function proofsFrom({ mac, code, boundCode }: GivenProofs): readonly Proof[] {
  const shown = boundCode ? 'bound_code' : 'code';
  if (!code) return mac ? ['mac'] : [];
  return mac ? ['mac', shown] : [shown];
}
