import type { ChallengeBinding } from '../../domain/challenge/nonce.ts';
import { equalConstantTime } from '../../domain/constant-time.ts';
import { type Refusal, type RefusalCode, refuse } from '../../domain/errors.ts';
import { lockedForMs } from '../../domain/lockout.ts';
import type { Proof } from '../../domain/policy/policy.ts';
import type { CanonicalTransaction, Transfer } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { IdempotencyRecord } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import type { Context } from '../context.ts';
import type { Draft, Facts, Job, Proposal } from '../decisions/job.ts';
import { answerRow, type Idempotency, storedAnswer } from '../idempotency/idempotency-record.ts';
import { macKeyOwner } from '../keys/key-owner.ts';
import { afterWrongMac } from '../lockout/failed-attempts.ts';
import { type DecidedTransaction, signReceipt } from '../receipts/sign-receipt.ts';
import { type Session, sessionHolds } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { missingByPolicy, withApproval } from './policy-evaluation.ts';
import { type RequestedTransaction, requestProposal } from './request-transaction.ts';
import { makeTransactionId } from './transaction-id.ts';

export interface AuthoriseRequest {
  readonly session: Session;
  readonly transfer: Transfer;
  /** The nonce, as sent. */
  readonly challenge: string;
  /** The bytes that the MAC must cover, and the hex that was sent. */
  readonly mac?: { readonly message: Uint8Array; readonly value: string };
  readonly code?: string;
  readonly idempotency?: Idempotency;
  readonly receipt?: boolean;
}

export interface Authorisation {
  readonly transactionId: string;
  readonly transfer: Transfer;
  /** ms since 1970 */
  readonly at: number;
  /** The version of the user's entry that records it. */
  readonly version: number;
  /** A stored answer to the same idempotency key: nothing was decided anew. */
  readonly repeated: boolean;
  /** JWS, where it was asked for. */
  readonly receipt?: string;
}

/**
 * Decides on a transaction of a user who is logged in: challenge, MAC, code, policy, velocity, in this order.
 * What is evaluated spends the challenge; a refusal is recorded as well as an approval. That the payer's account is
 * the user's is not checked: Sello keeps no accounts.
 */
export function authorise(context: Context, request: AuthoriseRequest): Promise<Authorisation | Refusal> {
  // Nothing waits that was not asked to.
  return decide(context, request, false) as Promise<Authorisation | Refusal>;
}

/** The same, but where a proof is missing the transaction is kept, for its user to approve by a code of its own. */
export function authoriseOrRequest(
  context: Context,
  request: AuthoriseRequest,
): Promise<Authorisation | RequestedTransaction | Refusal> {
  return decide(context, request, true);
}

async function decide(context: Context, request: AuthoriseRequest, mayWait: boolean) {
  const waiting = context.challenges.ensureKeys(context.decider.now());
  if (waiting) await waiting;
  const { result, entry } = await context.decider.submit(new AuthoriseJob(context, request, mayWait));
  if ('refused' in result) return result;
  // The stored answer of a request by REST, under whose key this one comes: they are not the same request.
  if ('status' in result) return mayWait ? result : refuse('idempotency_mismatch');
  const authorisation = authorisationFrom(result, result.repeated);
  if (!request.receipt) return authorisation;
  const decided = entry ? { ...result, hash: entry.hash } : result;
  return { ...authorisation, receipt: await signReceipt(context, decided) };
}

export function authorisationFrom(decided: DecidedTransaction, repeated: boolean): Authorisation {
  const { id, amount, currency, payee, payer } = decided.transaction;
  const transfer = { amount, currency, payee, payer };
  return { transactionId: id, transfer, at: decided.at, version: decided.version, repeated };
}

type Decided = DecidedTransaction & { readonly repeated: boolean };
type Outcome = Decided | RequestedTransaction | Refusal;
type Verdict = Proposal<Outcome>;

class AuthoriseJob implements Job<Outcome> {
  readonly userId: number;
  readonly idempotencyKey?: string;
  readonly #context: Context;
  readonly #request: AuthoriseRequest;
  readonly #canonical: CanonicalTransaction;
  readonly #binding: ChallengeBinding;
  readonly #mayWait: boolean;
  readonly #code: CodeFactor | undefined;

  constructor(context: Context, request: AuthoriseRequest, mayWait: boolean) {
    this.userId = request.session.userId;
    if (request.idempotency) this.idempotencyKey = request.idempotency.key;
    this.#context = context;
    this.#request = request;
    this.#mayWait = mayWait;
    this.#binding = `session/${request.session.sessionId}`;
    if (request.code !== undefined) this.#code = new CodeFactor(context, request.code);
    this.#canonical = { ...request.transfer, challenge: request.challenge, v: 1 };
  }

  evidence(user: User, { at, idempotencyRecord, isSpent }: Facts): readonly MacRequest[] {
    const { mac, challenge } = this.#request;
    if (idempotencyRecord || isSpent(challenge)) return [];
    const requests = mac ? [macRequest(user, mac.message)] : [];
    return this.#code ? [...requests, ...this.#code.evidence(user, at, this.#canonical)] : requests;
  }

