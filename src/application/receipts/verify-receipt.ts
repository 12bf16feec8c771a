import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { parseReceipt, type ReceiptClaims } from '../../domain/transaction/receipt.ts';
import { type KeySet, verifyByKeySet } from '../keys/es256.ts';

/**
 * Verifies a receipt offline: its form to the letter, and its signature by the one key of the set that it names.
 * Does NOT check that the key set is the server's, nor that the journal's entry still says the same.
 */
export function verifyReceipt(jws: string, keySet: KeySet): ReceiptClaims | Refusal {
  const receipt = parseReceipt(jws);
  if (isRefusal(receipt)) return receipt;
  const { header, signingInput, signature, claims } = receipt;
  const verdict = verifyByKeySet(keySet, header.kid, signingInput, signature);
  if (verdict === 'fits') return claims;
  return refuse('data_invalid', { detail: `receipt: ${verdict === 'no_key' ? 'key' : 'signature'}` });
}
