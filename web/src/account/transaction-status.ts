import type { Transaction } from '../api/operations.ts';

export type TransactionStatus = Transaction['status'];

export const TRANSACTION_STATUSES = [
  'pending',
  'approved',
  'refused',
  'expired',
  'cancelled',
] as const satisfies readonly TransactionStatus[];
