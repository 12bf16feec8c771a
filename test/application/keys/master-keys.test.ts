/*
 * Goal: a rotation renews the keys that others are derived from; challenges and stored answers of before stay good for as
 * long as they last, on every server of one vault, and no longer.
 * Method: the real application and its sealed file, on a clock that the test moves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ChallengeIssuer } from '../../../src/application/challenges/challenge-issuer.ts';
import { boundToCode } from '../../../src/application/idempotency/bound-to-code.ts';
import { isRecordOf } from '../../../src/application/idempotency/idempotency-record.ts';
import { secretCodec } from '../../../src/application/idempotency/sealed-secret.ts';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import { authorise } from '../../../src/application/transactions/authorise.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { registeredSession, StoppedClock, testApplication } from '../../services/application.ts';
import { nonces, withMac } from '../decisions/rewired.ts';

const ACTIVATION_MS = 15_000;
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

  clock.advance(ACTIVATION_MS);
  const renewed = c.issue(SESSION, clock.now());
  // Servers ask every few seconds, in the background.
  await setTimeout(3_100);
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
