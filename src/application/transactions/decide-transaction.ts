import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { Proof } from '../../domain/policy/policy.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';
import { CodeFactor, type RefusedCode } from '../codes/code-factor.ts';
import type { Context } from '../context.ts';
import type { Draft, Facts, Job, Proposal } from '../decisions/job.ts';
import { answerRow, type Idempotency, storedAnswer } from '../idempotency/idempotency-record.ts';
import { type Session, sessionHolds } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { missingByPolicy, withApproval } from './policy-evaluation.ts';

/** What ends a wait: by the user with a code, by the user without ("this was not me"), by who asked, by the clock. */
export type TransactionDecision =
  | { readonly decision: 'approve'; readonly session: Session; readonly code: string }
  | { readonly decision: 'refuse'; readonly session: Session }
  | { readonly decision: 'cancel'; readonly serviceId: string }
  | { readonly decision: 'expire' };

/** The transaction as it was decided; `repeated`: by a stored answer to the same idempotency key, nothing anew. */
export type EndedTransaction = TransactionRow & { readonly repeated?: boolean };

export type DecideTransactionRequest = TransactionDecision & {
  readonly userId: UserId;
  readonly transactionId: string;
  readonly idempotency?: Idempotency;
};

/**
 * Ends the wait of a transaction: of all who try, one does. Too late is `transaction_decided`, and no failed attempt:
 * the code is not looked at.
 */
export async function decideTransaction(
  context: Context,
  request: DecideTransactionRequest,
): Promise<EndedTransaction | Refusal> {
  const { result } = await context.decider.submit(new DecisionJob(context, request));
  return result;
}

type Verdict = Proposal<EndedTransaction | Refusal>;

class DecisionJob implements Job<EndedTransaction | Refusal> {
  readonly userId: UserId;
  readonly idempotencyKey?: string;
  readonly #context: Context;
  readonly #request: DecideTransactionRequest;
  readonly #code: CodeFactor | undefined;

  constructor(context: Context, request: DecideTransactionRequest) {
    this.userId = request.userId;
    if (request.idempotency) this.idempotencyKey = request.idempotency.key;
    this.#context = context;
    this.#request = request;
    if (request.decision === 'approve') this.#code = new CodeFactor(context, request.code);
  }

  evidence(user: User, { at, idempotencyRecord }: Facts): readonly MacRequest[] {
    const transaction = this.#pending(user);
    if (idempotencyRecord || !this.#code || !transaction || transaction.expiresAt < at) return [];
    return this.#code.evidence(user, at, canonical(transaction));
  }

  decide(
    user: User | undefined,
    { at, idempotencyRecord }: Facts,
    macs: readonly (Uint8Array | undefined)[],
  ): Verdict {
    const request = this.#request;
    if (!user) return { result: refuse('transaction_unknown') };
    if ('session' in request && !sessionHolds(user, request.session.sessionId, at)) {
      return { result: refuse('session_ended') };
    }
    if (idempotencyRecord) {
      const stored = storedAnswer<TransactionRow>(idempotencyRecord, request.idempotency);
      return { result: 'refused' in stored ? stored : { ...stored, repeated: true } };
    }
    const transaction = this.#pending(user);
    if (!transaction) return { result: refuse('transaction_decided') };
    if (request.decision === 'cancel' && transaction.serviceId !== request.serviceId) {
      return { result: refuse('transaction_unknown') };
    }
    const { state } = user;
    switch (request.decision) {
      case 'expire':
        return transaction.expiresAt < at
          ? this.#ended(transaction, at, 'expired', { type: 'transaction.expired', state })
          : { result: refuse('transaction_decided') };
      case 'cancel':
        return this.#ended(transaction, at, 'cancelled', { type: 'transaction.cancelled', state });
      case 'refuse':
        return this.#ended(transaction, at, 'refused', {
          type: 'transaction.refused',
          reason: 'user_refused',
          state,
        });
      case 'approve':
        return transaction.expiresAt < at || !this.#code
          ? { result: refuse('challenge_expired') }
          : this.#judge(this.#code, user, transaction, at, macs);
    }
  }

  #pending(user: User): TransactionRow | undefined {
    return user.pending.find(({ transactionId }) => transactionId === this.#request.transactionId);
  }

  #judge(
    code: CodeFactor,
    user: User,
    transaction: TransactionRow,
    at: number,
    macs: readonly (Uint8Array | undefined)[],
  ): Verdict {
    const judged = code.judge(user, at, macs);
    if (judged.outcome === 'locked') {
      return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
    }
    if (judged.outcome === 'refused') return this.#wrongCode(transaction, judged);
    const { state, kind } = judged;
    const { policy } = this.#context.settings;
    // The user's approval with a code of any kind is more than a MAC, which is not asked for here.
    const given = { mac: true, code: true, boundCode: kind === 'bound' };
    const missing = missingByPolicy(policy, { transfer: transaction, user, state, at }, given);
    if (missing) return this.#shown(transaction, missing, state);
    return this.#approved(transaction, at, state, {
      proofs: kind === 'bound' ? 'bound_code' : 'code',
      token: judged.tokenId,
    });
  }

  #approved(
    transaction: TransactionRow,
    at: number,
    state: UserState,
    detail: { readonly proofs: Proof; readonly token: string },
  ): Verdict {
    return this.#ended(transaction, at, 'approved', {
      type: 'transaction.approved',
      detail,
      state: withApproval(this.#context.settings.policy, state, transaction, at),
      challenge: transaction.challenge,
    });
  }

  /** The transaction goes on waiting: a mistyped code is no decision. */
  #wrongCode(transaction: TransactionRow, { reason, state, detail, retryAfterMs }: RefusedCode): Verdict {
    return {
      result: refuse(reason, retryAfter(retryAfterMs)),
      draft: {
        type: 'code.refused',
        reason,
        ...(detail ? { detail } : {}),
        transaction: recorded(transaction),
        state,
      },
    };
  }

  #shown(transaction: TransactionRow, missing: Refusal['refused'], state: UserState): Verdict {
    return {
      result: refuse(missing),
      draft: { type: 'code.refused', reason: missing, transaction: recorded(transaction), state },
    };
  }

  #ended(
    transaction: TransactionRow,
    at: number,
    status: Exclude<TransactionStatus, 'pending'>,
    draft: Draft,
  ): Verdict {
    const { userId, transactionId, serviceId } = transaction;
    const { idempotency } = this.#request;
    const detail = serviceId === '' ? draft.detail : { ...draft.detail, service: serviceId };
    const reason = draft.reason ?? '';
    const result: { -readonly [K in keyof TransactionRow]: TransactionRow[K] } = {
      ...transaction,
      status,
      decidedAt: at,
      reason,
    };
    return {
      result,
      draft: {
        ...draft,
        ...(detail ? { detail } : {}),
        transaction: recorded(transaction),
        rows: ({ version, at: decidedAt }) => {
          result.decidedVersion = version;
          result.decidedAt = decidedAt;
          return [
            {
              kind: 'transaction.update',
              userId,
              transactionId,
              status,
              decidedAt,
              decidedVersion: version,
              reason,
            },
            ...answerRow(userId, idempotency, at, result),
          ];
        },
      },
    };
  }
}

function canonical({ amount, challenge, currency, payee, payer }: TransactionRow): CanonicalTransaction {
  return { amount, challenge, currency, payee, payer, v: 1 };
}

function recorded(transaction: TransactionRow) {
  return { ...canonical(transaction), id: transaction.transactionId };
}
