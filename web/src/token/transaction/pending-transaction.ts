import { BoundTransaction } from './bound-transaction.ts';

export interface PendingTransaction {
  readonly id: string;
  readonly transaction: BoundTransaction;
  /** ms since 1970, the server's time. */
  readonly expiresAtMs: number;
}

const ID = /^[0-9A-Za-z_-]{1,64}$/;
const PENDING_SHOWN_MAX = 64;

/** What a list answered, of which some may not be fit to be signed: those are counted, never shown as a transaction. */
export interface PendingList {
  readonly pending: readonly PendingTransaction[];
  readonly unreadable: number;
}

export function readPending(source: unknown): PendingTransaction | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const { id, status, expires_at: expires } = source as Record<string, unknown>;
  if (typeof id !== 'string' || !ID.test(id) || status !== 'pending' || typeof expires !== 'string')
    return undefined;
  const expiresAtMs = Date.parse(expires);
  const transaction = BoundTransaction.of(source);
  if (!transaction || Number.isNaN(expiresAtMs)) return undefined;
  return Object.freeze({ id, transaction, expiresAtMs });
}

/** Reads the answer to GET /v1/transactions?status=pending; the soonest to expire first. */
export function readPendingList(answer: unknown): PendingList {
  const list = (answer as { transactions?: unknown } | null)?.transactions;
  if (!Array.isArray(list)) return { pending: [], unreadable: 0 };
  const read = list.slice(0, PENDING_SHOWN_MAX).map(readPending);
  const pending = read.filter((one) => one !== undefined);
  const byExpiry = pending.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs);
  return { pending: byExpiry, unreadable: read.length - pending.length };
}
