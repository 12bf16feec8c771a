import { hash } from 'node:crypto';
import type { Transfer } from './canonical-transaction.ts';

/**
 * What an idempotency key stands for: SHA-256, in lower-case hex, of the RFC 8785 JSON of
 * `{"amount","currency","payee","payer","v":1}`, as in the canonical transaction but without its challenge. Challenge,
 * MAC and code are left out, because a retry may prove itself afresh; so is whether a receipt is wanted.
 */
export function transferDigest({ amount, currency, payee, payer }: Transfer): string {
  return hash(
    'sha256',
    `{"amount":"${amount}","currency":"${currency}","payee":${JSON.stringify(payee)},"payer":${JSON.stringify(payer)},"v":1}`,
    'hex',
  );
}
