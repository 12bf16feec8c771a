import { hash } from 'node:crypto';
import { type CanonicalTransaction, encodeTransaction } from './canonical-transaction.ts';

/** The question of the bound code: SHA-256 of the canonical transaction, in lower-case hex (QH64). */
export function boundQuestion(t: CanonicalTransaction): string {
  return hash('sha256', encodeTransaction(t), 'hex');
}
