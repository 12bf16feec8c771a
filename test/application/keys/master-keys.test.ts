/*
 * Goal: a rotation renews the keys that others are derived from; challenges and stored answers of before stay good for as
 * long as they last, on every server of one vault, and no longer.
 * Method: the real application and its sealed file, on a clock that the test moves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { ChallengeIssuer } from '../../../src/application/challenges/challenge-issuer.ts';
import { RandomPool } from '../../../src/application/challenges/random-pool.ts';
import { boundToCode } from '../../../src/application/idempotency/bound-to-code.ts';
import { isRecordOf } from '../../../src/application/idempotency/idempotency-record.ts';
import { secretCodec } from '../../../src/application/idempotency/sealed-secret.ts';
import { RenewedKeys } from '../../../src/application/keys/renewed-keys.ts';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import { UnknownNames } from '../../../src/application/lockout/unknown-names.ts';
import { makeKnownDevice, readKnownDevice } from '../../../src/application/sessions/known-device.ts';
import { authorise } from '../../../src/application/transactions/authorise.ts';
import { isRefusal, VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { DerivedKey, KeyVault } from '../../../src/ports/key-vault.ts';
import { registeredSession, StoppedClock, testApplication } from '../../services/application.ts';
import { until } from '../../waiting.ts';
import { nonces, withMac } from '../decisions/rewired.ts';

const SESSION = 'session/s';

test('a rotation renews the keys of challenges and of sealed answers, and what is under way goes on', async (t) => {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, maintenance: false });
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const [before = '', late = ''] = await nonces(context, session, 2);
  const idempotency = { key: 'k', digest: 'd' };
  const codec = () =>
    secretCodec<'secret', { secret: string }>(context, 1, idempotency, 'secret', (secret) => `${secret}`);
  const kept = (await codec()).keep({ secret: 'a seed' }, {} as never);
  const bound = await boundToCode(context, idempotency, '123456');

  await rotateKeys(context, {});
  const [first] = await context.vault.deriveKeys('challenge', 'x');
  assert.equal(first?.version, 2);
  assert.ok(!isRefusal(await authorise(context, withMac(session, before))), 'a challenge of before is good');
  assert.equal((await codec()).again(kept).secret, 'a seed');
  const again = await boundToCode(context, idempotency, '123456');
  assert.ok(bound && again && bound.digest !== again.digest && isRecordOf(bound, again));
  assert.match((await codec()).keep({ secret: 'b' }, {} as never).secret, /^2[.]/);

  clock.advance(LIMITS.masterKeyLifeMs + 1);
  assert.deepEqual(
    (await context.vault.deriveKeys('session', 'x')).map(({ version }) => version),
    [2],
  );
  const codecAfter = await codec();
  assert.throws(() => codecAfter.again(kept), /key version 1/);
  const refused = await authorise(context, withMac(session, late));
  assert.ok(isRefusal(refused));
});

test('challenges are issued under a new key when every server knows it, and those of the one before end with their time', async (t) => {
  const clock = new StoppedClock();
  const { context } = await testApplication(t, { clock, maintenance: false });
  const { vault, randomPool } = context;
  const issuer = () => new ChallengeIssuer(vault, randomPool, 300_000, 120_000);
  const [a, b] = [issuer(), issuer()];
  const ready = async (...issuers: ChallengeIssuer[]) => {
    for (const each of issuers) await each.ensureKeys(clock.now());
  };
  await ready(a, b);
  const old = a.issue(SESSION, clock.now());
  await vault.createKeyVersion();
  // A server that starts now knows both keys, and issues under the one that the others know.
  const c = issuer();
  await ready(c);
  for (const each of [a, b, c])
    assert.equal(each.verify(c.issue(SESSION, clock.now()), SESSION, clock.now()), 'authentic');

  clock.advance(LIMITS.keyActivationMs);
  const renewed = c.issue(SESSION, clock.now());
  // Servers ask every few seconds, in the background.
  await setTimeout(LIMITS.keyVersionsPeriodMs + 100);
  await ready(a, b);
  await setTimeout(50);
  for (const each of [a, b, c]) {
    assert.equal(each.verify(renewed, SESSION, clock.now()), 'authentic');
    assert.equal(each.verify(old, SESSION, clock.now()), 'authentic');
    assert.equal(each.verify(renewed, 'session/another', clock.now()), 'challenge_unknown');
  }
  const fresh = issuer();
  clock.advance(120_001);
  await ready(fresh);
  assert.equal(fresh.verify(old, SESSION, clock.now()), 'challenge_expired');
});

test('a rotation ends no lock of an unknown name, and leaves a known device known for as long as its key is good', async (t) => {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, maintenance: false });
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const names = new UnknownNames(context);
  const by = { purpose: 'password', asker: '', isKnown: false } as const;
  const find = async () => names.find(await names.keysOf('nobody'));
  const isLocked = async () => names.lockedForMs(await find(), by) > 0;
  while (!(await isLocked())) await names.wrong(await find(), by);
  const { key } = await find();
  const device = await makeKnownDevice(context, session, undefined);
  const isKnown = async (value: string) =>
    (await readKnownDevice(context, session.userId, value)) !== undefined;

  await rotateKeys(context, {});
  clock.advance(LIMITS.keyActivationMs);
  await setTimeout(LIMITS.keyVersionsPeriodMs + 100);
  await until(async () => (await find()).key !== key);
  assert.ok(await isLocked(), 'the count is read under the key of before');
  while (await isLocked()) clock.advance(names.lockedForMs(await find(), by));
  await names.wrong(await find(), by);
  assert.ok(await isLocked(), 'and goes on under the new one');
  assert.ok(await isKnown(device.value));
  const renewed = await makeKnownDevice(context, session, device.value);
  assert.notEqual(renewed.value, device.value);
  clock.advance(LIMITS.masterKeyLifeMs);
  assert.ok(!(await isKnown(device.value)));
  assert.ok(await isKnown(renewed.value));
});

test('names are hidden under a key once every server knows it; without the vault the keys of before stay', async () => {
  let keys = [derived(1, 0)];
  let isDown = true;
  const vault = {
    deriveKeys: async () => {
      if (isDown) throw new VaultUnavailable('away');
      return keys;
    },
  };
  const renewed = new RenewedKeys(vault, 'session', 'names');
  const versions = async (at: number) => (await renewed.ask(at)).map(({ version }) => version);
  await assert.rejects(versions(0), VaultUnavailable);
  isDown = false;
  assert.deepEqual(await versions(0), [1]);
  keys = [derived(2, 1_000), derived(1, 0)];
  await setTimeout(LIMITS.keyVersionsPeriodMs + 100);
  await until(async () => (await versions(1_000)).length === 2);
  assert.deepEqual(await versions(999 + LIMITS.keyActivationMs), [1, 2]);
  assert.deepEqual(await versions(1_000 + LIMITS.keyActivationMs), [2, 1]);
  isDown = true;
  await setTimeout(LIMITS.keyVersionsPeriodMs + 100);
  assert.deepEqual(await versions(1_000), [1, 2]);
});

test('challenges go on without the vault for two minutes, however often their key changes', async () => {
  const rotationMs = 1_000;
  let isDown = false;
  const vault = {
    deriveKeys: async () => {
      if (isDown) throw new VaultUnavailable('away');
      return [derived(1, 0)];
    },
  };
  const issuer = new ChallengeIssuer(
    vault as unknown as KeyVault,
    new RandomPool(systemRandom),
    rotationMs,
    10_000,
  );
  const start = 1_800_000_000_000;
  await issuer.ensureKeys(start);
  isDown = true;
  for (let at = start; at <= start + LIMITS.challengeKeysAheadMs; at += rotationMs) {
    await issuer.ensureKeys(at);
    assert.equal(issuer.verify(issuer.issue(SESSION, at), SESSION, at), 'authentic');
  }
  await assert.rejects(
    async () => issuer.ensureKeys(start + LIMITS.challengeKeysAheadMs + rotationMs),
    VaultUnavailable,
  );
});

function derived(version: number, createdAt: number): DerivedKey {
  return { version, createdAt, key: new Uint8Array(32).fill(version) };
}