  decide(user: User | undefined, facts: Facts, macs: readonly (Uint8Array | undefined)[]): Verdict {
    const { challenge, session } = this.#request;
    const { at, idempotencyRecord } = facts;
    if (!user || !sessionHolds(user, session.sessionId, at)) return { result: refuse('session_ended') };
    if (idempotencyRecord) return this.#repeat(idempotencyRecord);

    const verdict = this.#context.challenges.verify(challenge, this.#binding, at);
    if (verdict !== 'authentic') return this.#refused(at, verdict, user);
    if (facts.isSpent(challenge)) return this.#refused(at, 'challenge_spent', user);

    const macGiven = this.#request.mac !== undefined;
    if (macGiven && !macs[0]) return { result: refuse('unavailable') };
    if (macGiven && !this.#macFits(macs[0])) return this.#wrongMac(user, at);
    return this.#judgeProofs(user, at, macGiven, macGiven ? macs.slice(1) : macs);
  }

  #macFits(computed: Uint8Array | undefined): boolean {
    if (!computed) return false;
    return equalConstantTime(
      Buffer.from(computed.buffer, computed.byteOffset, 32).toString('hex'),
      this.#request.mac?.value ?? '',
    );
  }

  #judgeProofs(user: User, at: number, mac: boolean, macs: readonly (Uint8Array | undefined)[]): Verdict {
    const { policy } = this.#context.settings;
    const { transfer } = this.#request;
    let state: UserState = user.state;
    let kind: 'bound' | 'plain' | undefined;
    let token: string | undefined;
    if (this.#code) {
      const judged = this.#code.judge(user, at, macs);
      if (judged.outcome === 'locked') {
        return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
      }
      if (judged.outcome === 'refused') return this.#refused(at, judged.reason, { ...judged, spends: true });
      state = judged.state;
      kind = judged.kind;
      token = judged.tokenId;
    }
    const given = { mac, code: kind !== undefined, boundCode: kind === 'bound' };
    const missing = missingByPolicy(policy, { transfer, user, state, at }, given);
    if (missing && this.#mayWait) return this.#wait(user, at, state);
    // The proofs that were given fit, so the challenge is not spent, but a code that was shown is.
    if (missing) return this.#refused(at, missing, { state });
    return this.#approved(user, at, state, proofsGiven(mac, kind), token);
  }

  #approved(
    user: User,
    at: number,
    state: UserState,
    proofs: readonly Proof[],
    token: string | undefined,
  ): Verdict {
    const { idempotency, transfer, challenge } = this.#request;
    const transaction = { ...this.#canonical, id: makeTransactionId(at, this.#context.randomPool) };
    const proven = proofs.join(' ') || 'session';
    const result = {
      transaction,
      username: user.username,
      at,
      proofs,
      version: user.version + 1,
      // Known once the entry is chained.
      hash: '',
      previous: user.hash,
      repeated: false,
    };
    const draft: Draft = {
      type: 'transaction.approved',
      detail: token === undefined ? { proofs: proven } : { proofs: proven, token },
      transaction,
      state: withApproval(this.#context.settings.policy, state, transfer, at),
      challenge,
    };
    if (!idempotency) return { result, draft };
    const { repeated: _, ...answer } = result;
    const rows: Draft['rows'] = ({ hash }) => answerRow(user.id, idempotency, at, { ...answer, hash });
    return { result, draft: { ...draft, rows } };
  }

  /** The challenge under which too little was proven is used up: the transaction has one of its own now. */
  #wait(user: User, at: number, state: UserState): Verdict {
    const { transfer, challenge, idempotency } = this.#request;
    return requestProposal(this.#context, user, at, {
      transfer,
      serviceId: '',
      state,
      challenge,
      ...(idempotency ? { idempotency } : {}),
    });
  }

  #repeat(record: IdempotencyRecord): Verdict {
    const stored = storedAnswer<DecidedTransaction | RequestedTransaction>(record, this.#request.idempotency);
    return { result: 'refused' in stored ? stored : { ...stored, repeated: true } };
  }

  #wrongMac(user: User, at: number): Verdict {
    const { state, detail, endSession } = afterWrongMac(user.state, at);
    const refused = this.#refused(at, 'mac_mismatch', { state, spends: true, detail });
    if (!endSession || !refused.draft) return refused;
    const { sessionId } = this.#request.session;
    return {
      ...refused,
      draft: { ...refused.draft, rows: [{ kind: 'session.delete', userId: user.id, sessionId }] },
    };
  }

  /** `spends`: whether the challenge was answered for good. What is not authentic, or spent already, cannot be. */
  #refused(
    at: number,
    reason: RefusalCode,
    { state, spends = false, detail }: { state: UserState; spends?: boolean; detail?: Draft['detail'] },
  ): Verdict {
    const { challenge } = this.#request;
    const locked = lockedForMs(state.code, at);
    return {
      result: refuse(reason, locked > 0 && reason.startsWith('code_') ? { retryAfterMs: locked } : undefined),
      draft: {
        type: 'transaction.refused',
        reason,
        ...(detail ? { detail } : {}),
        transaction: { ...this.#canonical, id: makeTransactionId(at, this.#context.randomPool) },
        state,
        ...(spends ? { challenge } : {}),
      },
    };
  }
}

function macRequest(user: User, message: Uint8Array): MacRequest {
  return { owner: macKeyOwner(user.id), wrapped: user.macKey, algorithm: 'sha256', message };
}

function proofsGiven(mac: boolean, kind: 'bound' | 'plain' | undefined): readonly Proof[] {
  const code = kind && (kind === 'bound' ? 'bound_code' : 'code');
  if (!code) return mac ? ['mac'] : [];
  return mac ? ['mac', code] : [code];
}
