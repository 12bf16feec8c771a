import type { RecordedTransaction } from '../src/domain/journal/entry.ts';
import { encodeBody } from '../src/domain/journal/entry.ts';
import { GENESIS_HASH } from '../src/domain/journal/hash-chain.ts';
import type { Entry } from '../src/ports/store.ts';

/** A transaction as every measurement records it. */
export function exampleTransaction(challenge: string): RecordedTransaction {
  return {
    amount: '100.00',
    challenge,
    currency: 'EUR',
    id: '01980000-0000-7000-8000-000000000000',
    payee: 'CuentaB',
    payer: 'CuentaA',
    v: 1,
  };
}

/** A challenge of that time, in form. */
export function exampleChallenge(at: number): string {
  return `${at.toString(16).padStart(12, '0')}${'5'.repeat(52)}`;
}

/** An entry as a transaction by MAC leaves it. */
export function exampleEntry(): Entry {
  const at = Date.now();
  const challenge = exampleChallenge(at);
  const body = encodeBody({
    at,
    detail: { proofs: 'mac' },
    transaction: exampleTransaction(challenge),
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
