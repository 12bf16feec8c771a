import { nonceIssuedAt } from '../../domain/challenge/nonce.ts';
import { isRefusal, type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { shortTransaction } from '../../domain/transaction/short-challenge.ts';
import type { TransactionRow, UserId } from '../../ports/store.ts';
import { CodeFactor, type RefusedCode } from '../codes/code-factor.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Facts, Proposal } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { canonicalOf, type EndedTransaction, endedProposal, recordedOf } from './ended-transaction.ts';
import { withApproval } from './policy-evaluation.ts';
import {
  assertRecorded,
  fitsRequest,
  type RecordedRequest,
  requestedTransaction,
} from './recorded-transaction.ts';

/** Who ends the wait: the user by a code, the user without ("this was not me"), the service that asked, the clock. */
export type TransactionDecision =
  | {
      readonly decision: 'approve';
      readonly session: Session;
      readonly code: string;
      /** Whether the code is over the short form, which its user typed into the token. */
      readonly isShort?: boolean;
    }
  | { readonly decision: 'refuse'; readonly session: Session }
  | { readonly decision: 'cancel'; readonly serviceId: string }
  | { readonly decision: 'expire' };

export type DecideTransactionRequest = TransactionDecision & {
  readonly userId: UserId;
  readonly transactionId: string;
  readonly idempotency?: Idempotency;
};

/**
 * Decides a pending transaction. Of several concurrent decisions exactly one succeeds:
 *
 * 1. When the user decides, their session must be valid.
 * 2. A repeat of an idempotency key is answered from its record; nothing below is done again.
 * 3. The transaction must be pending, as its entry of request states it. Otherwise the answer is `transaction_decided`; the code is not evaluated and no
 *    failed attempt is counted.
 * 4. A cancellation must come from the service that asked, an expiry after its time.
 * 5. An approval must come before the challenge expires, with a bound code: it stands for every proof that a policy
 *    may require. A plain code proves presence and fits any other transaction, so it approves nothing, whatever the
 *    policy. A wrong code is counted; after either the transaction stays pending.
 * 6. The entry and the transaction's new status are committed together.
 *
 * @throws ContradictedRow when the row of the transaction is not what its entry of request says
 *
 * Why: docs/DECISIONS.md#every-approval-has-a-proof-that-binds
 */
export async function decideTransaction(
  context: Context,
  request: DecideTransactionRequest,
): Promise<EndedTransaction | Refusal> {
  const { userId, transactionId, idempotency } = request;
  const job = new DecisionJob(context, request, await requestedTransaction(context, userId, transactionId));
  const { result } = await context.decider.submit(
    idempotent(job, idempotency, wholeResult<EndedTransaction>()),
  );
  if (!isRefusal(result) && result.repeated) await assertRecorded(context, result);
  return result;
}

type Verdict = Proposal<EndedTransaction | Refusal>;

class DecisionJob implements RepeatableJob<EndedTransaction | Refusal> {
  readonly userId: UserId;
  readonly #context: Context;
  readonly #request: DecideTransactionRequest;
  readonly #recorded: RecordedRequest | undefined;
  /** Of an approval. */
  readonly #code: CodeFactor | undefined;

  constructor(
    context: Context,
    request: DecideTransactionRequest,
    /** What the journal says was asked for. */
    recorded: RecordedRequest | undefined,
  ) {
    this.#recorded = recorded;
    this.userId = request.userId;
    this.#context = context;
    this.#request = request;
    if (request.decision === 'approve') {
      const asker = { by: 'session', sessionId: request.session.sessionId } as const;
      this.#code = new CodeFactor(context, request.code, { purpose: 'transaction', asker });
    }
  }

  admits(user: User | undefined, { at }: Facts): user is User {
    const request = this.#request;
    return (
      user !== undefined && (!('session' in request) || isSessionValid(user, request.session.sessionId, at))
    );
  }

  evidence(user: User, { at }: Facts): Evidence {
    const transaction = this.#pending(user);
    if (!this.#code || !transaction || this.#deadlineOf(transaction) < at) return [];
    const canonical = canonicalOf(transaction);
    return this.#code.evidence(user, at, this.#isShort ? shortTransaction(canonical) : canonical);
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Verdict {
    const { at } = facts;
    if (!user) return { result: refuse('transaction_unknown') };
    if (!this.admits(user, facts)) return { result: refuse('session_ended') };
    const transaction = this.#pending(user);
    if (!transaction) return { result: refuse('transaction_decided') };
    this.#assertRecorded(transaction, facts);
    return this.#code
      ? this.#approve(this.#code, user, transaction, at, macs)
      : this.#endWithoutCode(user, transaction, at);
  }

  get #isShort(): boolean {
    return this.#request.decision === 'approve' && this.#request.isShort === true;
  }

  #pending(user: User): TransactionRow | undefined {
    return user.pending.find(({ transactionId }) => transactionId === this.#request.transactionId);
  }

  /** No entry has the row's time, so it counts no longer than the challenge's own, which is in the entry. */
  #deadlineOf({ challenge, expiresAt }: TransactionRow): number {
    return Math.min(expiresAt, this.#context.challenges.expiresAt(nonceIssuedAt(challenge) ?? 0));
  }

  /** A row that was changed, or made pending again, would move another amount, to another payee, or once more. */
  #assertRecorded(transaction: TransactionRow, { isSpent }: Facts): void {
    const { contradictions } = this.#context;
    const where = `the row of transaction ${transaction.transactionId} of user ${transaction.userId}`;
    if (!fitsRequest(transaction, this.#recorded)) {
      throw contradictions.found(`${where} is not what its entry of request says`);
    }
    if (isSpent(transaction.challenge)) throw contradictions.found(`${where} is pending and was decided`);
  }

  #endWithoutCode({ state }: User, transaction: TransactionRow, at: number): Verdict {
    const request = this.#request;
    if (request.decision === 'cancel') {
      return transaction.serviceId === request.serviceId
        ? endedProposal(transaction, at, 'cancelled', { type: 'transaction.cancelled', state })
        : { result: refuse('transaction_unknown') };
    }
    if (request.decision === 'expire') {
      return transaction.expiresAt < at
        ? endedProposal(transaction, at, 'expired', { type: 'transaction.expired', state })
        : { result: refuse('transaction_decided') };
    }
    const reason = 'user_refused';
    return endedProposal(transaction, at, 'refused', { type: 'transaction.refused', reason, state });
  }

  #approve(code: CodeFactor, user: User, transaction: TransactionRow, at: number, macs: Macs): Verdict {
    if (this.#deadlineOf(transaction) < at) return { result: refuse('challenge_expired') };
    const judged = code.judge(user, at, macs);
    if (judged.outcome === 'locked') {
      return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
    }
    if (judged.outcome === 'refused') return wrongCode(transaction, judged);

    const { state, kind, tokenId } = judged;
    if (kind !== 'bound') {
      const reason = 'bound_code_required';
      return {
        result: refuse(reason),
        draft: { type: 'code.refused', reason, transaction: recordedOf(transaction), state },
      };
    }
    return endedProposal(transaction, at, 'approved', {
      type: 'transaction.approved',
      detail: { proofs: 'bound_code', token: tokenId, ...(this.#isShort ? { form: 'short' } : {}) },
      state: withApproval(this.#context.settings.policy, state, transaction, at),
    });
  }
}

function wrongCode(
  transaction: TransactionRow,
  { reason, state, detail, retryAfterMs }: RefusedCode,
): Verdict {
  return {
    result: refuse(reason, retryAfter(retryAfterMs)),
    draft: {
      type: 'code.refused',
      reason,
      ...(detail ? { detail } : {}),
      transaction: recordedOf(transaction),
      state,
    },
  };
}
