import { hash } from 'node:crypto';
import type { CanonicalTransaction } from './canonical-transaction.ts';
import { type ShortTransaction, withCheckDigits } from './short-transaction.ts';

const NUMBERS = 10n ** 10n;

/**
 * Returns the twelve digits that stand for a challenge where it is typed by hand: ten of the SHA-256 of the challenge, and two
 * check digits. Two transactions that wait have the same digits once in ten billion; a code for one is still no code for the
 * other, unless payee and amount are the same, too.
 */
export function shortChallenge(challenge: string): string {
  const number = BigInt(`0x${hash('sha256', `sello short challenge 1 ${challenge}`, 'hex').slice(0, 16)}`);
  return withCheckDigits(String(number % NUMBERS).padStart(10, '0'));
}

export function shortTransaction({
  amount,
  currency,
  payee,
  challenge,
}: CanonicalTransaction): ShortTransaction {
  return { amount, challenge: shortChallenge(challenge), currency, payee, v: 2 };
}
