/*
 * Goal: the claims of docs/security.md that involve several parts hold; the suites of single parts show the others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthoriseRequest } from '../../src/application/transactions/authorisation.ts';
import { LIMITS } from '../../src/limits.ts';
import { PASSWORD, registeredSession, StoppedClock, testApplication } from '../services/application.ts';

test('guesses from as many addresses as guesses are counted together', async (t) => {
  const clock = new StoppedClock();
  const { services } = await testApplication(t, { clock });
  await services.registerUser({ username: 'alice', password: PASSWORD, address: '192.0.2.1' });
  const codes: string[] = [];
  for (let guess = 1; guess <= 6; guess++) {
    const password = `${PASSWORD}${guess}`;
    const outcome = await services.logIn({ username: 'alice', password, address: `198.51.100.${guess}` });
    assert.ok('refused' in outcome);
    codes.push(outcome.refused);
  }
  const wrong = Array(3).fill('credentials_invalid');
  assert.deepEqual(codes, [...wrong, ...Array(3).fill('locked')]);
  // The user's own address waits as well, and for exactly as long.
  const own = () => services.logIn({ username: 'alice', password: PASSWORD, address: '192.0.2.1' });
  const locked = await own();
  assert.ok('refused' in locked && locked.retryAfterMs === 30_000);
  clock.advance(30_000);
  assert.ok('secret' in (await own()));
});

test('the session that sends twenty wrong MACs ends, and its user is not locked', async (t) => {
  const application = await testApplication(t);
  const { services } = application;
  const session = await registeredSession(application, 'alice');
  const other = await services.logIn({ username: 'alice', password: PASSWORD, address: '192.0.2.1' });
  assert.ok('session' in other);
  const transfer = { amount: '1.00', currency: 'EUR', payee: 'CuentaB', payer: 'CuentaA' };
  const guess = async () => {
    const challenges = await services.issueChallenges(session, 1);
    if ('refused' in challenges) return challenges.refused;
    const challenge = challenges[0]?.nonce ?? '';
    const mac = { message: Buffer.from(`CuentaA,CuentaB,1.00${challenge}`), value: '0'.repeat(64) };
    const request: AuthoriseRequest = { session, transfer, challenge, mac };
    const outcome = await services.authorise(request);
    return 'refused' in outcome ? outcome.refused : 'approved';
  };
  const outcomes: string[] = [];
  for (let n = 0; n <= LIMITS.wrongMacsMax; n++) outcomes.push(await guess());
  assert.deepEqual(outcomes, [...Array(LIMITS.wrongMacsMax).fill('mac_mismatch'), 'session_ended']);
  // Another session of the user goes on, and the user may log in.
  assert.ok(!('refused' in (await services.issueChallenges(other.session, 1))));
  assert.ok(
    'secret' in (await services.logIn({ username: 'alice', password: PASSWORD, address: '192.0.2.1' })),
  );
});
