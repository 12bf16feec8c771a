import type { ReceiptClaims } from '../../../src/domain/transaction/receipt.ts';

/** What a receipt says of a transaction that was approved by a MAC. */
export const CLAIMS: ReceiptClaims = {
  iss: 'sello',
  sub: 'alice',
  iat: 1_767_323_045,
  jti: '019b7c2e-5b88-7abc-8def-0123456789ab',
  transaction: {
    amount: '100.00',
    challenge: '0'.repeat(64),
    currency: 'EUR',
    payee: 'CuentaB',
    payer: 'CuentaA',
    v: 1,
  },
  proofs: ['mac'],
  journal: { version: 3, hash: 'a'.repeat(64), previous: 'b'.repeat(64) },
};
