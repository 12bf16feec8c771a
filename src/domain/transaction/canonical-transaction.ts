import { jsonString } from '../encoding/canonical-json.ts';

/** The canonical transaction, version 1: what the MAC covers over REST, and what a bound code is computed over. */
export interface CanonicalTransaction {
  /** With exactly the currency's decimals (ISO 4217), no sign, no leading zero: `100.00` EUR, `100` JPY. */
  readonly amount: string;
  /** The nonce as issued: lower-case hex. */
  readonly challenge: string;
  readonly currency: string;
  readonly payee: string;
  readonly payer: string;
  readonly v: 1;
}

/** A transaction that no challenge covers yet. */
export type Transfer = Pick<CanonicalTransaction, 'amount' | 'currency' | 'payee' | 'payer'>;

/**
 * RFC 8785 JSON. Amount and currency hold only characters that JSON writes as themselves (src/domain/transaction/transfer.ts); the
 * challenge may be whatever was sent, for a refused one is recorded too. Strings must be well-formed Unicode.
 */
export function encodeTransaction(t: CanonicalTransaction): string {
  return `{"amount":"${t.amount}","challenge":${jsonString(t.challenge)},"currency":"${t.currency}","payee":${jsonString(t.payee)},"payer":${jsonString(t.payer)},"v":1}`;
}
