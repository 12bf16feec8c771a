import { jsonString } from '../encoding/canonical-json.ts';

/*
 * No import of node:crypto here: the virtual token encodes transactions in a browser, with its own SHA-256.
 */

/** The canonical transaction, version 1. Over REST the MAC covers its encoding; a bound code is computed over its hash. */
export interface CanonicalTransaction {
  /** Exactly the currency's decimals (ISO 4217), no sign, no leading zero: `100.00` EUR, `100` JPY. */
  readonly amount: string;
  /** The nonce as issued: lower-case hex. */
  readonly challenge: string;
  readonly currency: string;
  readonly payee: string;
  readonly payer: string;
  readonly v: 1;
}

/** A transaction without its challenge. */
export type Transfer = Pick<CanonicalTransaction, 'amount' | 'currency' | 'payee' | 'payer'>;

/**
 * Encodes the canonical transaction as RFC 8785 JSON. Does NOT check its members: amount and currency must need no JSON
 * escape (`makeTransfer` ensures that), and all strings must be well-formed Unicode. The challenge may be any text,
 * because refused transactions are recorded with the challenge as sent.
 */
export function encodeTransaction(t: CanonicalTransaction): string {
  return `{"amount":"${t.amount}","challenge":${jsonString(t.challenge)},"currency":"${t.currency}","payee":${jsonString(t.payee)},"payer":${jsonString(t.payer)},"v":1}`;
}
