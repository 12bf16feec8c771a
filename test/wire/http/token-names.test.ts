/*
 * Goal: two tokens of one user are two accounts in an app, and the operator confirms one by its code alone.
 * Method: the real HTTP server, and the operator's operations beside it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOtpauthUri } from '../../../src/domain/otp/otpauth.ts';
import { runOperation } from '../../../src/operator/operations.ts';
import { StoppedClock } from '../../services/application.ts';
import { ApiToken, testHttp } from './http-fixture.ts';

test('each token of a user has a name of its own in an app, under the configured issuer', async (t) => {
  const fixture = await testHttp(t, { flags: { '--token-issuer': 'Caja & Co' } });
  const alice = await fixture.user('alice');
  const names = [];
  for (const label of ['', '', 'phone', 'phone']) {
    const { json } = await alice.post('/v1/tokens', { type: 'totp', label });
    const read = parseOtpauthUri(json.otpauth_uri);
    assert.ok('label' in read);
    assert.equal(read.issuer, 'Caja & Co');
    assert.ok(read.label.startsWith('alice (') && read.label.includes(label), read.label);
    names.push(read.label);
  }
  assert.equal(new Set(names).size, 4);
});

test('the operator’s command finds the waiting token by its code; a wrong one counts once', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const target = { application: fixture.application };
  const alice = await fixture.user('alice');
  const activate = (code: string) => runOperation(target, 'token.activate', { username: 'alice', code });
  assert.deepEqual(await activate('123456'), { refused: 'token_not_pending' });
  const waiting = [];
  for (const type of ['totp', 'hotp', 'ocra']) {
    waiting.push(new ApiToken(fixture, (await alice.post('/v1/tokens', { type })).json));
  }
  const [first, second] = waiting;
  assert.ok(first && second);
  for (let guess = 0; guess < 2; guess++) {
    assert.deepEqual(await activate('00000000'), { refused: 'code_wrong' });
  }
  const active = await activate(second.firstCode());
  assert.deepEqual(active, { username: 'alice', id: second.id, status: 'active' });
});
