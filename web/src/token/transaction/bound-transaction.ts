import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { isRefusal } from '../../../../src/domain/errors.ts';
import { boundCode } from '../../../../src/domain/otp/bound-code.ts';
import {
  type CanonicalTransaction,
  encodeTransaction,
} from '../../../../src/domain/transaction/canonical-transaction.ts';
import { makeTransfer } from '../../../../src/domain/transaction/transfer.ts';
import { deviceHmac } from '../otp/hmac.ts';
import type { TypedTransaction } from './typed-transaction.ts';

const CHALLENGE = /^[0-9a-f]{64}$/;

/**
 * The object that is both displayed and signed. Its members are read back from the text that the bound code covers, so
 * what the user sees cannot differ from what the code is for. It is frozen, and `approvalCode` accepts nothing else.
 *
 * Why: docs/DECISIONS.md#the-token-shows-what-it-signs
 */
export class BoundTransaction {
  /** RFC 8785 JSON: the text that the question is the hash of. */
  readonly #text: string;
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
  readonly challenge: string;

  private constructor(text: string) {
    const read = JSON.parse(text) as CanonicalTransaction;
    this.#text = text;
    this.payer = read.payer;
    this.payee = read.payee;
    this.amount = read.amount;
    this.currency = read.currency;
    this.challenge = read.challenge;
    Object.freeze(this);
  }

  /**
   * Reads a transaction from an answer of the server, an offline link or a form. By the server's rules an account must
   * be NFC without hidden characters, and an amount must be in canonical form. Corrects nothing, because the intended
   * value is unknown here.
   * @returns undefined for anything else
   */
  static of(source: unknown): BoundTransaction | undefined {
    if (typeof source !== 'object' || source === null) return undefined;
    const payer = member(source, 'payer');
    const payee = member(source, 'payee');
    const amount = member(source, 'amount');
    const currency = member(source, 'currency');
    const challenge = member(source, 'challenge');
    if (payer === undefined || payee === undefined || amount === undefined) return undefined;
    if (currency === undefined || challenge === undefined || !CHALLENGE.test(challenge)) return undefined;
    const transfer = makeTransfer({ payer, payee, amount, currency }, currency);
    if (isRefusal(transfer)) return undefined;
    const same = transfer.payer === payer && transfer.payee === payee && transfer.amount === amount;
    return same ? new BoundTransaction(encodeTransaction({ ...transfer, challenge, v: 1 })) : undefined;
  }

  get canonical(): string {
    return this.#text;
  }

  /** SHA-256 of the canonical text, in hex: the question of the bound code (RFC 6287, QH64). */
  get question(): string {
    return bytesToHex(sha256(new TextEncoder().encode(this.#text)));
  }
}

/** Returns an own string member, none from a prototype and none converted. */
function member(source: object, name: string): string | undefined {
  const value = Object.hasOwn(source, name) ? (source as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/**
 * Computes the bound code of exactly this transaction in the minute of `atMs` (estimated server time, ms since 1970).
 */
export function approvalCode(
  seed: Uint8Array,
  transaction: BoundTransaction | TypedTransaction,
  atMs: number,
): string {
  return boundCode(deviceHmac, seed, transaction.question, atMs);
}
