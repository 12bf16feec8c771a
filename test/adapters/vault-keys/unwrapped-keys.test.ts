/*
 * Goal: unwrapped keys are kept for a bounded time in a bounded space, each for its owner alone.
 * Method: the cache alone with the test's clock, then in a real vault.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { macWithShortKey } from '../../../src/adapters/vault-keys/hmac.ts';
import { UnwrappedKeys } from '../../../src/adapters/vault-keys/unwrapped-keys.ts';
import { LIMITS } from '../../../src/limits.ts';
import { createVaultFixture } from '../../contract/vault-fixture.ts';

describe('unwrapped keys', () => {
  test('are found for their owner, as the MAC takes them', () => {
    const keys = new UnwrappedKeys(4, 1_000, () => 0);
    const key = randomBytes(33);
    keys.add('1.a', 'mac/1', key);
    const found = keys.find('1.a', 'mac/1');
    assert.equal(keys.find('1.a', 'mac/2'), -1);
    assert.equal(keys.find('1.b', 'mac/1'), -1);
    const message = randomBytes(70);
    assert.deepEqual(
      macWithShortKey('sha512', keys.words, found, message),
      createHmac('sha512', key).update(message).digest(),
    );
    keys.close();
  });

  test('the oldest makes room for the newest, and is overwritten', () => {
    const keys = new UnwrappedKeys(3, 1_000, () => 0);
    for (let i = 0; i < 100; i++) {
      keys.add(`1.${i}`, 'o', Buffer.alloc(64, 0xff));
      assert.equal(keys.size, Math.min(i + 1, 3));
      for (let j = 0; j <= i; j++) assert.equal(keys.find(`1.${j}`, 'o') >= 0, j > i - 3);
    }
    keys.add('1.short', 'o', Buffer.from([1]));
    const at = keys.find('1.short', 'o');
    assert.equal(Buffer.from(keys.words.slice(at, at + 16).buffer).toString('hex'), `01${'00'.repeat(63)}`);
    keys.close();
    assert.ok(keys.words.every((word) => word === 0));
  });

  test('live for a bounded time from when they were opened, however often they are used', () => {
    let now = 0;
    const keys = new UnwrappedKeys(8, 1_000, () => now);
    keys.add('1.a', 'o', randomBytes(32));
    now = 600;
    keys.add('1.a', 'o', randomBytes(32));
    keys.add('1.b', 'o', randomBytes(32));
    now = 999;
    keys.expire();
    assert.equal(keys.size, 2);
    now = 1_000;
    keys.expire();
    assert.equal(keys.find('1.a', 'o'), -1);
    assert.ok(keys.find('1.b', 'o') >= 0);
    now = 1_600;
    keys.expire();
    assert.equal(keys.size, 0);
    assert.ok(keys.words.every((word) => word === 0));
    keys.close();
  });

  test('one too long for a slot is not kept', () => {
    const keys = new UnwrappedKeys(8, 1_000, () => 0);
    keys.add('1.a', 'o', randomBytes(65));
    assert.equal(keys.size, 0);
    keys.close();
  });

  test('a vault forgets them in time, and opens them again', async (t) => {
    let now = 0;
    const fixture = await createVaultFixture({
      elapsedMs: () => now,
      unwrappedKeyTimeMs: LIMITS.unwrappedKeyTimeMs,
    });
    t.after(() => fixture.remove());
    const key = randomBytes(32);
    const [wrapped = ''] = await fixture.vault.wrap([{ owner: 'mac/1', key }]);
    const expected = createHmac('sha256', key).update('m').digest();
    for (; now < 10 * LIMITS.unwrappedKeyTimeMs; now += 70_000) {
      const [mac] = await fixture.vault.computeMacs([
        { owner: 'mac/1', wrapped, algorithm: 'sha256', message: Buffer.from('m') },
      ]);
      assert.deepEqual(mac, expected);
    }
  });

  test('an open vault keeps no process alive', () => {
    const fixture = new URL('../../contract/vault-fixture.ts', import.meta.url);
    const program = `
      import { createVaultFixture } from ${JSON.stringify(fixture.href)};
      const { vault, options } = await createVaultFixture();
      const { wrapped } = await vault.generateSeed(20, 'seed/1/a');
      await vault.computeMacs([{ owner: 'seed/1/a', wrapped, algorithm: 'sha1', message: Buffer.from('m') }]);
      const { rmSync } = await import('node:fs');
      rmSync(options.path.replace(/vault$/, ''), { recursive: true });
      process.stdout.write('done');`;
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 10_000,
      encoding: 'utf8',
    });
    assert.equal(child.stderr, '');
    assert.deepEqual([child.status, child.stdout], [0, 'done']);
  });
});
