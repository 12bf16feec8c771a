/*
 * Goal: receipts that one user asks for by the thousand neither fill the vault's queue nor hold up another one's receipt.
 * Method: the real application's vault, whose calls are counted.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type DecidedTransaction, ReceiptSigner } from '../../../src/application/receipts/receipt-signer.ts';
import { verifyReceipt } from '../../../src/application/receipts/verify-receipt.ts';
import { VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import { testApplication } from '../../services/application.ts';

function decided(username: string, id: string): DecidedTransaction {
  const transaction = { amount: '1.00', currency: 'EUR', payee: 'B', payer: 'A', challenge: 'c', id, v: 1 };
  return {
    ...{ username, at: 0, version: 2, hash: '0'.repeat(64), previous: '1'.repeat(64) },
    transaction: transaction as DecidedTransaction['transaction'],
    proofs: ['mac'],
  };
}

/** The real vault. `calls` holds the number of messages of each call, `most` how many calls were under way at once. */
async function countedVault(t: TestContext) {
  const { vault } = (await testApplication(t)).context;
  const counted = { calls: [] as number[], most: 0 };
  let underWay = 0;
  const during = async <T>(call: () => Promise<T>): Promise<T> => {
    counted.most = Math.max(counted.most, ++underWay);
    try {
      return await call();
    } finally {
      underWay--;
    }
  };
  const counting: Pick<KeyVault, 'publicKeys' | 'sign'> = {
    publicKeys: () => during(() => vault.publicKeys()),
    sign: (messages) => {
      counted.calls.push(messages.length);
      return during(() => vault.sign(messages));
    },
  };
  return { vault, counting, counted };
}

test('a thousand receipts of one user take one call of the vault at a time, and another one’s is in the next', async (t) => {
  const { vault, counting, counted } = await countedVault(t);
  const signer = new ReceiptSigner(counting);
  const flooded = Array.from({ length: 1_000 }, (_, n) => signer.sign(decided('mallory', `m${n}`)));
  while (counted.calls.length < 2) await new Promise(setImmediate);
  const before = counted.calls.length;
  const receipt = await signer.sign(decided('honest', 'h'));
  assert.ok(counted.calls.length <= before + 2, `${counted.calls.length - before} calls`);
  const receipts = await Promise.all(flooded);
  assert.equal(counted.most, 1);
  assert.equal(Math.max(...counted.calls), LIMITS.receiptsPerCallMax);
  const keys = { keys: (await vault.publicKeys()).map(({ jwk }) => jwk) };
  for (const [each, id] of [[receipt, 'h'], ...receipts.map((one, n) => [one, `m${n}`])] as [
    string,
    string,
  ][]) {
    const claims = verifyReceipt(each, keys);
    assert.ok(!('refused' in claims));
    assert.equal(claims.jti, id);
  }
});

test('a rotation between the two calls, and an outage, concern the receipts of one call', async (t) => {
  const { counting } = await countedVault(t);
  let down = 1;
  let rotated = 1;
  const signer = new ReceiptSigner({
    ...counting,
    sign: async (messages) => {
      if (down-- > 0) throw new VaultUnavailable('a test took it away');
      const signed = await counting.sign(messages);
      return rotated-- > 0 ? signed.map((each) => ({ ...each, keyId: 'another' })) : signed;
    },
  });
  const lost = Array.from({ length: LIMITS.receiptsPerCallMax }, () => signer.sign(decided('a', 'a')));
  const signed = signer.sign(decided('a', 'b'));
  for (const each of lost) await assert.rejects(each, VaultUnavailable);
  assert.equal((await signed).split('.').length, 3);
});
