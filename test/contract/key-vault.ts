/*
 * Goal: every key vault computes the standards' MACs, keeps each key for its owner, and rotates without losing one.
 * Method: one suite with published vectors, run against each vault: file, HSM, remote process.
 */
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomBytes, verify } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { VaultUnavailable } from '../../src/domain/errors.ts';
import { verifyEd25519 } from '../../src/domain/log/verify-note.ts';
import type { KeyVault, MacAlgorithm, MacRequest, PublicKey } from '../../src/ports/key-vault.ts';
import { keyPairsContract } from './key-vault-pairs.ts';
import type { VaultFixture } from './opened-vault.ts';

export type { VaultFixture } from './opened-vault.ts';

const ALGORITHMS: readonly MacAlgorithm[] = ['sha1', 'sha256', 'sha512'];
const SEED_LENGTHS = [10, 16, 20, 32, 64, 65, 128];

/** What every key vault must do, run on the real one. */
export function keyVaultContract(name: string, create: () => Promise<VaultFixture>): void {
  describe(`key vault: ${name}`, { concurrency: false }, () => {
    describe('with the keys it was made with', () => {
      let fixture: VaultFixture;
      let vault: KeyVault;
      before(async () => {
        fixture = await create();
        vault = fixture.vault;
      });
      after(() => fixture.remove());

      test('computes the HMACs that RFC 4226 appendix D lists', async () => {
        const [wrapped = ''] = await vault.wrap([
          { owner: 'seed/1/a', key: Buffer.from('12345678901234567890') },
        ]);
        const expected = [
          'cc93cf18508d94934c64b65d8ba7667fb7cde4b0',
          '75a48a19d4cbe100644e8ac1397eea747a2d33ab',
          '0bacb7fa082fef30782211938bc1c5e70416ff44',
          '66c28227d03a2d5529262ff016a1e6ef76557ece',
          'a904c900a64b35909874b33e61c5938a8e15ed1c',
          'a37e783d7b7233c083d4f62926c7a25f238d0316',
          'bc9cd28561042c83f219324d3c607256c03272ae',
          'a4fb960c0bc06e1eabb804e5b397cdc4b45596fa',
          '1b3c89f65e6c9e883012052823443f048b4332db',
          '1637409809a679dc698207310c8c7fc07290d9e5',
        ];
        const macs = await vault.computeMacs(
          expected.map((_, counter) => {
            const message = Buffer.alloc(8);
            message.writeBigUInt64BE(BigInt(counter));
            return { owner: 'seed/1/a', wrapped, algorithm: 'sha1', message } as const;
          }),
        );
        assert.deepEqual(macs.map(hex), expected);
      });

      test('computes what node:crypto does, for each algorithm, length of key and length of message', async () => {
        const keys = SEED_LENGTHS.map((length) => randomBytes(length));
        const owner = 'seed/2/b';
        const wrapped = await vault.wrap(keys.map((key) => ({ owner, key })));
        const requests: MacRequest[] = [];
        const expected: string[] = [];
        for (const algorithm of ALGORITHMS) {
          for (const [i, key] of keys.entries()) {
            for (const length of [0, 1, 55, 64, 111, 128, 300, 1_024, 1_025, 5_000]) {
              const message = randomBytes(length);
              requests.push({ owner, wrapped: wrapped[i] ?? '', algorithm, message });
              expected.push(createHmac(algorithm, key).update(message).digest('hex'));
            }
          }
        }
        // Twice, because a vault may keep keys after the first use; then one by one, for a batch may share what one call does not.
        assert.deepEqual((await vault.computeMacs(requests)).map(hex), expected);
        assert.deepEqual((await vault.computeMacs(requests)).map(hex), expected);
        for (const [i, request] of requests.entries()) {
          assert.deepEqual((await vault.computeMacs([request])).map(hex), [expected[i]]);
        }
      });

      test('an empty batch has an empty answer', async () => {
        assert.deepEqual(await vault.computeMacs([]), []);
        assert.deepEqual(await vault.wrap([]), []);
        assert.deepEqual(await vault.rewrap([]), []);
        assert.deepEqual(await vault.sign([]), []);
      });

      test('one flipped bit in each byte of a wrapped key closes it for good, and nothing else', async () => {
        const owner = 'mac/3';
        const key = randomBytes(32);
        const [wrapped = ''] = await vault.wrap([{ owner, key }]);
        const good = requestOf(owner, wrapped);
        const damaged = flips(wrapped).map((flipped) => requestOf(owner, flipped));
        assert.ok(damaged.length >= 32 + 16);
        const expected = createHmac('sha256', key).update(good.message).digest('hex');
        for (const cached of [false, true]) {
          const macs = await vault.computeMacs([good, ...damaged, good]);
          assert.equal(hex(macs[0]), expected);
          assert.equal(hex(macs.at(-1)), expected);
          assert.deepEqual(
            macs.slice(1, -1),
            damaged.map(() => undefined),
            `cached: ${cached}`,
          );
        }
        const rewrapped = await vault.rewrap(damaged);
        assert.deepEqual(
          rewrapped,
          damaged.map(() => undefined),
        );
      });

      test('what is no wrapped key, or of another spelling, opens nothing', async () => {
        const owner = 'mac/4';
        // A key of 10 bytes leaves spare bits in the last character of its base64url.
        const [wrapped = ''] = await vault.wrap([{ owner, key: randomBytes(10) }]);
        const [version = '', text = ''] = wrapped.split('.');
        const strange = [
          '',
          '.',
          version,
          `${version}.`,
          `.${text}`,
          `0${wrapped}`,
          `+${wrapped}`,
          ` ${wrapped}`,
          `${wrapped}\n`,
          `${wrapped}=`,
          `${wrapped}.x`,
          `${version}e0.${text}`,
          `${version}.${text.slice(0, -1)}`,
          `${version}.AAAA`,
          `999999999.${text}`,
          `99999999999999999999.${text}`,
          `-1.${text}`,
          `__proto__.${text}`,
          ...respelt(wrapped),
        ];
        const macs = await vault.computeMacs([
          ...strange.map((each) => requestOf(owner, each)),
          requestOf(owner, wrapped),
        ]);
        for (const [i, each] of strange.entries()) assert.equal(macs[i], undefined, JSON.stringify(each));
        assert.ok(macs.at(-1));
      });

      test('a key is its owner’s alone, also while it is in use', async () => {
        const [mine = '', yours = ''] = await vault.wrap([
          { owner: 'mac/5', key: randomBytes(32) },
          { owner: 'mac/51', key: randomBytes(32) },
        ]);
        for (let i = 0; i < 2; i++) {
          const macs = await vault.computeMacs([
            requestOf('mac/5', mine),
            requestOf('mac/51', mine),
            requestOf('mac/51', yours),
            requestOf('mac/5', yours),
            requestOf('', mine),
            requestOf('seed/5', mine),
          ]);
          assert.deepEqual(
            macs.map((mac) => mac !== undefined),
            [true, false, true, false, false, false],
          );
        }
        assert.deepEqual(await vault.rewrap([{ owner: 'mac/51', wrapped: mine }]), [undefined]);
      });

      test('the same key wrapped twice is not seen to be the same', async () => {
        const key = Buffer.alloc(32, 7);
        const wrapped = await vault.wrap(Array.from({ length: 64 }, () => ({ owner: 'mac/6', key })));
        assert.equal(new Set(wrapped).size, 64);
      });

      test('makes seeds of the lengths asked for, each new, and wraps what it shows', async () => {
        const seen = new Set<string>();
        for (const length of [16, 20, 32, 64, 128]) {
          const { wrapped, seed } = await vault.generateSeed(length, 'seed/7/a');
          assert.equal(seed.length, length);
          seen.add(hex(seed) ?? '');
          const [mac] = await vault.computeMacs([requestOf('seed/7/a', wrapped)]);
          assert.equal(hex(mac), createHmac('sha256', seed).update('a message').digest('hex'));
        }
        assert.equal(seen.size, 5);
        for (const length of [0, -1, 15, 129, 20.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          await assert.rejects(vault.generateSeed(length, 'seed/7/a'), RangeError, String(length));
        }
        for (const length of [0, 129]) {
          await assert.rejects(
            vault.wrap([{ owner: 'mac/7', key: randomBytes(length) }]),
            RangeError,
            String(length),
          );
        }
      });

      test('makes keys that nobody is shown, and derives others from them', async () => {
        const owner = 'dataset/trial/1';
        const made = await Promise.all(Array.from({ length: 4 }, () => vault.generateKey(owner)));
        const derived = async (wrapped: string, context: string, by = owner) =>
          hex(await vault.deriveFromKey({ owner: by, wrapped, context }));
        const keys = new Set<string | undefined>();
        for (const wrapped of made) {
          for (const context of ['a', 'b', 'período']) {
            const key = await derived(wrapped, context);
            assert.equal(key?.length, 64);
            assert.equal(await derived(wrapped, context), key);
            keys.add(key);
          }
        }
        assert.equal(keys.size, 12);
        const [first = ''] = made;
        assert.equal(await derived(first, 'a', 'dataset/trial/2'), undefined, 'of another owner');
        assert.equal(await derived(`${first.slice(0, -2)}AA`, 'a'), undefined, 'damaged');
        assert.deepEqual(await vault.rewrap([{ owner, wrapped: first }]), [first]);
        const [known = ''] = await vault.wrap([{ owner, key: Buffer.alloc(64, 7) }]);
        const expected = createHmac('sha256', Buffer.alloc(64, 7)).update('período').digest('hex');
        assert.equal(await derived(known, 'período'), expected, 'HMAC-SHA256 under the wrapped key');
      });

      test('derives a key for each purpose and context', async () => {
        const contexts = ['', '1', '2', '11', 'período'];
        const keys = new Set<string>();
        for (const purpose of ['challenge', 'session'] as const) {
          for (const context of contexts) {
            const key = await vault.deriveKey(purpose, context);
            assert.equal(key.length, 32);
            assert.equal(hex(await vault.deriveKey(purpose, context)), hex(key));
            keys.add(hex(key) ?? '');
          }
        }
        assert.equal(keys.size, 2 * contexts.length);
      });

      test('signs so that others verify it', async () => {
        const messages = [Buffer.alloc(0), Buffer.from('a message'), randomBytes(10_000)];
        const signatures = await vault.sign(messages);
        const keys = await vault.publicKeys();
        for (const [i, message] of messages.entries()) {
          const { keyId, signature } = signatures[i] ?? assert.fail();
          assert.equal(signature.length, 64);
          assert.equal(keyId, keys[0]?.jwk.kid);
          assert.ok(verifies(keys, keyId, message, signature));
          assert.ok(!verifies(keys, keyId, Buffer.concat([message, Buffer.from('x')]), signature));
        }
        const input = `${base64url('{"alg":"ES256"}')}.${base64url('{"a":1}')}`;
        const [signed = assert.fail()] = await vault.sign([Buffer.from(input)]);
        const jws = `${input}.${Buffer.from(signed.signature).toString('base64url')}`;
        const { payload } = await compactVerify(jws, await importJWK({ ...keys[0]?.jwk }, 'ES256'));
        assert.equal(Buffer.from(payload).toString(), '{"a":1}');
      });

      test('publishes keys without a private half, named by their thumbprint (RFC 7638)', async () => {
        const keys = await vault.publicKeys();
        assert.deepEqual(
          keys.map((key) => key.active),
          [true],
        );
        for (const { jwk } of keys) {
          assert.deepEqual(Object.keys(jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
          assert.deepEqual([jwk.kty, jwk.crv, jwk.alg, jwk.use], ['EC', 'P-256', 'ES256', 'sig']);
          assert.equal(jwk.kid, await calculateJwkThumbprint({ ...jwk }));
        }
      });
    });

    test('opened again, it has the same keys', async (t) => {
      const fixture = await create();
      t.after(() => fixture.remove());
      const before = fixture.vault;
      const key = randomBytes(32);
      const [wrapped = ''] = await before.wrap([{ owner: 'mac/1', key }]);
      await before.createKeyVersion();
      const [newer = ''] = await before.wrap([{ owner: 'mac/1', key }]);
      const derived = await before.deriveKey('challenge', '42');
      const publicKeys = await before.publicKeys();
      const [signed = assert.fail()] = await before.sign([Buffer.from('m')]);

      const vault = await fixture.reopen();
      assert.equal(await vault.activeKeyVersion(), 2);
      assert.deepEqual(await vault.publicKeys(), publicKeys);
      assert.deepEqual(hex(await vault.deriveKey('challenge', '42')), hex(derived));
      const expected = createHmac('sha256', key).update('a message').digest('hex');
      const macs = await vault.computeMacs([requestOf('mac/1', wrapped), requestOf('mac/1', newer)]);
      assert.deepEqual(macs.map(hex), [expected, expected]);
      assert.ok(verifies(publicKeys, signed.keyId, Buffer.from('m'), signed.signature));
      const [after = assert.fail()] = await vault.sign([Buffer.from('m')]);
      assert.equal(after.keyId, signed.keyId);
    });

    test('the log has one key for ever: parallel callers, a restart and rotations leave it', async (t) => {
      const fixture = await create();
      t.after(() => fixture.remove());
      const keys = await Promise.all(Array.from({ length: 4 }, () => fixture.vault.logPublicKey()));
      const [key = assert.fail()] = keys;
      assert.deepEqual(new Set(keys.map(hex)), new Set([hex(key)]));
      await fixture.vault.createKeyVersion();
      await fixture.vault.destroyKeyVersionsBelow(2);
      const vault = await fixture.reopen();
      assert.equal(hex(await vault.logPublicKey()), hex(key));
      for (const message of [Buffer.from('localhost\n1\nAAAA\n'), randomBytes(4_000)]) {
        const signature = await vault.signLog(message);
        assert.ok(verifyEd25519(key, message, signature));
        assert.ok(!verifyEd25519(key, Buffer.concat([message, Buffer.from('x')]), signature));
        assert.equal(
          hex(await vault.signLog(message)),
          hex(signature),
          'Ed25519 is deterministic (RFC 8032)',
        );
      }
    });

    test('two vaults share no key', async (t) => {
      const [one, two] = await Promise.all([create(), create()]);
      t.after(() => Promise.all([one.remove(), two.remove()]));
      const [wrapped = ''] = await one.vault.wrap([{ owner: 'mac/1', key: randomBytes(32) }]);
      assert.deepEqual(await two.vault.computeMacs([requestOf('mac/1', wrapped)]), [undefined]);
      assert.notEqual(
        hex(await one.vault.deriveKey('session', 'x')),
        hex(await two.vault.deriveKey('session', 'x')),
      );
      assert.notEqual(hex(await one.vault.logPublicKey()), hex(await two.vault.logPublicKey()));
      assert.notEqual((await one.vault.publicKeys())[0]?.jwk.kid, (await two.vault.publicKeys())[0]?.jwk.kid);
    });

    test('rotates: the old version opens until it is destroyed, then nothing under it does', async (t) => {
      const fixture = await create();
      t.after(() => fixture.remove());
      const { vault } = fixture;
      const owner = 'seed/1/a';
      const key = randomBytes(20);
      const expected = createHmac('sha256', key).update('a message').digest('hex');
      const [first = ''] = await vault.wrap([{ owner, key }]);
      const [signedBefore = assert.fail()] = await vault.sign([Buffer.from('m')]);
      const derived = hex(await vault.deriveKey('session', 'x'));
      assert.deepEqual(
        (await vault.deriveKeys('session', 'x')).map(({ key }) => hex(key)),
        [derived],
      );
      assert.equal(await vault.activeKeyVersion(), 1);

      assert.equal(await vault.createKeyVersion(), 2);
      assert.equal(await vault.activeKeyVersion(), 2);
      const publicKeys = await vault.publicKeys();
      assert.deepEqual(
        publicKeys.map((each) => each.active),
        [true, false],
      );
      const lives = async () =>
        (await vault.listKeyVersions()).map(({ version, unwraps, keyId }) => [version, unwraps, keyId]);
      const [newKid, oldKid] = publicKeys.map(({ jwk }) => jwk.kid);
      assert.deepEqual(await lives(), [
        [2, true, newKid],
        [1, true, oldKid],
      ]);
      for (const { createdAt } of await vault.listKeyVersions()) assert.ok(createdAt > 0);
      const [signedAfter = assert.fail()] = await vault.sign([Buffer.from('m')]);
      assert.notEqual(signedAfter.keyId, signedBefore.keyId);
      assert.equal(signedAfter.keyId, publicKeys[0]?.jwk.kid);
      for (const { keyId, signature } of [signedBefore, signedAfter]) {
        assert.ok(verifies(publicKeys, keyId, Buffer.from('m'), signature));
      }

      const [second = '', unopened] = await vault.rewrap([
        { owner, wrapped: first },
        { owner: 'seed/2/a', wrapped: first },
      ]);
      assert.equal(unopened, undefined);
      assert.notEqual(second, first);
      assert.deepEqual(
        (await vault.computeMacs([first, second].map((each) => requestOf(owner, each)))).map(hex),
        [expected, expected],
      );

      await assert.rejects(vault.destroyKeyVersionsBelow(3), RangeError);
      await vault.destroyKeyVersionsBelow(2);
      await vault.destroyKeyVersionsBelow(2);
      const check = async (present: KeyVault) => {
        const macs = await present.computeMacs([first, second].map((each) => requestOf(owner, each)));
        assert.deepEqual(macs.map(hex), [undefined, expected]);
        assert.deepEqual(await present.rewrap([{ owner, wrapped: first }]), [undefined]);
        assert.equal((await present.publicKeys()).length, 2);
        const keys = await present.deriveKeys('session', 'x');
        assert.deepEqual(
          keys.map(({ version }) => version),
          [2, 1],
        );
        assert.ok(Math.abs((keys[0]?.createdAt ?? 0) - Date.now()) < 600_000);
        assert.equal(hex(keys[1]?.key), derived, 'what was derived before is still derived');
        assert.notEqual(hex(keys[0]?.key), derived);
        assert.equal(hex(await present.deriveKey('session', 'x')), hex(keys[0]?.key));
      };
      await check(vault);
      const reopened = await fixture.reopen();
      await check(reopened);
      assert.equal(await reopened.createKeyVersion(), 3);
    });

    keyPairsContract(create);

    test('hundreds of parallel callers get the right MACs while keys rotate', async (t) => {
      const fixture = await create();
      t.after(() => fixture.remove());
      const { vault } = fixture;
      const users = Array.from({ length: 64 }, (_, i) => ({
        owner: `mac/${i}`,
        key: randomBytes(32),
        wrapped: '',
      }));
      for (const [i, wrapped] of (await vault.wrap(users)).entries())
        (users[i] ?? assert.fail()).wrapped = wrapped;

      let rotating = true;
      let computed = 0;
      const compute = async () => {
        do {
          const batch = Array.from(
            { length: 8 },
            () => users[Math.floor(Math.random() * users.length)] ?? assert.fail(),
          );
          const message = randomBytes(60);
          const macs = await vault.computeMacs(
            batch.map(({ owner, wrapped }) => ({ owner, wrapped, algorithm: 'sha256', message })),
          );
          for (const [i, { key }] of batch.entries()) {
            assert.equal(hex(macs[i]), createHmac('sha256', key).update(message).digest('hex'));
          }
          computed += macs.length;
          await new Promise((next) => setImmediate(next));
        } while (rotating);
      };
      const rotate = async () => {
        for (let version = 2; version <= 5; version++) {
          assert.equal(await vault.createKeyVersion(), version);
          const rewrapped = await vault.rewrap(users);
          for (const [i, wrapped] of rewrapped.entries())
            (users[i] ?? assert.fail()).wrapped = wrapped ?? assert.fail();
          await vault.destroyKeyVersionsBelow(version);
        }
        rotating = false;
      };
      await Promise.all([rotate(), ...Array.from({ length: 200 }, compute)]);
      assert.ok(computed >= 1_600);
      assert.equal(await vault.activeKeyVersion(), 5);
    });

    test('parallel rotations are one after the other', async (t) => {
      const fixture = await create();
      t.after(() => fixture.remove());
      const versions = await Promise.all(Array.from({ length: 8 }, () => fixture.vault.createKeyVersion()));
      assert.deepEqual([...versions].sort(), [2, 3, 4, 5, 6, 7, 8, 9]);
      assert.equal((await fixture.vault.publicKeys()).length, 9);
    });

    test('closed, it answers nothing', async (t) => {
      const fixture = await create();
      t.after(() => fixture.remove());
      const { vault } = fixture;
      const [wrapped = ''] = await vault.wrap([{ owner: 'mac/1', key: randomBytes(32) }]);
      await vault.close();
      await vault.close();
      const calls: readonly (() => Promise<unknown>)[] = [
        () => vault.generateSeed(20, 'seed/1/a'),
        () => vault.generateKey('dataset/a/1'),
        () => vault.deriveFromKey({ owner: 'mac/1', wrapped, context: 'a' }),
        () => vault.generateKeyPair('sign', 'identity-sign/1'),
        () => vault.signByKeys([{ owner: 'identity-sign/1', wrapped, digest: randomBytes(32) }]),
        () => vault.wrap([{ owner: 'mac/1', key: randomBytes(32) }]),
        () => vault.computeMacs([requestOf('mac/1', wrapped)]),
        () => vault.deriveKey('challenge', '1'),
        () => vault.deriveKeys('challenge', '1'),
        () => vault.sign([Buffer.from('m')]),
        () => vault.publicKeys(),
        () => vault.listKeyVersions(),
        () => vault.activeKeyVersion(),
        () => vault.createKeyVersion(),
        () => vault.rewrap([{ owner: 'mac/1', wrapped }]),
        () => vault.destroyKeyVersionsBelow(1),
      ];
      for (const call of calls) await assert.rejects(call, VaultUnavailable, String(call));
    });
  });
}

function requestOf(owner: string, wrapped: string): MacRequest {
  return { owner, wrapped, algorithm: 'sha256', message: Buffer.from('a message') };
}

/** The wrapped key with one bit changed, once for each of its bytes. */
function flips(wrapped: string): string[] {
  const dot = wrapped.indexOf('.');
  const bytes = Buffer.from(wrapped.slice(dot + 1), 'base64url');
  return Array.from(bytes, (byte, i) => {
    const flipped = Buffer.from(bytes);
    flipped[i] = byte ^ (1 << (i % 8));
    return `${wrapped.slice(0, dot)}.${flipped.toString('base64url')}`;
  });
}

/** Other texts that decode to the same bytes. */
function respelt(wrapped: string): string[] {
  const bytes = Buffer.from(wrapped.slice(wrapped.indexOf('.') + 1), 'base64url');
  return Array.from(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
    (last) => wrapped.slice(0, -1) + last,
  )
    .filter((other) => other !== wrapped)
    .filter((other) => Buffer.from(other.slice(other.indexOf('.') + 1), 'base64url').equals(bytes));
}

function verifies(
  keys: readonly PublicKey[],
  keyId: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const jwk = keys.find((key) => key.jwk.kid === keyId)?.jwk ?? assert.fail(`no key ${keyId}`);
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
