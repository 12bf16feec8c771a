/*
 * Goal: keys stay inside the HSM, and several servers share one slot.
 * Method: SoftHSM, read by OpenSC's pkcs11-tool and by other processes; hiding and restoring it simulates unplugging.
 */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pkcs11VaultOptions } from '../../../src/adapters/vault-pkcs11/open-pkcs11-vault.ts';
import { parsePkcs11Uri } from '../../../src/adapters/vault-pkcs11/pkcs11-uri.ts';
import { openApplication } from '../../../src/compose.ts';
import { loadConfig } from '../../../src/config.ts';
import { StartRefused, VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import { temporaryFolder } from '../../services/application.ts';
import { inAnotherProcess } from '../../services/hsm-peer.ts';
import { softHsm } from '../../services/softhsm.ts';
import { openVault } from './open-vault.ts';

const hsm = softHsm();
after(() => hsm.remove());
hsm.initSlot('slot');

const open = (t: TestContext, keys: string, more: Partial<Pkcs11VaultOptions> = {}) =>
  openVault(t, hsm, { url: hsm.url('slot', keys), ...more });

const MESSAGE = Buffer.from('m');

async function wrapped(vault: KeyVault, count: number) {
  const owners = Array.from({ length: count }, (_, i) => ({ owner: `mac/${i}`, key: randomBytes(32) }));
  const keys = await vault.wrap(owners);
  return owners.map(({ owner, key }, i) => ({
    request: { owner, wrapped: keys[i] ?? '', algorithm: 'sha256', message: MESSAGE } as const,
    expected: createHmac('sha256', key).update(MESSAGE).digest('hex'),
  }));
}

const hex = (mac: Uint8Array | undefined) => mac && Buffer.from(mac).toString('hex');

describe('the slot of an HSM', { concurrency: false }, () => {
  test('pkcs11-tool, with the PIN, reads no key out of it', async (t) => {
    const { vault } = await open(t, 'shown');
    await vault.createKeyVersion();
    const [user = assert.fail()] = await wrapped(vault, 1);
    const { seed } = await vault.generateSeed(20, 'seed/1/a');
    // Unwrapped inside while it is looked for.
    assert.equal(hex((await vault.computeMacs([user.request]))[0]), user.expected);

    const logIn = ['--token-label', 'slot', '--login', '--pin', hsm.pin];
    const listed = hsm.tool(...logIn, '--list-objects');
    assert.equal(listed.status, 0);
    const objects = listed.output.split(/(?=(?:Secret|Private|Public) Key Object)/);
    const secret = objects.filter((object) => /^(Secret|Private)/.test(object));
    const labels = secret.map((object) => /label:\s+(\S+)/.exec(object)?.[1]).sort();
    assert.deepEqual(labels, [
      'shown/bind/1',
      'shown/bind/2',
      'shown/challenge/1',
      'shown/challenge/2',
      'shown/kek/1',
      'shown/kek/2',
      'shown/session/1',
      'shown/session/2',
      'shown/sign/1',
      'shown/sign/2',
    ]);
    for (const object of secret) {
      assert.match(object, /Access:\s+sensitive, always sensitive, never extractable, local/, object);
      const usage = /Usage:\s+(.+)/.exec(object)?.[1]?.trim();
      const expected = /kek/.test(object) ? 'wrap, unwrap' : /sign\//.test(object) ? 'sign' : /^(none|sign)$/;
      if (typeof expected === 'string') assert.equal(usage, expected, object);
      else assert.match(usage ?? '', expected, object);
    }
    assert.ok(!listed.output.includes(Buffer.from(seed).toString('hex')));

    const read = (type: string, label: string) =>
      hsm.tool(...logIn, '--read-object', '--type', type, '--label', label);
    // What can be read shows that reading works.
    assert.equal(read('pubkey', 'shown/sign/1').status, 0);
    for (const label of labels.filter((each) => !each?.includes('/sign/'))) {
      const { status, output } = read('secrkey', label ?? '');
      assert.notEqual(status, 0, label);
      assert.match(output, /CKR_ATTRIBUTE_SENSITIVE|get attribute failed|sensitive/i, `${label}: ${output}`);
    }
  });

  test('the vault recovers without a restart when its HSM vanishes and returns', async (t) => {
    const { vault, events } = await open(t, 'vanish');
    const [hot = assert.fail(), cold = assert.fail()] = await wrapped(vault, 2);
    assert.equal(hex((await vault.computeMacs([hot.request]))[0]), hot.expected);
    hsm.hide();
    try {
      await delay(LIMITS.hsmListingAgeMs);
      await assert.rejects(vault.activeKeyVersion(), VaultUnavailable);
      await assert.rejects(vault.computeMacs([cold.request]), VaultUnavailable);
      await assert.rejects(vault.wrap([{ owner: 'mac/9', key: randomBytes(32) }]), VaultUnavailable);
      await assert.rejects(vault.createKeyVersion(), VaultUnavailable);
    } finally {
      hsm.show();
    }
    assert.deepEqual(events, ['lost']);
    await delay(LIMITS.hsmReopenMs);
    const macs = await vault.computeMacs([hot.request, cold.request]);
    assert.deepEqual(macs.map(hex), [hot.expected, cold.expected]);
    assert.equal(await vault.activeKeyVersion(), 1);
    assert.equal((await vault.sign([MESSAGE])).length, 1);
    assert.deepEqual(events, ['lost', 'healed']);
  });

  test('of many keys few stay inside, and each MAC is right', async (t) => {
    const { vault } = await open(t, 'few', { sessionKeysMax: 2 });
    const users = await wrapped(vault, 20);
    for (let round = 0; round < 5; round++) {
      const asked = users.filter((_, i) => i === 0 || (i + round) % 3 === 0);
      const macs = await vault.computeMacs(asked.map(({ request }) => request));
      assert.deepEqual(
        macs.map(hex),
        asked.map(({ expected }) => expected),
      );
    }
  });

  test('custody cached asks the HSM for each key once, whatever needs it', async (t) => {
    const { vault } = await open(t, 'once', { custody: 'cached' });
    const [user = assert.fail(), other = assert.fail()] = await wrapped(vault, 2);
    // The line to the HSM takes as many keys as this, so it would be full were each one asked for.
    const many = Array.from({ length: LIMITS.hsmQueueItemsMax }, () => user.request);
    const foreign = { ...user.request, owner: other.request.owner };
    const batches = [
      [...many, other.request],
      [...many, foreign],
      [other.request, user.request, foreign],
    ];
    const [first = [], second = [], third = []] = await Promise.all(
      batches.map((batch) => vault.computeMacs(batch)),
    );
    for (const batch of [first, second]) {
      assert.deepEqual([...new Set(batch.slice(0, many.length).map(hex))], [user.expected]);
    }
    assert.deepEqual([hex(first.at(-1)), second.at(-1)], [other.expected, undefined]);
    assert.deepEqual(third.map(hex), [other.expected, user.expected, undefined]);
  });

  test('an empty slot is not filled where the store has keys of another', async (t) => {
    const before = hsm.tool('--token-label', 'slot', '--login', '--pin', hsm.pin, '--list-objects').output;
    await assert.rejects(open(t, 'other', { hadVault: async () => true }), (error) => {
      assert.ok(error instanceof StartRefused);
      assert.match(error.message, /holds no keys of Sello/);
      return true;
    });
    const now = hsm.tool('--token-label', 'slot', '--login', '--pin', hsm.pin, '--list-objects').output;
    assert.equal(now, before);
  });

  test('the server runs on it, and refuses a slot that does not open its users’ keys', async (t) => {
    const folder = await temporaryFolder(t);
    const start = (keys: string) => {
      const flags = {
        '--data-dir': folder,
        '--vault-url': hsm.url('slot', keys),
        '--vault-pin': hsm.pin,
      };
      return openApplication(loadConfig({ flags }).config, { maintenance: false });
    };
    await (await open(t, 'foreign')).vault.close();
    const application = await start('server');
    try {
      assert.equal(application.vault.custody, 'hsm');
      assert.ok(application.generated.some((made) => made.includes('slot "slot"')));
      const registered = await application.services.registerUser({
        username: 'alice',
        password: 'secreto',
        address: '127.0.0.1',
      });
      assert.ok(!('refused' in registered));
    } finally {
      await application.close();
    }
    await assert.rejects(start('foreign'), /does not open the keys of the users/);
    const again = await start('server');
    assert.deepEqual(again.generated, []);
    await again.close();
  });

  test('URLs that say too little, too much, or a PIN are refused by name', () => {
    const good = 'pkcs11:token=My%20HSM;serial=7;object=bank?module-path=/x.so&x-unwrap-length=true';
    assert.deepEqual(parsePkcs11Uri(good), {
      modulePath: '/x.so',
      slotLabel: 'My HSM',
      serial: '7',
      keyPrefix: 'bank',
      unwrapWithLength: true,
    });
    const bad: Readonly<Record<string, RegExp>> = {
      'pkcs11:token=a': /module-path= is missing/,
      'pkcs11:?module-path=/x.so': /token= .* is missing/,
      'pkcs11:token=a?module-path=x.so': /not an absolute path/,
      'pkcs11:token=a;slot-id=1?module-path=/x.so': /"slot-id" is not known/,
      'pkcs11:token=a;token=b?module-path=/x.so': /given twice/,
      'pkcs11:token=%zz?module-path=/x.so': /percent-encoded/,
      'pkcs11:token=a;object=a/b?module-path=/x.so': /object=/,
      'pkcs11:token=a?module-path=/x.so&x-unwrap-length=1': /neither true nor false/,
    };
    for (const [url, expected] of Object.entries(bad))
      assert.throws(() => parsePkcs11Uri(url), expected, url);
    for (const pin of ['&pin-value=4711', '&pin-source=file:4711', ';PIN-VALUE=4711']) {
      assert.throws(
        () => parsePkcs11Uri(`pkcs11:token=a?module-path=/x.so${pin}`),
        (error) => error instanceof StartRefused && !error.message.includes('4711'),
      );
    }
  });
});

describe('several servers on one slot', { concurrency: false }, () => {
  test('a version that one makes is understood by the other at once, and used within a second', async (t) => {
    const { vault, events } = await open(t, 'shared');
    const [old = assert.fail()] = await wrapped(vault, 1);
    assert.equal(hex((await vault.computeMacs([old.request]))[0]), old.expected);
    const url = hsm.url('slot', 'shared');
    const made = (await inAnotherProcess(
      url,
      hsm.pin,
      `const version = await vault.createKeyVersion();
       const [wrapped] = await vault.wrap([{ owner: 'mac/7', key: Buffer.alloc(32, 7) }]);
       const [rewrapped] = await vault.rewrap([${JSON.stringify({ owner: old.request.owner, wrapped: old.request.wrapped })}]);
       const derived = Buffer.from(await vault.deriveKey('challenge', 'x')).toString('hex');
       return { version, wrapped, rewrapped, derived };`,
    )) as { version: number; wrapped: string; rewrapped: string; derived: string };
    assert.equal(made.version, 2);
    const macs = await vault.computeMacs([
      { ...old.request, owner: 'mac/7', wrapped: made.wrapped },
      { ...old.request, wrapped: made.rewrapped },
      old.request,
    ]);
    const theirs = createHmac('sha256', Buffer.alloc(32, 7)).update(MESSAGE).digest('hex');
    assert.deepEqual(macs.map(hex), [theirs, old.expected, old.expected]);
    await delay(LIMITS.hsmListingAgeMs);
    const [since = ''] = await vault.wrap([{ owner: 'mac/8', key: randomBytes(32) }]);
    assert.match(since, /^2\./);
    assert.equal(hex(await vault.deriveKey('challenge', 'x')), made.derived);
    const keys = await vault.publicKeys();
    assert.equal(keys.length, 2);
    const [signed = assert.fail()] = await vault.sign([MESSAGE]);
    assert.equal(signed.keyId, keys[0]?.jwk.kid);

    await inAnotherProcess(url, hsm.pin, 'await vault.destroyKeyVersionsBelow(2);');
    await delay(LIMITS.hsmListingAgeMs);
    assert.equal(await vault.activeKeyVersion(), 2);
    const after = await vault.computeMacs([old.request, { ...old.request, wrapped: made.rewrapped }]);
    assert.deepEqual(after.map(hex), [undefined, old.expected]);
    assert.equal((await vault.publicKeys()).length, 2);
    assert.ok(!events.includes('lost'));
  });

  test('founded by three at once it has one set of keys; versions made at once are all different', async (t) => {
    const url = hsm.url('slot', 'race');
    const script = `
      // By the first key: another process may have made the next already.
      const derived = Buffer.from((await vault.deriveKeys('session', 'x')).at(-1).key).toString('hex');
      const versions = [await vault.createKeyVersion(), await vault.createKeyVersion()];
      return { derived, versions };`;
    const results = (await Promise.all([1, 2, 3].map(() => inAnotherProcess(url, hsm.pin, script)))) as {
      derived: string;
      versions: number[];
    }[];
    assert.equal(new Set(results.map(({ derived }) => derived)).size, 1);
    const versions = results.flatMap((result) => result.versions);
    assert.equal(new Set(versions).size, 6, versions.join());
    const { vault } = await open(t, 'race');
    assert.equal(await vault.activeKeyVersion(), Math.max(...versions));
  });
});
