import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { receiptFrom, receiptSigningInput } from '../../src/domain/transaction/receipt.ts';
import { receiptClaims, verifyReceipt } from '../../web/src/account/verify-receipt.ts';

const TRANSACTION = {
  amount: '1250.00',
  challenge: 'ab'.repeat(32),
  currency: 'EUR',
  payee: 'DE89370400440532013000',
  payer: 'ES7921000813610123456789',
  v: 1,
} as const;
const SHOWN = {
  id: 'tx-1',
  payer: TRANSACTION.payer,
  payee: TRANSACTION.payee,
  amount: '1250.00',
  currency: 'EUR',
};

/** Returns a receipt in the server's form, signed by a key made here. */
async function receipt() {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const claims = {
    iss: 'sello',
    sub: 'José & <b>María</b>',
    iat: 1_767_323_045,
    jti: 'tx-1',
    transaction: TRANSACTION,
    proofs: ['bound_code'],
    journal: { version: 3, hash: '0'.repeat(64), previous: '1'.repeat(64) },
  } as const;
  const signingInput = receiptSigningInput(claims, 'key-1');
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    privateKey,
    new TextEncoder().encode(signingInput),
  );
  const { x = '', y = '' } = await exportJWK(publicKey);
  const key = { kty: 'EC', crv: 'P-256', x, y, kid: 'key-1' };
  return { jws: receiptFrom(signingInput, new Uint8Array(signature)), key };
}

test("the server's receipt is genuine, and its claims are read as they are", async () => {
  const { jws, key } = await receipt();
  assert.deepEqual(await verifyReceipt(jws, [{ ...key, kid: 'other' }, key], SHOWN), {
    genuine: true,
    keyId: 'key-1',
  });
  assert.equal(receiptClaims(jws)?.sub, 'José & <b>María</b>');
});

test('a receipt of another transaction than the one shown is not taken for its own', async () => {
  const { jws, key } = await receipt();
  for (const other of [
    { amount: '1250.01' },
    { payee: 'DE0' },
    { payer: 'ES0' },
    { currency: 'USD' },
    { id: 'tx-2' },
  ]) {
    const verdict = await verifyReceipt(jws, [key], { ...SHOWN, ...other });
    assert.deepEqual(verdict, { genuine: false, why: 'transaction' });
  }
});

test('one that was changed, or signed by another, is not genuine', async () => {
  const { jws, key } = await receipt();
  const { key: foreign } = await receipt();
  const [header = '', body = '', signature = ''] = jws.split('.');
  const changed = Buffer.from(
    Buffer.from(body, 'base64url').toString().replaceAll('1250.00', '9250.00'),
  ).toString('base64url');
  assert.deepEqual(
    await verifyReceipt(`${header}.${changed}.${signature}`, [key], { ...SHOWN, amount: '9250.00' }),
    {
      genuine: false,
      why: 'signature',
    },
  );
  assert.deepEqual(await verifyReceipt(jws, [foreign], SHOWN), { genuine: false, why: 'signature' });
  assert.deepEqual(await verifyReceipt(jws, [], SHOWN), { genuine: false, why: 'key' });
});

test('an invalid receipt is refused without an exception', async () => {
  const { jws, key } = await receipt();
  const [, body = '', signature = ''] = jws.split('.');
  const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const none = `${header({ alg: 'none', kid: 'key-1', typ: 'sello-receipt+jws' })}.${body}.${signature}`;
  const hmac = `${header({ alg: 'HS256', kid: 'key-1', typ: 'sello-receipt+jws' })}.${body}.${signature}`;
  const token = `${header({ alg: 'ES256', kid: 'key-1', typ: 'at+jwt' })}.${body}.${signature}`;
  for (const text of ['', '.', 'a.b.c', '..', none, hmac, token, `${jws}.${signature}`, `${jws}=`, 'é.é.é']) {
    assert.deepEqual(
      await verifyReceipt(text, [key], SHOWN),
      { genuine: false, why: 'form' },
      text.slice(0, 40),
    );
  }
});
