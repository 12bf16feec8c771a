import { hash } from 'node:crypto';
import { jsonString } from '../encoding/canonical-json.ts';
import type { Transfer } from './canonical-transaction.ts';

/**
 * Returns the digest that an idempotency key is committed with: SHA-256, in lower-case hex, of the RFC 8785 JSON of
 * `{"amount","currency","payee","payer","v":1}`, which is the canonical transaction without its challenge. Challenge,
 * MAC, code and the wish for a receipt are left out, because a retry may carry fresh proofs.
 */
export function transferDigest({ amount, currency, payee, payer }: Transfer): string {
  return hash(
    'sha256',
    `{"amount":"${amount}","currency":"${currency}","payee":${jsonString(payee)},"payer":${jsonString(payer)},"v":1}`,
    'hex',
  );
}
