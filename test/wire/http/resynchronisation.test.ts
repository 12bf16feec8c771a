/*
 * Goal: a HOTP token that showed many unused codes is taken up by two consecutive ones, and by nothing less.
 * Method: the real HTTP server, and the operator's operation beside it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/limits.ts';
import { runOperation } from '../../../src/operator/operations.ts';
import { StoppedClock } from '../../services/application.ts';
import { type ApiToken, type ApiUser, type HttpFixture, PASSWORD, testHttp } from './http-fixture.ts';

const resync = (user: ApiUser, token: ApiToken, codes: readonly string[]) =>
  user.post(`/v1/tokens/${token.id}/resynchronisation`, { codes });
const logIn = (fixture: HttpFixture, code: string) =>
  fixture.post('/v1/sessions', undefined, { username: 'alice', password: PASSWORD, code });

async function ahead(t: Parameters<typeof testHttp>[0], count: number) {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('hotp');
  token.skip(count);
  return { clock, fixture, alice, token };
}

test('two consecutive codes take up a token that is 900 ahead; both are spent, the next one fits', async (t) => {
  const { fixture, alice, token } = await ahead(t, 900);
  assert.equal((await logIn(fixture, token.code())).json.code, 'code_wrong');
  const pair = [token.code(), token.code()];
  const done = await resync(alice, token, [`${pair[0]?.slice(0, 3)} ${pair[0]?.slice(3)}`, pair[1] ?? '']);
  assert.equal(done.status, 200, done.text);
  assert.equal((await logIn(fixture, pair[1] ?? '')).json.code, 'code_spent');
  assert.equal((await logIn(fixture, token.code())).status, 201);
});

test('codes that are not consecutive, used, or beyond the window are wrong, count and lock', async (t) => {
  const { clock, fixture, alice, token } = await ahead(t, 100);
  const [first = '', , third = ''] = [token.code(), token.code(), token.code()];
  assert.equal((await resync(alice, token, [first, third])).json.code, 'code_wrong');
  const [next = '', after = ''] = [token.code(), token.code()];
  assert.equal((await resync(alice, token, [after, next])).json.code, 'code_wrong');
  assert.equal((await resync(alice, token, [next, next])).json.code, 'code_wrong');
  assert.equal((await resync(alice, token, [next, after])).json.code, 'locked');
  clock.advance(60_000);
  assert.equal((await resync(alice, token, [next, after])).status, 200);
  assert.equal((await resync(alice, token, [next, after])).json.code, 'code_wrong');
  token.skip(LIMITS.hotpResyncWindow);
  assert.equal((await resync(alice, token, [token.code(), token.code()])).json.code, 'code_wrong');
  const bob = await fixture.user('bob');
  assert.equal((await resync(bob, token, [next, after])).json.code, 'token_unknown');
  const totp = await bob.enrol('totp');
  assert.equal((await resync(bob, totp, [next, after])).json.code, 'token_unknown');
});

test('the operator does it by name', async (t) => {
  const { fixture, token } = await ahead(t, 50);
  const given = { username: 'alice', first: token.code(), second: token.code() };
  const done = await runOperation({ application: fixture.application }, 'token.resync', given);
  assert.deepEqual(done, { username: 'alice', id: token.id, ahead: 50 });
  assert.equal((await logIn(fixture, token.code())).status, 201);
});
