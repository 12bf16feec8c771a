/*
 * Goal: an administrator creates users and auditors, with a password or with a one-time link, whatever the registration;
 * nobody else does, and no administrator is made this way.
 * Method: the real HTTP server; the journal read back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOf } from '../../application/decisions/rewired.ts';
import { StoppedClock } from '../../services/application.ts';
import { type HttpFixture, PASSWORD, testHttp } from './http-fixture.ts';

const CLOSED = { '--registration-open': 'false' };
const DAY_MS = 86_400_000;

const logIn = (fixture: HttpFixture, username: string, password: string) =>
  fixture.post('/v1/sessions', undefined, { username, password });

test('with a password: they log in at once, and the journal names the administrator', async (t) => {
  const fixture = await testHttp(t, { flags: CLOSED });
  const root = await fixture.withRole('root', 'admin');
  const made = await root.post('/v1/admin/users', { username: 'vera', role: 'auditor', password: PASSWORD });
  assert.deepEqual([made.status, made.json.role, made.json.invitation], [201, 'auditor', null]);
  assert.equal((await logIn(fixture, 'vera', PASSWORD)).status, 201);
  const [first] = await entriesOf(fixture.application.context, Number(made.json.id));
  assert.deepEqual(
    [first?.type, first?.detail?.by, first?.detail?.role],
    ['user.registered', 'root', 'auditor'],
  );
});

test('by link: nothing opens the account before it is used, it works once, and expires in a day', async (t) => {
  const clock = new StoppedClock(Date.UTC(2026, 2, 1));
  const fixture = await testHttp(t, { flags: CLOSED, clock });
  const root = await fixture.withRole('root', 'admin');
  const made = await root.post('/v1/admin/users', { username: 'vera' });
  assert.equal(made.status, 201, made.text);
  const { reset, link } = made.json.invitation;
  assert.ok(link.endsWith(`/console#reset=${reset}`));
  for (const guess of ['', reset, 'vera'].filter((each) => each !== ''))
    assert.equal((await logIn(fixture, 'vera', guess)).json.code, 'credentials_invalid');
  const set = { reset, password: PASSWORD };
  assert.equal((await fixture.post('/v1/password-resets', undefined, set)).json.username, 'vera');
  assert.equal((await logIn(fixture, 'vera', PASSWORD)).status, 201);
  assert.equal((await fixture.post('/v1/password-resets', undefined, set)).json.code, 'reset_unknown');

  const late = await root.post('/v1/admin/users', { username: 'late' });
  clock.advance(DAY_MS);
  const expired = { reset: late.json.invitation.reset, password: PASSWORD };
  assert.equal((await fixture.post('/v1/password-resets', undefined, expired)).json.code, 'reset_unknown');
});

test('a repeat gets the same link and creates nobody; the same key for another request is refused', async (t) => {
  const fixture = await testHttp(t);
  const root = await fixture.withRole('root', 'admin');
  const other = await fixture.withRole('second', 'admin');
  const headers = { 'idempotency-key': 'k' };
  const first = await root.post('/v1/admin/users', { username: 'vera' }, headers);
  const again = await root.post('/v1/admin/users', { username: 'vera' }, headers);
  assert.deepEqual(again.json, first.json);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal((await fixture.application.context.store.listUsers({ after: 0, limit: 10 })).length, 3);
  const asAuditor = await root.post('/v1/admin/users', { username: 'vera', role: 'auditor' }, headers);
  assert.equal(asAuditor.json.code, 'idempotency_mismatch');
  const withPassword = { username: 'vera', password: PASSWORD };
  assert.equal((await root.post('/v1/admin/users', withPassword, headers)).json.code, 'idempotency_mismatch');
  assert.equal(
    (await other.post('/v1/admin/users', { username: 'vera' }, headers)).json.code,
    'username_taken',
  );
});

test('names and passwords are checked as at a registration; no administrator is made, and only one makes', async (t) => {
  const fixture = await testHttp(t);
  const root = await fixture.withRole('root', 'admin');
  const auditor = await fixture.withRole('vera', 'auditor');
  for (const [body, code] of [
    [{ username: 'vera' }, 'username_taken'],
    [{ username: ' x' }, 'username_invalid'],
    [{ username: 'system' }, 'username_invalid'],
    [{ username: 'x', password: 'short' }, 'password_too_short'],
    [{ username: 'x', role: 'admin' }, 'message_invalid'],
  ] as const)
    assert.equal((await root.post('/v1/admin/users', body)).json.code, code, JSON.stringify(body));
  assert.equal((await auditor.post('/v1/admin/users', { username: 'x' })).status, 404);
  assert.equal((await fixture.post('/v1/admin/users', undefined, { username: 'x' })).status, 401);
  const key = await fixture.service('shop', 'users:read');
  assert.equal((await fixture.post('/v1/admin/users', key, { username: 'x' })).status, 404);
});

test('it asks for a fresh code of the administrator', async (t) => {
  const clock = new StoppedClock(Date.UTC(2026, 2, 1));
  const fixture = await testHttp(t, { clock });
  const root = await fixture.withRole('root', 'admin');
  clock.advance(600_000);
  assert.match((await root.post('/v1/admin/users', { username: 'x' })).json.code, /required$/);
});
