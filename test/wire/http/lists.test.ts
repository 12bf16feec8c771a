/*
 * Goal: every list is complete, page by page, and its cursors are useless elsewhere.
 * Method: the real HTTP server; cursors are changed and exchanged.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { canonicalJson } from '../../../src/domain/encoding/canonical-json.ts';
import { chainHash, GENESIS_HASH } from '../../../src/domain/journal/hash-chain.ts';
import { Authenticator } from '../../services/authenticator.ts';
import { type ApiUser, type Json, testHttp } from './http-fixture.ts';

const ORIGIN = 'https://sello.example';
const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

async function all(get: (path: string) => Promise<Json>, path: string, name: string): Promise<Json[]> {
  const found: Json[] = [];
  for (let cursor = ''; ; ) {
    const { json, text } = await get(`${path}${path.includes('?') ? '&' : '?'}limit=3${cursor}`);
    assert.ok(json[name], text);
    assert.ok(json[name].length <= 3);
    found.push(...json[name]);
    if (json.next_cursor === null) return found;
    cursor = `&cursor=${json.next_cursor}`;
  }
}

test('transactions page by page, for the user and for the service', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const made: string[] = [];
  for (let count = 0; count < 8; count++) {
    const { json } = await fixture.post('/v1/transactions', key, { ...TRANSFER, username: 'alice' });
    made.unshift(json.id);
    if (count % 2 === 0) await alice.post(`/v1/transactions/${json.id}/refusal`);
  }
  const ids = (found: Json[]) => found.map(({ id }) => id);
  const own = (path: string) => alice.get(path);
  const theirs = (path: string) => fixture.get(path, key);
  assert.deepEqual(ids(await all(theirs, '/v1/transactions', 'transactions')), made);
  assert.deepEqual(ids(await all(own, '/v1/transactions', 'transactions')).sort(), [...made].sort());
  for (const get of [own, theirs]) {
    const refused = await all(get, '/v1/transactions?status=refused', 'transactions');
    assert.equal(refused.length, 4);
    assert.ok(refused.every(({ status }) => status === 'refused'));
    const pending = await all(get, '/v1/transactions?status=pending', 'transactions');
    assert.equal(pending.length, 4);
  }
});

test('a cursor that was changed, or is of another list or caller, is refused', async (t) => {
  const fixture = await testHttp(t);
  const [alice, bob] = [await fixture.user('alice'), await fixture.user('bob')];
  for (let count = 0; count < 3; count++) await alice.post('/v1/transactions', TRANSFER);
  const { json } = await alice.get('/v1/transactions?limit=1');
  const cursor: string = json.next_cursor;
  const next = (user: ApiUser, path: string) => user.get(path);
  assert.equal((await next(alice, `/v1/transactions?limit=1&cursor=${cursor}`)).status, 200);
  const bytes = Buffer.from(cursor, 'base64url');
  const forged = Buffer.concat([Buffer.from('2'), bytes.subarray(1)]).toString('base64url');
  const bad = [
    next(alice, `/v1/transactions?cursor=${forged}`),
    next(alice, `/v1/transactions?cursor=${cursor}A`),
    next(alice, `/v1/transactions?cursor=${cursor.slice(1)}`),
    next(alice, '/v1/transactions?cursor=3'),
    next(alice, '/v1/transactions?cursor=AAAA%00'),
    next(alice, `/v1/transactions?status=pending&cursor=${cursor}`),
    next(alice, `/v1/journal?cursor=${cursor}`),
    next(bob, `/v1/transactions?cursor=${cursor}`),
  ];
  for (const answer of await Promise.all(bad)) {
    assert.deepEqual([answer.status, answer.json.code], [400, 'cursor_invalid']);
  }
  const twice = await next(alice, `/v1/transactions?cursor=${cursor}&cursor=${cursor}`);
  assert.equal(twice.json.code, 'message_invalid');
});

test('own entries of the journal, whose hashes chain; an auditor sees all or one user’s', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const auditor = await fixture.withRole('audit', 'auditor');
  for (let count = 0; count < 5; count++) await alice.post('/v1/transactions', TRANSFER);
  const own = await all((path) => alice.get(path), '/v1/journal', 'entries');
  assert.equal(own.length, 7);
  let previous = GENESIS_HASH;
  for (const { hash, body, position } of own.toReversed()) {
    assert.equal(chainHash(previous, canonicalJson(body)), hash);
    assert.equal(position, undefined);
    previous = hash;
  }
  const everything = await all((path) => auditor.get(path), '/v1/journal', 'entries');
  assert.deepEqual(
    everything.map(({ position }) => position),
    everything.map((_, index) => index + 1),
  );
  const ofAlice = await all((path) => auditor.get(path), '/v1/journal?user=alice', 'entries');
  assert.deepEqual(
    ofAlice.map(({ hash }) => hash),
    own.map(({ hash }) => hash),
  );
  for (const user of [alice, auditor]) {
    assert.equal((await user.get('/v1/journal?user=nobody')).json.code, 'user_unknown');
  }
  assert.equal((await alice.get('/v1/journal?user=audit')).json.code, 'user_unknown');
});

test('every list comes page by page, and each cursor is for its own list and caller', async (t) => {
  const fixture = await testHttp(t, { publicUrl: ORIGIN });
  const alice = await fixture.user('alice');
  const bob = await fixture.user('bob');
  const root = await fixture.withRole('root', 'admin');
  for (const type of ['totp', 'hotp', 'ocra']) await alice.post('/v1/tokens', { type });
  await fixture.logIn('alice');
  await fixture.logIn('alice');
  for (const name of ['shop', 'bank', 'vpn']) await fixture.service(name, 'codes:verify');
  const authenticators: Authenticator[] = [];
  for (let made = 0; made < 3; made++) {
    const [first] = authenticators;
    const proof = first ? await alice.passkeyProof(first) : {};
    const authenticator = new Authenticator(ORIGIN);
    authenticators.push(authenticator);
    const options = await alice.post('/v1/passkeys/options', {});
    const response = authenticator.register(options.json);
    assert.equal((await alice.post('/v1/passkeys', { response, ...proof })).status, 201);
  }
  const { id } = (await root.get('/v1/admin/users?search=alice')).json.users[0];
  const lists: readonly (readonly [ApiUser, string, string])[] = [
    [alice, '/v1/tokens', 'tokens'],
    [alice, '/v1/sessions', 'sessions'],
    [alice, '/v1/passkeys', 'passkeys'],
    [root, '/v1/admin/services', 'services'],
    [root, `/v1/admin/users/${id}/tokens`, 'tokens'],
  ];
  const cursors: string[] = [];
  for (const [caller, path, member] of lists) {
    const all = (await caller.get(path)).json;
    assert.deepEqual([all[member].length, all.next_cursor], [3, null], path);
    const first = (await caller.get(`${path}?limit=2`)).json;
    const rest = (await caller.get(`${path}?limit=2&cursor=${first.next_cursor}`)).json;
    assert.deepEqual([...first[member], ...rest[member]], all[member], path);
    assert.deepEqual([first[member].length, rest.next_cursor], [2, null], path);
    cursors.push(first.next_cursor);
  }
  for (const [index, [caller, path]] of lists.entries()) {
    const foreign = cursors[(index + 1) % cursors.length];
    assert.equal((await caller.get(`${path}?cursor=${foreign}`)).json.code, 'cursor_invalid', path);
  }
  const other = await bob.get(`/v1/tokens?cursor=${cursors[0]}`);
  assert.equal(other.json.code, 'cursor_invalid');
});
