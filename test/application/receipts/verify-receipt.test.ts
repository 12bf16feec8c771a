/*
 * Goal: a receipt that Sello did not sign, or that was changed after signing, is refused.
 * Method: receipts signed by a real vault, and forgeries by every known attack on JWS.
 */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { compactVerify, createLocalJWKSet } from 'jose';
import type { KeySet } from '../../../src/application/keys/es256.ts';
import { verifyReceipt } from '../../../src/application/receipts/verify-receipt.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import {
  type ReceiptClaims,
  receiptFrom,
  receiptSigningInput,
} from '../../../src/domain/transaction/receipt.ts';
import { createVaultFixture } from '../../contract/vault-fixture.ts';
import { CLAIMS as RECEIPT_CLAIMS } from '../../domain/transaction/receipt-claims.ts';

const CLAIMS: ReceiptClaims = {
  ...RECEIPT_CLAIMS,
  transaction: { ...RECEIPT_CLAIMS.transaction, challenge: '0f'.repeat(32), payer: 'Peña' },
  proofs: ['bound_code'],
};

describe('verifying a receipt', () => {
  test('signed by a vault, here and by other programs, before and after a rotation', async (t) => {
    const fixture = await createVaultFixture();
    t.after(() => fixture.remove());
    const { vault } = fixture;
    const issue = async () => {
      const [active = assert.fail()] = await vault.publicKeys();
      const signingInput = receiptSigningInput(CLAIMS, active.jwk.kid ?? '');
      const [signed = assert.fail()] = await vault.sign([Buffer.from(signingInput)]);
      return receiptFrom(signingInput, signed.signature);
    };
    const older = await issue();
    await vault.createKeyVersion();
    const newer = await issue();
    await vault.destroyKeyVersionsBelow(2);
    const keys = { keys: (await vault.publicKeys()).map(({ jwk }) => jwk) };
    for (const jws of [older, newer]) {
      assert.deepEqual(verifyReceipt(jws, keys), CLAIMS);
      const { payload, protectedHeader } = await compactVerify(
        jws,
        createLocalJWKSet({ keys: keys.keys.map((jwk) => ({ ...jwk, kty: 'EC' })) }),
        { algorithms: ['ES256'] },
      );
      assert.deepEqual(JSON.parse(Buffer.from(payload).toString()), CLAIMS);
      assert.equal(protectedHeader.typ, 'sello-receipt+jws');
      // As openssl does, from PEM and a DER signature.
      const [header = '', body = '', signature = ''] = jws.split('.');
      const jwk = keys.keys.find(({ kid }) => kid === protectedHeader.kid) ?? assert.fail();
      const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      assert.ok(
        verify('sha256', Buffer.from(`${header}.${body}`), pem, derFrom(Buffer.from(signature, 'base64url'))),
      );
    }
    assertRefused(verifyReceipt(older, { keys: keys.keys.slice(0, 1) }), 'receipt: key');
  });

  test('any changed character is refused', () => {
    const { keySet, issue } = signer();
    const jws = issue(CLAIMS);
    assert.deepEqual(verifyReceipt(jws, keySet), CLAIMS);
    for (let i = 0; i < jws.length; i++) {
      const changed = jws.slice(0, i) + (jws[i] === 'A' ? 'B' : 'A') + jws.slice(i + 1);
      assert.ok(isRefusal(verifyReceipt(changed, keySet)), `character ${i}`);
    }
    for (const rubbish of [
      `${jws}A`,
      `${jws}.`,
      `${jws}\n`,
      ` ${jws}`,
      jws.slice(0, -1),
      `${jws}${'A'.repeat(10_000)}`,
    ]) {
      assert.ok(isRefusal(verifyReceipt(rubbish, keySet)));
    }
  });

  test('other claims under the same signature are refused', () => {
    const { keySet, issue, kid } = signer();
    const signature = issue(CLAIMS).split('.')[2] ?? '';
    const changed = { ...CLAIMS, transaction: { ...CLAIMS.transaction, amount: '999.00' } };
    const forged = `${receiptSigningInput(changed, kid)}.${signature}`;
    assertRefused(verifyReceipt(forged, keySet), 'receipt: signature');
  });

  test('trivial signatures are refused', () => {
    const { keySet, kid } = signer();
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const zero = Buffer.alloc(32);
    const one = Buffer.from(zero).fill(1, 31);
    for (const [r, s] of [
      [zero, zero],
      [zero, one],
      [one, zero],
      [one, one],
      [order, order],
      [order, one],
      [Buffer.alloc(32, 0xff), Buffer.alloc(32, 0xff)],
    ] as const) {
      const jws = receiptFrom(receiptSigningInput(CLAIMS, kid), Buffer.concat([r, s]));
      assertRefused(verifyReceipt(jws, keySet), 'receipt: signature');
    }
  });

  test('no algorithm, or the public key as a secret, is refused', () => {
    const { keySet, issue, kid } = signer();
    const [, claims = '', signature = ''] = issue(CLAIMS).split('.');
    for (const alg of ['none', 'NONE', 'HS256', 'RS256', 'ES256K', 'ES512', 'EdDSA']) {
      const header = Buffer.from(`{"alg":"${alg}","kid":"${kid}","typ":"sello-receipt+jws"}`).toString(
        'base64url',
      );
      const mac = createHmac('sha256', JSON.stringify(keySet.keys[0]))
        .update(`${header}.${claims}`)
        .digest('base64url');
      for (const last of ['', signature, mac]) {
        assertRefused(verifyReceipt(`${header}.${claims}.${last}`, keySet), /receipt: (header|signature)/);
      }
    }
  });

  test('only by the one key it names, and only if that is for this', () => {
    const { keySet, issue, kid } = signer();
    const other = signer('another-key');
    const jws = issue(CLAIMS);
    const [jwk = {}] = keySet.keys;
    const fits: KeySet[] = [
      { keys: [...other.keySet.keys, jwk] },
      { keys: [{ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, kid }] },
      { keys: [{ ...jwk, key_ops: ['verify'], ext: true }] },
    ];
    for (const keys of fits) assert.deepEqual(verifyReceipt(jws, keys), CLAIMS);
    const others: KeySet[] = [
      { keys: [] },
      other.keySet,
      { keys: [{ ...jwk, kid: 'another' }] },
      { keys: [{ ...jwk, kid: undefined }] },
      { keys: [jwk, jwk] },
      { keys: [jwk, { ...other.keySet.keys[0], kid }] },
      { keys: [{ ...jwk, use: 'enc' }] },
      { keys: [{ ...jwk, alg: 'ES384' }] },
      { keys: [{ ...jwk, key_ops: ['sign'] }] },
      { keys: [{ ...jwk, key_ops: 'verify' }] },
      { keys: [{ ...jwk, crv: 'P-384' }] },
      { keys: [{ ...jwk, kty: 'OKP' }] },
      { keys: [{ kty: 'oct', k: 'AAAA', kid }] },
      { keys: [{ ...jwk, x: jwk.y, y: jwk.x }] },
      { keys: [{ ...jwk, x: '' }] },
      { keys: [{ ...jwk, y: 7 }] },
    ];
    for (const keys of others) assertRefused(verifyReceipt(jws, keys), 'receipt: key', JSON.stringify(keys));
    assertRefused(verifyReceipt(jws, { keys: [{ ...other.keySet.keys[0], kid }] }), 'receipt: signature');
  });
});

function signer(kid = 'a-key') {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const keySet: KeySet = { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }] };
  const issue = (claims: ReceiptClaims) => {
    const input = receiptSigningInput(claims, kid);
    return receiptFrom(
      input,
      sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    );
  };
  return { keySet, issue, kid };
}

/** ECDSA-Sig-Value of RFC 3279 section 2.2.3, from r‖s. */
function derFrom(signature: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start++;
    const value = bytes.subarray(start);
    const positive = (value[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), value]) : value;
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  };
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function assertRefused(outcome: unknown, detail: string | RegExp, message = JSON.stringify(outcome)): void {
  assert.ok(isRefusal(outcome), message);
  if (typeof detail === 'string') assert.equal(outcome.detail, detail, message);
  else assert.match(outcome.detail ?? '', detail, message);
}
