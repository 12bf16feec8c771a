import { hash } from 'node:crypto';
import { type CanonicalTransaction, encodeTransaction } from './canonical-transaction.ts';
import { encodeShortTransaction, type ShortTransaction } from './short-transaction.ts';

/**
 * Returns the OCRA question of a bound code: SHA-256 of the canonical transaction, or of its short form, in lower-case hex (QH64,
 * RFC 6287 section 6.3).
 */
export function boundQuestion(t: CanonicalTransaction | ShortTransaction): string {
  return hash('sha256', t.v === 1 ? encodeTransaction(t) : encodeShortTransaction(t), 'hex');
}
