/*
 * Goal: auditors and administrators search entries, transactions and users by each filter, page by page, and take what they
 * found away as a file, which is on record.
 * Method: the real HTTP server.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { JournalFigures } from '../../../src/application/search/journal-figures.ts';
import { JournalIndexer } from '../../../src/application/search/journal-indexer.ts';
import { StoppedClock } from '../../services/application.ts';
import { type ApiUser, type Json, testHttp } from './http-fixture.ts';

const RENT = { payer: 'ES79-1', payee: 'DE89 3704-2', amount: '450.00', currency: 'EUR' };

async function paid(user: ApiUser, transfer: object): Promise<Json> {
  const { status, json, text } = await user.post(
    '/v1/transactions',
    await user.proven({ ...RENT, ...transfer }),
  );
  assert.equal(status, 201, text);
  return json;
}

async function pages(reader: ApiUser, path: string, name: string): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ''; ; ) {
    const { json, text } = await reader.get(`${path}${path.includes('?') ? '&' : '?'}limit=2${cursor}`);
    assert.ok(json[name], text);
    found.push(...json[name]);
    if (json.next_cursor === null) return found;
    cursor = `&cursor=${json.next_cursor}`;
  }
}

test('entries are found by each filter, in both orders, and a filter that nobody fits finds nothing', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const auditor = await fixture.withRole('reader', 'auditor');
  const [alice, bob] = [await fixture.user('alice'), await fixture.user('bob')];
  const first = await paid(alice, { amount: '10.00' });
  clock.advance(60_000);
  await paid(bob, { payee: 'Café Ñandú', amount: '99.90' });
  await fixture.post('/v1/sessions', undefined, { username: 'bob', password: 'guessed it' });
  const since = new Date(clock.now()).toISOString();
  const told = async (query: string, path = '/v1/admin/journal') =>
    (await pages(auditor, `${path}?${query}`, 'entries')).map(({ body }) => `${body.user} ${body.type}`);

  const paths = ['/v1/admin/journal', '/v1/journal'];
  for (const path of paths) {
    assert.deepEqual(await told(`transaction=${first.id}`, path), ['alice transaction.approved']);
    assert.deepEqual(await told('payee=704&type=transaction.*', path), ['alice transaction.approved']);
    assert.deepEqual(await told('text=cafe%20NANDU', path), ['bob transaction.approved']);
    assert.deepEqual(await told('amount_min=10.01&amount_max=100', path), ['bob transaction.approved']);
    assert.deepEqual(await told('reason=credentials_invalid', path), ['bob login.refused']);
    assert.deepEqual(await told('type=*.refused,key.rotated', path), ['bob login.refused']);
    assert.deepEqual(await told('user=alice&type=login.*', path), ['alice login.accepted']);
    assert.deepEqual(await told('text=nowhere', path), []);
    assert.deepEqual(await told('address=192.0.2.1', path), []);
  }
  assert.deepEqual(await told(`from=${since}`), ['bob login.refused', 'bob transaction.approved']);
  assert.deepEqual(await told(`from=${since}&order=oldest`), [
    'bob transaction.approved',
    'bob login.refused',
  ]);
  assert.equal((await told(`to=${since}`)).includes('bob login.refused'), false);
  const page = (await auditor.get('/v1/admin/journal?text=nowhere')).json;
  assert.deepEqual([page.indexed_to, page.next_cursor], [0, null]);
  assert.ok(Date.parse(page.searched_to) > 0);

  const admin = await fixture.withRole('chief', 'admin');
  assert.equal(
    (await pages(admin, '/v1/journal', 'entries')).every(({ body }) => body.user === 'chief'),
    true,
  );
  assert.deepEqual((await pages(admin, '/v1/journal?all=true&user=bob&type=*.refused', 'entries')).length, 1);
  assert.equal((await alice.get('/v1/journal?type=login.*')).status, 400);
  for (const query of [
    'type=nonsense',
    'amount_min=-1',
    'from=yesterday',
    'text=a%20b%20c%20d%20e%20f%20g%20h%20i',
  ]) {
    assert.equal((await auditor.get(`/v1/admin/journal?${query}`)).status, 400, query);
  }
  assert.equal((await auditor.get('/v1/admin/journal?user=nobody')).json.code, 'user_unknown');
});

test('transactions are found by amount, currency, text, time and service', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const auditor = await fixture.withRole('reader', 'auditor');
  const alice = await fixture.user('alice');
  await paid(alice, { amount: '10.00' });
  clock.advance(60_000);
  const since = new Date(clock.now()).toISOString();
  await paid(alice, { amount: '99.90', payee: 'Café Ñandú' });
  const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const asked = await fixture.post('/v1/transactions', key, { ...RENT, username: 'alice' });
  const { services } = (await (await fixture.withRole('chief', 'admin')).get('/v1/admin/services')).json;
  const amounts = async (query: string) =>
    (await pages(auditor, `/v1/admin/transactions?${query}`, 'transactions')).map(({ amount }) => amount);
  assert.deepEqual(await amounts('amount_max=50'), ['10.00']);
  assert.deepEqual(await amounts('amount_min=50&amount_max=450.00&order=oldest'), ['99.90', '450.00']);
  assert.deepEqual(await amounts('text=nandu'), ['99.90']);
  assert.deepEqual(await amounts('currency=USD'), []);
  assert.deepEqual(await amounts(`from=${since}&status=approved`), ['99.90']);
  assert.deepEqual(await amounts('status=pending'), ['450.00']);
  assert.deepEqual(await amounts('user=nobody'), []);
  const ofService = `service=${services[0].id}`;
  assert.deepEqual(await amounts(ofService), ['450.00']);
  assert.deepEqual(await amounts(`${ofService}&status=approved`), []);
  await alice.post(`/v1/transactions/${asked.json.id}/refusal`);
  assert.deepEqual(await amounts(`${ofService}&status=refused&payee=3704`), ['450.00']);
  assert.deepEqual(await amounts('status=refused'), ['450.00']);
});

test('users are found by name, role, state, token and last log-in, and sorted', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const { store } = fixture.application;
  const admin = await fixture.withRole('chief', 'admin');
  for (const name of ['dora', 'anna', '4711']) await fixture.user(name);
  const names = async (query: string) =>
    (await pages(admin, `/v1/admin/users?${query}`, 'users')).map(({ username }) => username);
  assert.deepEqual(await names(''), ['chief', 'dora', 'anna', '4711']);
  assert.deepEqual(await names('sort=name'), ['4711', 'anna', 'chief', 'dora']);
  assert.deepEqual(await names('sort=-name&prefix=d'), ['dora']);
  assert.deepEqual(await names('search=nn&role=user'), ['anna']);
  assert.deepEqual(await names('locked=true'), []);
  for (let guess = 0; guess < 3; guess++) {
    await fixture.post('/v1/sessions', undefined, { username: 'dora', password: 'guessed it' });
  }
  assert.deepEqual(await names('locked=true'), ['dora'], 'before it is counted');
  clock.advance(1_000);
  await fixture.logIn('anna');
  const indexer = new JournalIndexer({ store, clock, holder: 'test' });
  await indexer.catchUp();
  await indexer.stop();
  assert.deepEqual(await names('locked=true'), ['dora']);
  assert.deepEqual(await names('locked=false&sort=name'), ['4711', 'anna', 'chief']);
  const before = (await admin.get('/v1/admin/overview')).json;
  assert.equal(before.users.locked, 1);
  assert.deepEqual((await names('sort=-last_login')).slice(0, 1), ['anna']);
  assert.deepEqual(await names(`last_login_from=${new Date(clock.now()).toISOString()}`), ['anna']);
  assert.deepEqual(await names('token=true'), []);
  const { users } = (await admin.get('/v1/admin/users?search=anna')).json;
  assert.equal(users[0].last_login_at, new Date(clock.now()).toISOString());
  const { users: dora } = (await admin.get('/v1/admin/users?search=dora')).json;
  await admin.post(`/v1/admin/users/${dora[0].id}/unlock`);
  assert.deepEqual(await names('locked=true'), []);
  await admin.post(`/v1/admin/users/${dora[0].id}/disable`);
  assert.deepEqual(await names('disabled=true'), ['dora']);
});

test('the figures are of the whole journal: another server and a restart change none', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock });
  const { store, context } = fixture.application;
  const alice = await fixture.user('alice');
  const figures = async () => {
    const { lastMinute, lastHour, lastDay, countedUntil } = await new JournalFigures(context).read();
    return [lastMinute.approved, lastHour.approved, lastDay.approved, countedUntil ?? null];
  };
  await paid(alice, {});
  assert.deepEqual(await figures(), [1, 1, 1, null]);
  clock.advance(61_000);
  await paid(alice, {});
  const indexer = new JournalIndexer({ store, clock, holder: 'test' });
  await indexer.catchUp();
  assert.deepEqual(await figures(), [1, 2, 2, null]);
  clock.advance(3_600_000);
  await paid(await fixture.logIn('alice'), {});
  assert.deepEqual(await figures(), [1, 1, 3, null]);
  await indexer.catchUp();
  assert.deepEqual(await figures(), [1, 1, 3, null], 'counted, and the same');
  clock.advance(23 * 3_600_000);
  assert.deepEqual((await figures()).slice(0, 3), [0, 0, 1]);
  await indexer.stop();
});

test('what is found is taken away as CSV and NDJSON, bounded by who asks, and each file is on record', async (t) => {
  const fixture = await testHttp(t);
  const auditor = await fixture.withRole('reader', 'auditor');
  const alice = await fixture.user('alice');
  await paid(alice, { payee: '=1+1 "x"', amount: '10.00' });
  await paid(alice, { payee: 'plain', amount: '20.00' });
  const entries = await auditor.get(
    '/v1/admin/journal/selection?format=ndjson&type=transaction.*&order=oldest',
  );
  assert.match(entries.headers.get('content-type') ?? '', /ndjson/);
  const lines = entries.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ body }) => body.transaction.amount),
    ['10.00', '20.00'],
  );
  const csv = await auditor.get('/v1/admin/transactions/selection?format=csv&amount_max=10');
  const [head, row, end] = csv.text.split('\r\n');
  assert.match(head ?? '', /^id,user,status,amount,/);
  assert.match(row ?? '', /,alice,approved,10\.00,EUR,"'=1\+1 ""x""",/);
  assert.equal(end, '');
  const users = await auditor.get('/v1/admin/users/selection?format=csv&role=auditor');
  assert.match(users.text, /^id,username,.*\r\n\d+,reader,auditor,false,/);
  const { json } = await auditor.get('/v1/admin/journal?type=admin.exported');
  assert.deepEqual(
    json.entries.map(({ body }: Json) => [body.detail.by, body.detail.list, body.detail.format]),
    [
      ['reader', 'users', 'csv'],
      ['reader', 'transactions', 'csv'],
      ['reader', 'journal', 'ndjson'],
    ],
  );
  assert.match(json.entries[1].body.detail.filter, /amount_max=10/);
  for (const list of ['journal', 'transactions', 'users']) {
    assert.equal((await alice.get(`/v1/admin/${list}/selection?format=csv`)).status, 404);
    assert.equal((await auditor.get(`/v1/admin/${list}/selection?format=pdf`)).status, 400);
  }
});
