import { encodeBody, GENESIS_HASH } from '../src/domain/journal.ts';
import type { Entry } from '../src/ports/store.ts';

/** An entry as a transaction by MAC leaves it. */
export function exampleEntry(): Entry {
  const at = Date.now();
  const challenge = `${at.toString(16).padStart(12, '0')}${'5'.repeat(52)}`;
  const body = encodeBody({
    at,
    detail: { proofs: 'mac' },
    transaction: {
      amount: '100.00',
      challenge,
      currency: 'EUR',
      id: '01980000-0000-7000-8000-000000000000',
      payee: 'CuentaB',
      payer: 'CuentaA',
      v: 1,
    },
    type: 'transaction.approved',
    user: 'user-1',
    version: 1_000,
  });
  return {
    userId: 1,
    version: 1_000,
    at,
    type: 'transaction.approved',
    state: '{}',
    body,
    hash: GENESIS_HASH,
    challenge,
  };
}
