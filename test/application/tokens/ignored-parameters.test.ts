/*
 * Goal: a code of an app that ignores a token's parameters is named as that and never counted; nothing else is spared.
 * Method: the real application on a clock that the test moves; the app's codes are computed from the enrolled seed.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { activateToken } from '../../../src/application/tokens/activate-token.ts';
import { type EnrolTokenRequest, enrolToken } from '../../../src/application/tokens/enrol-token.ts';
import { totpCode } from '../../../src/domain/otp/totp.ts';
import { registeredSession, StoppedClock, testApplication } from '../../services/application.ts';

const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

async function enrolled(t: TestContext, parameters: Partial<EnrolTokenRequest> = {}) {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock });
  const { userId } = await registeredSession(application, 'alice');
  const made = await enrolToken(application.context, { userId, type: 'totp', ...parameters });
  assert.ok('seed' in made);
  const { tokenId } = made.token;
  const activate = (code: string) => activateToken(application.context, { userId, tokenId, code });
  const shownByApp = (atMs = clock.now()) =>
    totpCode(hmac, made.seed, atMs, { algorithm: 'sha1', digits: 6, periodS: 30 });
  return { clock, made, activate, shownByApp };
}

const refusedAs = (outcome: object) => ('refused' in outcome ? outcome.refused : outcome);

test('such a code is named, ten times over, and the right one still activates', async (t) => {
  const { clock, made, activate, shownByApp } = await enrolled(t);
  for (let n = 0; n < 10; n++) {
    clock.advance(30_000);
    assert.equal(refusedAs(await activate(shownByApp())), 'token_parameters_ignored');
  }
  const right = totpCode(hmac, made.seed, clock.now(), { algorithm: 'sha1', digits: 6, periodS: 60 });
  assert.ok('status' in (await activate(right)));
});

test('it is known by any parameter that the token has and the app ignores', async (t) => {
  for (const parameters of [
    { algorithm: 'sha256' },
    { digits: 8, periodS: 30 },
    { algorithm: 'sha512', digits: 8 },
  ] as const) {
    const { activate, shownByApp } = await enrolled(t, parameters);
    assert.equal(
      refusedAs(await activate(shownByApp())),
      'token_parameters_ignored',
      JSON.stringify(parameters),
    );
  }
});

test('another code counts and locks, and while codes are locked nothing is told', async (t) => {
  const { clock, activate, shownByApp } = await enrolled(t);
  const old = shownByApp(clock.now() - 3_600_000);
  for (let n = 0; n < 3; n++) assert.equal(refusedAs(await activate(old)), 'code_wrong');
  assert.equal(refusedAs(await activate(shownByApp())), 'locked');
});
