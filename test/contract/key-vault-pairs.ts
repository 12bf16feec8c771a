// The part of the key vault's contract about key pairs of users.
import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { test } from 'node:test';
import { FlattenedEncrypt, importJWK } from 'jose';
import type { KeyVault } from '../../src/ports/key-vault.ts';
import type { VaultFixture } from './opened-vault.ts';

const SIGN = 'identity-sign/7';
const SEAL = 'identity-seal/7';
const RFC3394_IV = Buffer.from('a6a6a6a6a6a6a6a6', 'hex');
const MESSAGE = Buffer.from('what is signed');
const DIGEST = createHash('sha256').update(MESSAGE).digest();

function jwkOf(point: Uint8Array) {
  const bytes = Buffer.from(point);
  assert.deepEqual([bytes.length, bytes[0]], [65, 4]);
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map((half) => half.toString('base64url'));
  return { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' };
}

function fits(point: Uint8Array, signature: Uint8Array | undefined): boolean {
  const key = createPublicKey({ key: jwkOf(point), format: 'jwk' });
  return signature !== undefined && verify('sha256', MESSAGE, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** A JWE by jose for that key, as a sender makes one. */
async function sealedTo(point: Uint8Array, text: string) {
  const key = await importJWK(jwkOf(point), 'ECDH-ES+A256KW');
  return new FlattenedEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' })
    .encrypt(key);
}

/** Opens it by what the vault derives alone: unwraps the content key, and decrypts. */
async function opened(vault: KeyVault, wrapped: string, jwe: Awaited<ReturnType<typeof sealedTo>>) {
  const { epk } = JSON.parse(Buffer.from(jwe.protected ?? '', 'base64url').toString());
  const publicPoint = Buffer.concat([
    Uint8Array.of(4),
    ...[epk.x, epk.y].map((half: string) => Buffer.from(half, 'base64url')),
  ]);
  const [key] = await vault.agreeByKeys([{ owner: SEAL, wrapped, publicPoint }]);
  assert.equal(key?.length, 32);
  const unwrap = createDecipheriv('id-aes256-wrap', key, RFC3394_IV);
  const contentKey = Buffer.concat([
    unwrap.update(Buffer.from(jwe.encrypted_key ?? '', 'base64url')),
    unwrap.final(),
  ]);
  const decipher = createDecipheriv('aes-256-gcm', contentKey, Buffer.from(jwe.iv ?? '', 'base64url'));
  decipher.setAAD(Buffer.from(jwe.protected ?? ''));
  decipher.setAuthTag(Buffer.from(jwe.tag ?? '', 'base64url'));
  return Buffer.concat([
    decipher.update(Buffer.from(jwe.ciphertext, 'base64url')),
    decipher.final(),
  ]).toString();
}

export function keyPairsContract(create: () => Promise<VaultFixture>): void {
  test('makes key pairs that nobody is shown: others verify what they sign, and seal to them', async (t) => {
    const fixture = await create();
    t.after(() => fixture.remove());
    const { vault } = fixture;
    const sign = await vault.generateKeyPair('sign', SIGN);
    const seal = await vault.generateKeyPair('seal', SEAL);
    assert.notDeepEqual(sign.publicPoint, (await vault.generateKeyPair('sign', SIGN)).publicPoint);
    const signatures = await vault.signByKeys([
      { owner: SIGN, wrapped: sign.wrapped, digest: DIGEST },
      { owner: SIGN, wrapped: sign.wrapped, digest: createHash('sha256').digest() },
    ]);
    assert.deepEqual(
      signatures.map((signature) => fits(sign.publicPoint, signature)),
      [true, false],
    );
    const jwe = await sealedTo(seal.publicPoint, 'for you alone');
    assert.equal(await opened(vault, seal.wrapped, jwe), 'for you alone');
    assert.deepEqual(await vault.signByKeys([]), []);
    assert.deepEqual(await vault.agreeByKeys([]), []);
  });

  test('a key pair is its owner’s and of its use alone; damaged, it opens for nothing', async (t) => {
    const fixture = await create();
    t.after(() => fixture.remove());
    const { vault } = fixture;
    const sign = await vault.generateKeyPair('sign', SIGN);
    const seal = await vault.generateKeyPair('seal', SEAL);
    const { publicPoint } = seal;
    const [plain = ''] = await vault.wrap([{ owner: SIGN, key: randomBytes(32) }]);
    const damaged = `${sign.wrapped.slice(0, -4)}${sign.wrapped.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    const [version] = sign.wrapped.split('.');
    const requests = [
      { owner: 'identity-sign/8', wrapped: sign.wrapped },
      { owner: SEAL, wrapped: seal.wrapped },
      { owner: SIGN, wrapped: plain },
      { owner: SIGN, wrapped: damaged },
      { owner: SIGN, wrapped: '' },
      { owner: SIGN, wrapped: sign.wrapped.replace(`${version}.`, '9.') },
    ].map((request) => ({ ...request, digest: DIGEST }));
    const none = requests.map(() => undefined);
    assert.deepEqual(await vault.signByKeys(requests), none);
    assert.deepEqual(
      await vault.agreeByKeys([
        { owner: SIGN, wrapped: sign.wrapped, publicPoint },
        { owner: 'identity-seal/8', wrapped: seal.wrapped, publicPoint },
        { owner: SEAL, wrapped: plain, publicPoint },
      ]),
      [undefined, undefined, undefined],
    );
    const [good] = await vault.signByKeys([{ owner: SIGN, wrapped: sign.wrapped, digest: DIGEST }]);
    assert.ok(fits(sign.publicPoint, good), 'the vault still works');
  });

  test('what is no digest and no point on the curve is refused before a key is used', async (t) => {
    const fixture = await create();
    t.after(() => fixture.remove());
    const { vault } = fixture;
    const sign = await vault.generateKeyPair('sign', SIGN);
    const seal = await vault.generateKeyPair('seal', SEAL);
    const by = { owner: SIGN, wrapped: sign.wrapped };
    for (const digest of [MESSAGE, new Uint8Array(0), new Uint8Array(64)])
      await assert.rejects(vault.signByKeys([{ ...by, digest }]), RangeError);
    const offCurve = Uint8Array.from(seal.publicPoint);
    offCurve[64] = (offCurve[64] ?? 0) ^ 1;
    const compressed = createECDH('prime256v1');
    compressed.generateKeys();
    for (const publicPoint of [
      offCurve,
      new Uint8Array(65),
      new Uint8Array(0),
      new Uint8Array(compressed.getPublicKey(null, 'compressed')),
    ])
      await assert.rejects(
        vault.agreeByKeys([{ owner: SEAL, wrapped: seal.wrapped, publicPoint }]),
        RangeError,
      );
  });

  test('a rotation and a restart keep key pairs; under a destroyed version they open for nothing', async (t) => {
    const fixture = await create();
    t.after(() => fixture.remove());
    const { vault } = fixture;
    const sign = await vault.generateKeyPair('sign', SIGN);
    const seal = await vault.generateKeyPair('seal', SEAL);
    const jwe = await sealedTo(seal.publicPoint, 'kept');
    assert.equal(await vault.createKeyVersion(), 2);
    const [signKept = '', sealKept = '', other] = await vault.rewrap([
      { owner: SIGN, wrapped: sign.wrapped },
      { owner: SEAL, wrapped: seal.wrapped },
      { owner: SEAL, wrapped: sign.wrapped },
    ]);
    assert.equal(other, undefined);
    assert.notEqual(signKept, sign.wrapped);
    assert.deepEqual(await vault.rewrap([{ owner: SIGN, wrapped: signKept }]), [signKept]);
    await vault.destroyKeyVersionsBelow(2);
    const check = async (present: KeyVault) => {
      const signatures = await present.signByKeys(
        [sign.wrapped, signKept].map((wrapped) => ({ owner: SIGN, wrapped, digest: DIGEST })),
      );
      assert.equal(signatures[0], undefined);
      assert.ok(fits(sign.publicPoint, signatures[1]));
      assert.equal(await opened(present, sealKept, jwe), 'kept');
      assert.deepEqual(await present.rewrap([{ owner: SEAL, wrapped: seal.wrapped }]), [undefined]);
    };
    await check(vault);
    await check(await fixture.reopen());
  });
}
