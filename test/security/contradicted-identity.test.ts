/*
 * Goal: whoever changes the row of somebody's keys shows nobody other keys, and no level that nobody gave them: the directory
 * says what the entries say, or nothing.
 * Method: the real HTTP server; its SQLite file is changed by another connection while it runs, column by column.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { makeIdentityKeys, publicJwksOf } from '../../src/client/messages/identity-keys.ts';
import { testHttp } from '../wire/http/http-fixture.ts';
import { Person } from '../wire/http/messages-fixture.ts';

/** How long a change waits while the server writes. */
const LOCKED_MS_MAX = 10_000;

test('a row of keys, or of their level, that its entries do not say is an operating failure wherever it would be shown', async (t) => {
  const fixture = await testHttp(t, { logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const alice = await Person.make(fixture, 'alice');
  const bob = await Person.make(fixture, 'bob');
  const admin = await fixture.withRole('root', 'admin');
  const { sqlite, context } = fixture.application;
  const change = (set: string, ...values: string[]) => {
    const database = new DatabaseSync(sqlite?.path ?? assert.fail(), { timeout: LOCKED_MS_MAX });
    database.prepare(`UPDATE identities SET ${set} WHERE user_id = 1`).run(...values);
    database.close();
  };
  const shown = async () => {
    const ways = ['', '/attestation', '/certificate'].map((way) =>
      bob.user.get(`/v1/identities/alice${way}`),
    );
    return (await Promise.all(ways)).map(({ status }) => status);
  };
  const level = async () => (await bob.user.get('/v1/identities/alice')).json.level;
  const refusedWhile = async (what: string, set: string, back: string, ...values: string[]) => {
    const before = context.contradictions.count;
    change(set, ...values);
    assert.deepEqual(await shown(), [503, 503, 503], what);
    assert.ok(context.contradictions.count >= before + 3, what);
    change(back);
  };

  const other = await publicJwksOf(await makeIdentityKeys());
  const own = await publicJwksOf(alice.keys);
  const swapped = JSON.stringify(other.seal_jwk);
  const stored = JSON.stringify(own.seal_jwk);
  await refusedWhile(
    'a swapped key under its own thumbprint',
    'seal_jwk = ?',
    `seal_jwk = '${stored}'`,
    swapped,
  );
  await refusedWhile('a level by a factor', "level = 'factor'", "level = 'self_asserted'");

  change("level = 'operator', seen = 'passport', verified_by = 'root'");
  assert.equal(await level(), 'self_asserted', 'no entry says it');
  change("level = 'self_asserted', seen = '', verified_by = ''");

  const verification = { sign: alice.keys.signKey, seen: 'passport …3456' };
  assert.equal((await admin.post('/v1/admin/identities/alice/verification', verification)).status, 204);
  assert.equal(await level(), 'operator');
  await refusedWhile('something else was seen', "seen = 'his word'", "seen = 'passport …3456'");
  await refusedWhile('somebody else saw it', "verified_by = 'eve'", "verified_by = 'root'");
  assert.deepEqual(await shown(), [200, 200, 200]);
});
