import { parseAccount } from '../../../../src/domain/transaction/transfer.ts';
import { BoundTransaction } from './bound-transaction.ts';
import { type Requester, readRequester } from './requester.ts';

export interface PendingTransaction {
  readonly id: string;
  readonly transaction: BoundTransaction;
  /** Unit: ms since 1970, server time */
  readonly expiresAtMs: number;
  /** An account that the user paid before and that the payee looks like, as the server says: a hint, not signed. */
  readonly payeeResembles?: string;
  /** Absent where its user asked. */
  readonly requester?: Requester;
}

const ID = /^[0-9A-Za-z_-]{1,64}$/;
const PENDING_SHOWN_MAX = 64;

/** A list of pending transactions. Entries unfit to be signed are counted, never shown. */
export interface PendingList {
  readonly pending: readonly PendingTransaction[];
  readonly unreadable: number;
}

export function readPending(source: unknown): PendingTransaction | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const {
    id,
    status,
    expires_at: expires,
    payee_resembles: like,
    requested_by: asked,
  } = source as Record<string, unknown>;
  if (typeof id !== 'string' || !ID.test(id) || status !== 'pending' || typeof expires !== 'string')
    return undefined;
  const expiresAtMs = Date.parse(expires);
  const transaction = BoundTransaction.of(source);
  if (!transaction || Number.isNaN(expiresAtMs)) return undefined;
  const isAccount = typeof like === 'string' && parseAccount(like) === like && like !== transaction.payee;
  const requester = readRequester(asked);
  return Object.freeze({
    ...{ id, transaction, expiresAtMs },
    ...(isAccount ? { payeeResembles: like } : {}),
    ...(requester ? { requester } : {}),
  });
}

/** Reads the answer to GET /v1/transactions?status=pending, sorted by expiry. */
export function readPendingList(answer: unknown): PendingList {
  const list = (answer as { transactions?: unknown } | null)?.transactions;
  if (!Array.isArray(list)) return { pending: [], unreadable: 0 };
  const read = list.slice(0, PENDING_SHOWN_MAX).map(readPending);
  const pending = read.filter((one) => one !== undefined);
  const byExpiry = pending.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs);
  return { pending: byExpiry, unreadable: read.length - pending.length };
}
