/*
 * Goal: a challenge is spent once even if the server's clock jumps.
 * Method: a clock that the test moves forward and back.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { nonces, withMac } from '../application/decisions/rewired.ts';
import { registeredSession, StoppedClock, testApplication } from '../services/application.ts';

async function parts(t: TestContext) {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock });
  const session = await registeredSession(application, 'alice');
  const { context } = application;
  const nonce = async () => (await nonces(context, session, 1))[0] ?? '';
  const spend = async (challenge: string) => {
    const outcome = await authorise(context, withMac(session, challenge));
    return 'refused' in outcome ? outcome.refused : 'approved';
  };
  return { application, clock, nonce, spend };
}

test('a challenge spent before the clock went wrong is spent when it is right again', async (t) => {
  const { clock, nonce, spend } = await parts(t);
  const spent = await nonce();
  assert.equal(await spend(spent), 'approved');
  clock.advance(600_000);
  assert.equal(await spend(spent), 'challenge_expired');
  // Spending another one is what makes the server forget those that have expired.
  assert.equal(await spend(await nonce()), 'approved');
  clock.advance(-600_000);
  assert.equal(await spend(spent), 'challenge_spent');
});

test('the same for a user who was first loaded while it was wrong', async (t) => {
  const { application, clock, nonce, spend } = await parts(t);
  const spent = await nonce();
  assert.equal(await spend(spent), 'approved');
  const { userCache } = application.context;
  clock.advance(600_000);
  userCache.invalidateAll();
  assert.equal(await spend(await nonce()), 'approved');
  clock.advance(-599_000);
  assert.equal(await spend(spent), 'challenge_spent');
});

test('and when the clock is put back in many small steps', async (t) => {
  const { clock, nonce, spend } = await parts(t);
  const spent = await nonce();
  assert.equal(await spend(spent), 'approved');
  clock.advance(300_000);
  assert.equal(await spend(await nonce()), 'approved');
  for (let step = 0; step < 150; step++) {
    clock.advance(-2_000);
    assert.notEqual(await spend(spent), 'approved', `step ${step}`);
  }
});

test('a challenge at its very end is spent once, also when the clock then steps back a little', async (t) => {
  const { clock, nonce, spend } = await parts(t);
  const spent = await nonce();
  clock.advance(119_999);
  assert.equal(await spend(spent), 'approved');
  for (const ms of [30_001, 1, 4_000]) {
    clock.advance(ms);
    assert.equal(await spend(await nonce()), 'approved');
  }
  clock.advance(-34_002);
  assert.equal(await spend(spent), 'challenge_spent');
});
