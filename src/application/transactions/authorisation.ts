import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import type { DecidedTransaction } from '../receipts/receipt-signer.ts';
import type { Session } from '../sessions/session.ts';
import type { RequestedTransaction } from './request-transaction.ts';

export interface AuthoriseRequest {
  readonly session: Session;
  readonly transfer: Transfer;
  /** The nonce, as sent. */
  readonly challenge: string;
  /** The bytes that the MAC must cover, and the hex that was sent. */
  readonly mac?: { readonly message: Uint8Array; readonly value: string };
  readonly code?: string;
  /** The client's network. */
  readonly address?: string;
  readonly idempotency?: Idempotency;
  readonly receipt?: boolean;
}

/** What is decided and kept: an approval, or a transaction that waits for its user. */
export type DecidedOrRequested =
  | (DecidedTransaction & { readonly repeated?: boolean })
  | RequestedTransaction;

/** An approved transaction, as reported to its user. */
export interface Authorisation {
  readonly transactionId: string;
  readonly transfer: Transfer;
  /** ms since 1970 */
  readonly at: number;
  /** The version of the user's entry that records it. */
  readonly version: number;
  /** A repeat of an idempotency key: nothing was decided again. */
  readonly repeated: boolean;
  /** JWS, where it was asked for. */
  readonly receipt?: string;
}

export function authorisationFrom(decided: DecidedTransaction, repeated: boolean): Authorisation {
  const { id, amount, currency, payee, payer } = decided.transaction;
  const transfer = { amount, currency, payee, payer };
  return { transactionId: id, transfer, at: decided.at, version: decided.version, repeated };
}
