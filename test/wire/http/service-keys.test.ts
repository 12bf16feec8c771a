/*
 * Goal: a service's key is recognised by what its holder has in hand, says when it was last used, and opens nothing from its
 * end on; an end that was changed in the database is found.
 * Method: the real HTTP server under a stopped clock; the database changed by hand.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { expiringKeys } from '../../../src/application/services/expiring-keys.ts';
import { openSqliteReader } from '../../../src/compose.ts';
import { verifyStoredJournal } from '../../../src/operator/audit/stored-journal.ts';
import { StoppedClock } from '../../services/application.ts';
import { testHttp } from './http-fixture.ts';

const START = Date.UTC(2026, 2, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SCOPES = ['transactions:read'];

const after = (ms: number) => new Date(START + ms).toISOString();

test('the hint is the beginning of the key; an end is shown, counts to the millisecond, and may be chosen at a rotation', async (t) => {
  const clock = new StoppedClock(START);
  const fixture = await testHttp(t, { clock });
  await fixture.withRole('root', 'admin');
  // Access tokens last for minutes of this clock.
  const again = async () => {
    const user = await fixture.logIn('root');
    await fixture.prove(user);
    return user;
  };
  let root = await again();
  const body = { name: 'shop', scopes: SCOPES, expires_at: after(HOUR_MS) };
  const { key } = (await root.post('/v1/admin/services', body)).json;
  const keys = async () => (await root.get('/v1/admin/services')).json.services[0].keys;
  const [shown] = await keys();
  assert.equal(shown.hint, key.slice(0, 10));
  assert.deepEqual([shown.expires_at, shown.last_used_at], [after(HOUR_MS), null]);

  const list = (token: string) => fixture.get('/v1/transactions', token);
  clock.advance(HOUR_MS - 1);
  assert.equal((await list(key)).status, 200);
  clock.advance(1);
  // What was looked up within the last second is not believed beyond the end.
  const expired = await list(key);
  assert.deepEqual([expired.status, expired.json.code], [401, 'service_key_expired']);
  assert.match(expired.headers.get('www-authenticate') ?? '', /invalid_token/);

  root = await again();
  const rotated = await root.post('/v1/admin/services/shop/keys', { expires_at: after(3 * HOUR_MS) });
  assert.equal((await list(rotated.json.key)).status, 200);
  const endless = await root.post('/v1/admin/services/shop/keys');
  clock.advance(2 * HOUR_MS);
  assert.equal((await list(rotated.json.key)).json.code, 'service_key_expired');
  assert.equal((await list(endless.json.key)).status, 200);

  root = await again();
  for (const expires_at of [after(0), after(3 * HOUR_MS), after(4_000 * DAY_MS)]) {
    const refused = await root.post('/v1/admin/services/shop/keys', { expires_at });
    assert.deepEqual([refused.status, refused.json.code], [422, 'service_invalid'], expires_at);
  }
  assert.equal((await root.post('/v1/admin/services/shop/keys', { expires_at: 'soon' })).status, 400);
});

test('the last use is recorded behind, at most once an hour, and learns the hint of a key of before', async (t) => {
  const clock = new StoppedClock(START);
  const fixture = await testHttp(t, { clock });
  const { context } = fixture.application;
  const key = await fixture.service('shop', ...SCOPES);
  const database = new DatabaseSync(fixture.application.sqlite?.path ?? assert.fail());
  t.after(() => database.close());
  // As an earlier version leaves it.
  database.exec('DELETE FROM service_key_facts');
  const facts = async () => (await context.store.listServices())[0]?.keys[0];
  const use = async () => {
    assert.equal((await fixture.get('/v1/transactions', key)).status, 200);
    await context.serviceKeyUses.flush();
  };
  assert.deepEqual([(await facts())?.hint, (await facts())?.lastUsedAt], [undefined, undefined]);
  await use();
  assert.deepEqual([(await facts())?.hint, (await facts())?.lastUsedAt], [key.slice(0, 10), START]);
  clock.advance(HOUR_MS - 1);
  // What was looked up is forgotten, so that the store is asked.
  await fixture.service('another', ...SCOPES);
  await use();
  assert.equal((await facts())?.lastUsedAt, undefined, 'the first by name is another');
  const shop = async () => (await context.store.listServices()).find(({ name }) => name === 'shop')?.keys[0];
  assert.equal((await shop())?.lastUsedAt, START);
  clock.advance(1);
  await fixture.service('third', ...SCOPES);
  await use();
  assert.equal((await shop())?.lastUsedAt, START + HOUR_MS);
});

test('a store that does not answer keeps uses waiting; a refused key records none', async (t) => {
  const fixture = await testHttp(t);
  const { context } = fixture.application;
  const { serviceKeyUses, store } = context;
  const key = await fixture.service('shop', ...SCOPES);
  await fixture.get('/v1/transactions', key);
  await fixture.get('/v1/transactions', `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`);
  const record = store.recordServiceKeyUses.bind(store);
  t.mock.method(store, 'recordServiceKeyUses', () => Promise.reject(new Error('down')), { times: 1 });
  await assert.rejects(serviceKeyUses.flush(), /down/);
  let recorded = 0;
  t.mock.method(store, 'recordServiceKeyUses', (uses: Parameters<typeof record>[0]) => {
    recorded += uses.length;
    return record(uses);
  });
  await serviceKeyUses.flush();
  assert.equal(recorded, 1);
});

test('keys that expire within two weeks are warned of, those of disabled services are not', async (t) => {
  const clock = new StoppedClock(START);
  const fixture = await testHttp(t, { clock });
  const root = await fixture.withRole('root', 'admin');
  for (const [name, expires_at] of [
    ['soon', after(13 * DAY_MS)],
    ['later', after(15 * DAY_MS)],
    ['never', undefined],
    ['off', after(DAY_MS)],
  ])
    await root.post('/v1/admin/services', { name, scopes: SCOPES, ...(expires_at ? { expires_at } : {}) });
  await root.post('/v1/admin/services/off/disable');
  const warned = expiringKeys(await fixture.application.context.store.listServices(), START);
  assert.deepEqual(
    warned.map(({ service, expiresAt }) => [service, expiresAt]),
    [['soon', START + 13 * DAY_MS]],
  );
});

test('an audit finds an end that was changed or taken away, and an end of its own making', async (t) => {
  const fixture = await testHttp(t);
  const root = await fixture.withRole('root', 'admin');
  const expires_at = new Date(Date.now() + DAY_MS).toISOString();
  await root.post('/v1/admin/services', { name: 'shop', scopes: SCOPES, expires_at });
  await root.post('/v1/admin/services/shop/keys');
  const path = fixture.application.sqlite?.path ?? assert.fail();
  const database = new DatabaseSync(path);
  t.after(() => database.close());
  const fault = async () => {
    const reader = await openSqliteReader(path);
    try {
      return (await verifyStoredJournal(reader)).rowFault?.detail;
    } finally {
      await reader.close();
    }
  };
  assert.equal(await fault(), undefined);
  database.exec('UPDATE service_key_facts SET last_used_at = 7');
  assert.equal(await fault(), undefined);
  const saved = database.prepare('SELECT hash, expires_at FROM service_key_facts').all();
  for (const change of ['expires_at = 0', 'expires_at = expires_at + 1']) {
    database.exec(`UPDATE service_key_facts SET ${change}`);
    assert.match((await fault()) ?? '', /does not expire when the entry/, change);
    const undo = database.prepare('UPDATE service_key_facts SET expires_at = ? WHERE hash = ?');
    for (const { hash, expires_at: at } of saved) undo.run(at ?? 0, hash ?? '');
  }
  database.exec('DELETE FROM service_key_facts');
  assert.match((await fault()) ?? '', /does not expire when the entry/);
});
