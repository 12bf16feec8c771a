import { jsonString } from '../encoding/canonical-json.ts';
import type { CanonicalTransaction } from './canonical-transaction.ts';

/*
 * No import of node:crypto here: the virtual token encodes it in a browser.
 */

/**
 * What a person types into a token that has no other way to a transaction: payee and amount, and a number that stands for the
 * server's challenge. The payer is left out; the challenge is of one transaction, which has one.
 *
 * Why: docs/DECISIONS.md#a-typed-approval-has-a-question-of-its-own
 */
export interface ShortTransaction extends Pick<CanonicalTransaction, 'amount' | 'currency' | 'payee'> {
  /** `shortChallenge` of the transaction's challenge. */
  readonly challenge: string;
  readonly v: 2;
}

const FORM = /^[0-9]{12}$/;

/** Encodes it as RFC 8785 JSON. Checks as little as `encodeTransaction`. */
export function encodeShortTransaction(t: ShortTransaction): string {
  return `{"amount":"${t.amount}","challenge":"${t.challenge}","currency":"${t.currency}","payee":${jsonString(t.payee)},"v":2}`;
}

/** Whether these are twelve digits with their check digits (ISO/IEC 7064, MOD 97-10), without blanks. */
export function isShortChallenge(digits: string): boolean {
  return FORM.test(digits) && BigInt(digits) % 97n === 1n;
}

/** Appends check digits to ten digits. */
export function withCheckDigits(digits: string): string {
  const check = 98n - ((BigInt(digits) * 100n) % 97n);
  return `${digits}${String(check).padStart(2, '0')}`;
}
