import { hash } from 'node:crypto';
import { mac } from '../../src/adapters/vault-keys/hmac.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import type { UserId } from '../../src/ports/store.ts';
import { macKey, tokenSeedOf } from '../fixtures/identities.ts';

/** Answers a challenge. @returns the members of a `transaccion` that carry the proof, as JSON text */
export type Prove = (nonce: string) => string;

const SMALL = 'CuentaA,CuentaB,100.0';
const LARGE = 'CuentaA,CuentaB,1000.0';
const BLOCK_BYTES = 64;

/** Proves a small transfer by the protocol's MAC. */
export function proveByMac(): Prove {
  const key = macKey();
  const message = Buffer.alloc(BLOCK_BYTES + SMALL.length + 64, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);
  for (const [index, byte] of key.entries()) {
    message[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  message.write(SMALL, BLOCK_BYTES, 'latin1');
  return (nonce) => {
    message.write(nonce, BLOCK_BYTES + SMALL.length, 'latin1');
    outer.write(hash('sha256', message, 'latin1'), BLOCK_BYTES, 32, 'latin1');
    return `"data":"${SMALL}","mac":"${hash('sha256', outer, 'hex')}"`;
  };
}

/** Proves a large transfer by the bound code that the user's token shows. */
export function proveByBoundCode(userId: UserId): Prove {
  const seed = tokenSeedOf(userId);
  return (challenge) => {
    const question = boundQuestion({
      amount: '1000.00',
      challenge,
      currency: 'EUR',
      payee: 'CuentaB',
      payer: 'CuentaA',
      v: 1,
    });
    return `"data":"${LARGE}","codigo":"${boundCode(mac, seed, question, Date.now())}"`;
  };
}
