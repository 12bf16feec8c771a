import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { isRefusal } from '../../../../src/domain/errors.ts';
import {
  encodeShortTransaction,
  isShortChallenge,
  type ShortTransaction,
} from '../../../../src/domain/transaction/short-transaction.ts';
import { makeTransfer, parseAccount } from '../../../../src/domain/transaction/transfer.ts';
import { typedAmount } from '../../design/typed-amount.ts';

export interface Typed {
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
  /** Twelve digits, in groups or not. */
  readonly challenge: string;
}

/**
 * A transaction that its user typed: payee, amount and twelve digits that stand for the challenge. As with `BoundTransaction`,
 * what is shown is read back from the text that the code covers.
 */
export class TypedTransaction {
  readonly #text: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;

  private constructor(text: string) {
    const { payee, amount, currency } = JSON.parse(text) as ShortTransaction;
    this.#text = text;
    this.payee = payee;
    this.amount = amount;
    this.currency = currency;
    Object.freeze(this);
  }

  /**
   * Reads what was typed, by the server's rules and with the decimals of the currency, as the server writes them.
   * @param decimals - of the currency
   * @param locale - in whose customs the amount is typed
   * @returns the member that is wrong, where one is
   */
  static of(
    { payee, amount, currency, challenge }: Typed,
    decimals: number,
    locale: string,
  ): TypedTransaction | keyof Typed {
    const digits = challenge.replaceAll(/\s/g, '');
    if (!isShortChallenge(digits)) return 'challenge';
    if (parseAccount(payee) === undefined) return 'payee';
    // The payer is not part of it; any account fits in its place.
    const transfer = makeTransfer(
      { payer: 'x', payee, amount: typedAmount(amount, decimals, locale), currency },
      currency,
    );
    if (isRefusal(transfer)) return 'amount';
    return new TypedTransaction(
      encodeShortTransaction({
        ...{ amount: transfer.amount, currency, payee: transfer.payee, challenge: digits, v: 2 },
      }),
    );
  }

  /** SHA-256 of the text, in hex: the question of the bound code (RFC 6287, QH64). */
  get question(): string {
    return bytesToHex(sha256(new TextEncoder().encode(this.#text)));
  }
}
