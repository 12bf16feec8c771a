/*
 * Goal: with `profile: psd2` nobody learns from a refused log-in, or from what it counts, whether the password was right (EU
 * 2018/389 article 4(3)(a)); the entry has the reason.
 * Method: the real HTTP server on a clock that the test moves. Two attackers do the same, one of them with the right password.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoppedClock } from '../services/application.ts';
import { ApiToken, PASSWORD, testHttp } from '../wire/http/http-fixture.ts';

const WRONG = 'adivinada';

async function victims(t: Parameters<typeof testHttp>[0], names: readonly string[]) {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: { '--profile': 'psd2' } });
  const tokens = new Map<string, ApiToken>();
  for (const name of names) {
    const user = await fixture.user(name);
    const token = new ApiToken(fixture, (await user.post('/v1/tokens', { type: 'totp' })).json);
    const active = await user.post(`/v1/tokens/${token.id}/activation`, { code: token.firstCode() });
    assert.equal(active.status, 200, active.text);
    tokens.set(name, token);
  }
  clock.advance(120_000);
  const logIn = async (username: string, password: string, code?: string) => {
    const body = { username, password, ...(code === undefined ? {} : { code }) };
    const { status, json } = await fixture.post('/v1/sessions', undefined, body);
    const { request_id: _, ...told } = json;
    return { status, told };
  };
  return { fixture, clock, tokens, logIn };
}

test('a right password without a code, with a wrong one or with a spent one is refused and counted as a wrong password is', async (t) => {
  const { fixture, clock, tokens, logIn } = await victims(t, ['alice', 'bob']);
  const spent = tokens.get('alice')?.code() ?? '';
  assert.equal((await logIn('alice', PASSWORD, spent)).status, 201);
  for (const code of [undefined, '000000', spent, undefined, '000000', spent]) {
    const right = await logIn('alice', PASSWORD, code);
    const wrong = await logIn('bob', WRONG, code);
    assert.deepEqual(right, wrong);
    assert.equal(right.told.code, 'credentials_invalid');
    const waitMs = right.told.retry_after_ms ?? 0;
    if (waitMs === 0) continue;
    clock.advance(waitMs - 1);
    // While one is locked so is the other, with the right password and without.
    const locked = [await logIn('alice', PASSWORD, code), await logIn('bob', WRONG, code)];
    assert.deepEqual(
      locked.map(({ told }) => [told.code, told.retry_after_ms]),
      [
        ['locked', 1],
        ['locked', 1],
      ],
    );
    clock.advance(1);
  }
  clock.advance(60_000);
  assert.equal((await logIn('alice', PASSWORD, tokens.get('alice')?.code())).status, 201);
  const auditor = await fixture.withRole('auditor', 'auditor');
  const { entries } = (await auditor.get('/v1/journal?limit=100')).json;
  const reasons = new Set(
    entries
      .filter(
        ({ body }: { body: { type: string; user: string } }) =>
          body.type === 'login.refused' && body.user === 'alice',
      )
      .map(({ body }: { body: { reason: string } }) => body.reason),
  );
  assert.deepEqual(reasons, new Set(['code_required', 'code_wrong', 'code_spent']));
});

test('a disabled user is refused as a wrong password is', async (t) => {
  const { fixture, logIn } = await victims(t, ['alice']);
  const admin = await fixture.withRole('chief', 'admin');
  const { users } = (await admin.get('/v1/admin/users?search=alice')).json;
  assert.equal((await admin.post(`/v1/admin/users/${users[0].id}/disable`)).status, 204);
  assert.deepEqual(await logIn('alice', PASSWORD), await logIn('nobody', WRONG));
});
