/*
 * Goal: over the API nothing is lost by archiving, and an erased user is gone for everybody; an entry whose file is elsewhere
 * says so.
 * Method: the real HTTP server, with a sealer and an archive that are turned by hand.
 */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sealerOn } from '../../application/log/log-fixture.ts';
import { until } from '../../waiting.ts';
import { type ApiUser, type HttpFixture, type Json, testHttp } from './http-fixture.ts';

const SMALL = { payer: 'ES79-1', payee: 'DE89-2', amount: '10.00', currency: 'EUR' };

async function retained(t: TestContext) {
  const fixture = await testHttp(t);
  const { store, context } = fixture.application;
  const { sealer } = sealerOn(store, context.vault, { key: context.logKey });
  /** Fills a tile with entries of the system, seals, and archives all whole tiles. */
  const archive = async () => {
    await Promise.all(
      Array.from({ length: 256 }, () =>
        context.decider.submit({
          userId: 0,
          decide: (user) => ({
            result: undefined,
            ...(user ? { draft: { type: 'admin.rate_limited', state: user.state } } : {}),
          }),
        }),
      ),
    );
    await sealer.seal();
    const outcome = await context.retention.archive({ before: Number.MAX_SAFE_INTEGER });
    assert.ok(outcome !== 'busy' && outcome.pruned >= 256);
    return outcome.files;
  };
  return { fixture, archive };
}

async function idOf(admin: ApiUser, username: string): Promise<string> {
  const { json } = await admin.get(`/v1/admin/users?search=${username}`);
  return json.users.find((user: Json) => user.username === username)?.id ?? assert.fail(username);
}

async function erase(fixture: HttpFixture, admin: ApiUser, id: string) {
  return fixture.post(`/v1/admin/users/${id}/erase`, admin.token, {});
}

test('receipts, proofs, transactions and the journal of archived entries are as before', async (t) => {
  const { fixture, archive } = await retained(t);
  const alice = await fixture.user('alice');
  const made = await alice.post('/v1/transactions', await alice.proven(SMALL));
  assert.equal(made.json.status, 'approved', made.text);
  const path = `/v1/receipts/${made.json.id}`;
  const read = async () => ({
    claims: Buffer.from((await alice.get(path)).json.receipt.split('.')[1], 'base64url').toString(),
    transaction: (await alice.get(`/v1/transactions/${made.json.id}`)).json,
    journal: (await alice.get('/v1/journal')).json.entries,
  });
  const before = await read();
  const [file] = await archive();
  assert.deepEqual(await read(), before);
  assert.equal((await fixture.get(`${path}/proof`)).status, 200);
  assert.equal((await fixture.get(`${path}/proof`, alice.token)).status, 200);

  // The file is on another server.
  const place = join(dirname(fixture.application.sqlite?.path ?? ''), 'archive');
  await rename(join(place, file?.name ?? ''), join(place, 'elsewhere'));
  const entry = await until(async () => {
    const [first] = (await alice.get('/v1/journal')).json.entries;
    return first.content_absent === true ? first : undefined;
  });
  assert.deepEqual([entry.body.type, entry.hash], [before.journal[0].body.type, before.journal[0].hash]);
  const receipt = await alice.get(path);
  assert.equal(receipt.status, 503, receipt.text);
});

test('an administrator erases a user: nobody finds them, nobody else is touched, their name is free', async (t) => {
  const { fixture, archive } = await retained(t);
  const [admin, auditor] = [
    await fixture.withRole('root', 'admin'),
    await fixture.withRole('eve', 'auditor'),
  ];
  const alice = await fixture.user('alice');
  const bob = await fixture.user('bob');
  const shop = await fixture.service('shop', 'transactions:write', 'transactions:read');
  await alice.enrol('ocra');
  const paid = await bob.post('/v1/transactions', await bob.proven(SMALL));
  const asked = await fixture.post('/v1/transactions', shop, {
    ...SMALL,
    amount: '900.00',
    username: 'alice',
  });
  assert.equal(asked.json.status, 'pending', asked.text);
  const id = await idOf(admin, 'alice');

  assert.equal((await erase(fixture, admin, id)).json.code, 'transactions_waiting');
  assert.equal((await alice.get('/v1/journal')).status, 200, 'a refused erasure leaves them as they were');
  assert.equal((await fixture.post(`/v1/transactions/${asked.json.id}/cancellation`, shop, {})).status, 200);
  assert.equal((await erase(fixture, admin, await idOf(admin, 'root'))).json.code, 'own_account');
  assert.equal((await erase(fixture, auditor, id)).status, 404);
  assert.equal((await erase(fixture, alice, id)).status, 404);
  assert.equal((await erase(fixture, admin, '999')).json.code, 'user_unknown');
  await archive();

  assert.equal((await erase(fixture, admin, id)).status, 204);
  assert.equal((await erase(fixture, admin, id)).status, 204, 'a repeat is answered as the first');
  assert.equal(await fixture.application.context.retention.eraseAll(), true);
  assert.equal((await alice.get('/v1/journal')).status, 401);
  assert.deepEqual((await admin.get('/v1/admin/users?search=alice')).json.users, []);
  assert.equal((await admin.get(`/v1/admin/users/${id}`)).json.code, 'user_unknown');
  assert.equal(
    (await fixture.get(`/v1/transactions/${asked.json.id}`, shop)).json.code,
    'transaction_unknown',
  );
  const all: Json[] = (await auditor.get('/v1/journal?limit=100')).json.entries;
  const [hers] = all.filter(({ content_absent: absent }) => absent);
  assert.deepEqual([hers?.body.type, hers?.body.user], ['user.registered', '']);
  const said = (await auditor.get('/v1/admin/journal?type=admin.user_erased')).json.entries;
  assert.equal(said.length, 1);
  assert.ok(!JSON.stringify(said).includes('alice') && !JSON.stringify(said).includes('root'));
  assert.deepEqual([said[0].body.user, String(said[0].body.detail.erased)], ['system', id]);

  assert.equal((await bob.get(`/v1/receipts/${paid.json.id}`)).status, 200);
  assert.equal((await fixture.get(`/v1/receipts/${paid.json.id}/proof`)).status, 200);
  const again = await fixture.user('alice');
  assert.equal((await again.get('/v1/journal')).json.entries.at(-1).body.version, 1);
});

test('an auditor sees the state of the log, its witnesses and the archive', async (t) => {
  const { fixture, archive } = await retained(t);
  const auditor = await fixture.withRole('eve', 'auditor');
  const empty = (await auditor.get('/v1/admin/log')).json;
  assert.deepEqual([empty.checkpoint, empty.archive.archived, empty.witnesses], [null, 0, []]);
  assert.ok(empty.entries_waiting > 0);
  await archive();
  const { json } = await auditor.get('/v1/admin/log');
  assert.equal(json.entries_waiting, 0);
  assert.equal(json.verifier_key, (await fixture.get('/log/vkey')).text.trim());
  assert.equal(json.checkpoint.note, (await fixture.get('/log/checkpoint')).text);
  assert.ok(json.archive.archived >= 256);
  const stranger = await fixture.user('mallory');
  assert.equal((await stranger.get('/v1/admin/log')).status, 404);
});
