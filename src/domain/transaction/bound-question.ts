import { hash } from 'node:crypto';
import { type CanonicalTransaction, encodeTransaction } from './canonical-transaction.ts';

/** Returns the OCRA question of a bound code: SHA-256 of the canonical transaction, in lower-case hex (QH64, RFC 6287 section 6.3). */
export function boundQuestion(t: CanonicalTransaction): string {
  return hash('sha256', encodeTransaction(t), 'hex');
}
