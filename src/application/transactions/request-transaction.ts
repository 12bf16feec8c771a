import { type Refusal, refuse } from '../../domain/errors.ts';
import type { VelocityExcess } from '../../domain/policy/velocity.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { TransactionRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job, Proposal } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, wholeResult } from '../idempotency/idempotent.ts';
import type { User } from '../users/user.ts';
import { type RequestedBy, requesterDetail } from './requested-by.ts';
import { makeTransactionId } from './transaction-id.ts';

/** A pending transaction, kept until its user decides. */
export type RequestedTransaction = TransactionRow & {
  /** What of the user's velocity limit it exceeds, where that is why it waits. Not in its row: its entry records it. */
  readonly velocity?: VelocityExcess;
  /** The same. */
  readonly requestedBy?: RequestedBy;
  readonly repeated?: boolean;
};

export interface RequestTransactionRequest {
  readonly userId: UserId;
  readonly transfer: Transfer;
  readonly serviceId: string;
  readonly requestedBy?: RequestedBy;
  readonly idempotency?: Idempotency;
}

/** Requests a user's approval for a service. The user decides by a code over the transaction's own challenge. */
export async function requestTransaction(
  context: Context,
  request: RequestTransactionRequest,
): Promise<RequestedTransaction | Refusal> {
  const waiting = context.challenges.ensureKeys(context.decider.now());
  if (waiting) await waiting;
  const { userId, transfer, serviceId, requestedBy, idempotency } = request;
  const job: Job<RequestedTransaction | Refusal> = {
    userId,
    origin: { kind: 'service', name: serviceId },
    decide: (user, { at }) => {
      if (!user || user.version === 0) return { result: refuse('user_unknown') };
      if (user.disabled) return { result: refuse('user_disabled') };
      return requestProposal(context, user, at, { transfer, serviceId, requestedBy, state: user.state });
    },
  };
  const codec = wholeResult<RequestedTransaction>();
  return (await context.decider.submit(idempotent(job, idempotency, codec))).result;
}

interface Wanted {
  readonly transfer: Transfer;
  /** Empty where the user asks. */
  readonly serviceId: string;
  readonly requestedBy?: RequestedBy | undefined;
  readonly state: UserState;
  /** The challenge that this entry spends. */
  readonly challenge?: string;
  readonly velocity?: VelocityExcess | undefined;
}

/** The entry and the row of a pending transaction. Challenge keys must be at hand (`ensureKeys`). */
export function requestProposal(
  context: Context,
  user: User,
  at: number,
  { transfer, serviceId, requestedBy, state, challenge: spent, velocity }: Wanted,
): Proposal<RequestedTransaction | Refusal> {
  const { pendingTransactionsPerUserMax: max } = LIMITS;
  // Expired ones do not count: they wait for maintenance alone.
  const ends = user.pending.map(({ expiresAt }) => expiresAt).filter((expiresAt) => expiresAt >= at);
  if (ends.length >= max) {
    const retryAfterMs = Math.min(...ends) - at + 1;
    return { result: refuse('transactions_too_many', { detail: `at most ${max} wait`, retryAfterMs }) };
  }
  // The time of the entry, by which it is found from the id (src/application/decisions/chain-entry.ts).
  const requestedAt = Math.max(at, user.at);
  const transactionId = makeTransactionId(requestedAt, context.randomPool);
  const challenge = context.challenges.issue(`transaction/${transactionId}`, at);
  const transaction: TransactionRow = {
    ...transfer,
    userId: user.id,
    transactionId,
    status: 'pending',
    challenge,
    serviceId,
    requestedAt,
    expiresAt: context.challenges.expiresAt(at),
    decidedAt: 0,
    decidedVersion: 0,
    reason: '',
  };
  const detail = {
    ...(serviceId === '' ? {} : { service: serviceId }),
    ...(requestedBy ? requesterDetail(requestedBy) : {}),
    ...(velocity === undefined ? {} : { velocity }),
  };
  return {
    result: {
      ...transaction,
      ...(velocity === undefined ? {} : { velocity }),
      ...(requestedBy ? { requestedBy } : {}),
    },
    draft: {
      type: 'transaction.requested',
      ...(Object.keys(detail).length === 0 ? {} : { detail }),
      transaction: { ...transfer, challenge, id: transactionId, v: 1 },
      state,
      ...(spent === undefined ? {} : { challenge: spent }),
      rows: [{ kind: 'transaction.insert', transaction }],
    },
  };
}
