/*
 * Goal: the TCP protocol does what docs/protocol.md says.
 * Method: whole conversations, of the first version and of this one, on services that a test scripts (tcp-fixture.ts).
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { refuse, StoreUnavailable, VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { ALICE, Client, fixtureNonce, startFixture } from './tcp-fixture.ts';

const DATA = 'CuentaA,CuentaB,100.0';
const MAC = 'ab'.repeat(32);

test('a client of the first version: register, log in, challenge, transaction, log out', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.connect(t, port);
  assert.equal((await client.ask({ accion: 'register', username: 'bob', password: 'secreto' })).status, 'OK');
  const taken = await client.ask({ accion: 'register', username: 'bob', password: 'secreto' });
  assert.equal(taken.status, 'ERROR');
  assert.equal(typeof taken.mensaje, 'string');
  const wrong = await client.ask({ accion: 'login', username: 'bob', password: 'otra' });
  assert.deepEqual([wrong.status, wrong.error], ['ERROR', 'credentials_invalid']);
  const logIn = await client.ask({ accion: 'login', username: 'bob', password: 'secreto' });
  assert.deepEqual(logIn, { status: 'OK', mensaje: 'Sesión iniciada', sesion: 'secret-of-bob' });

  client.send({ accion: 'pet_transaccion' });
  assert.equal(await client.text(), `{"status":"OK","nonce":"${fixtureNonce(0)}"}`);
  await client.ask({ accion: 'pet_transaccion' });
  const done = await client.ask({ accion: 'transaccion', data: DATA, mac: MAC });
  assert.deepEqual(done, {
    status: 'OK',
    mensaje: `Transferencia registrada: ${DATA}`,
    transaccion: 't1',
    importe: '100.00',
    moneda: 'EUR',
  });
  const [request] = services.requests;
  assert.equal(request?.challenge, fixtureNonce(1), 'the challenge issued last');
  assert.equal(Buffer.from(request?.mac?.message ?? []).toString(), DATA + fixtureNonce(1));
  assert.equal(request?.mac?.value, MAC);
  assert.deepEqual(request?.transfer, {
    payer: 'CuentaA',
    payee: 'CuentaB',
    amount: '100.00',
    currency: 'EUR',
  });
  assert.deepEqual(
    { code: request?.code, idempotency: request?.idempotency },
    { code: undefined, idempotency: undefined },
  );

  assert.equal((await client.ask({ accion: 'logout' })).status, 'OK');
  assert.equal((await client.ask({ accion: 'logout' })).error, 'session_required');
});

test('a log-in and a resumption tell a user whose account is being given to a new device', async (t) => {
  const { port, services } = await startFixture(t);
  services.recovered = true;
  const client = await Client.connect(t, port);
  const logIn = await client.ask({ accion: 'login', username: 'alice', password: 'secreto' });
  assert.equal(logIn.status, 'OK');
  assert.match(String(logIn.aviso), /otro dispositivo/);
  assert.equal((await client.ask({ accion: 'reanudar', sesion: 'secret-of-alice' })).aviso, logIn.aviso);
});

test('the extensions: id, nonce, codigo, idempotencia, recibo, cantidad, reanudar', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.connect(t, port);
  assert.equal((await client.ask({ accion: 'reanudar', sesion: 'nothing' })).error, 'session_ended');
  assert.deepEqual(await client.ask({ accion: 'reanudar', sesion: 'secret-of-alice', id: 7 }), {
    status: 'OK',
    mensaje: 'Sesión reanudada',
    id: 7,
  });
  const { nonces } = await client.ask({ accion: 'pet_transaccion', cantidad: 3 });
  assert.deepEqual(nonces, [0, 1, 2].map(fixtureNonce));
  assert.deepEqual((await client.ask({ accion: 'pet_transaccion', cantidad: 1 })).nonces, [fixtureNonce(3)]);
  const answer = await client.ask({
    accion: 'transaccion',
    data: ' CuentaA , CuentaB,100 , JPY',
    nonce: fixtureNonce(1),
    codigo: '012345',
    idempotencia: 'key',
    recibo: true,
    id: 'a"b',
  });
  assert.deepEqual(answer, {
    status: 'OK',
    mensaje: 'Transferencia registrada:  CuentaA , CuentaB,100 , JPY',
    transaccion: 't1',
    importe: '100',
    moneda: 'JPY',
    recibo: 'e30.e30.c2ln',
    id: 'a"b',
  });
  const canonical = '{"amount":"100","currency":"JPY","payee":"CuentaB","payer":"CuentaA","v":1}';
  const [request] = services.requests;
  assert.equal(request?.mac, undefined);
  assert.equal(request?.code, '012345');
  assert.deepEqual(request?.idempotency, {
    key: 'key',
    digest: createHash('sha256').update(canonical).digest('hex'),
  });
});

test('the digest of an idempotent request is of what it asks, not of how it proves it', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  const base = { accion: 'transaccion', idempotencia: 'k' };
  await client.ask({ ...base, data: 'A,B,1', nonce: fixtureNonce(1), mac: MAC });
  await client.ask({ ...base, data: 'A, B, 1.00, EUR', nonce: fixtureNonce(2), codigo: '1' });
  await client.ask({ ...base, data: 'A,B,1.01', nonce: fixtureNonce(1), mac: MAC });
  const [first, same, other] = services.requests.map((request) => request.idempotency?.digest);
  assert.equal(first, same);
  assert.notEqual(first, other);
});

test('a repeated answer says so; a refusal carries status, code and time', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  const message = { accion: 'transaccion', data: DATA, nonce: fixtureNonce(1), mac: MAC };
  services.outcome = async ({ transfer }) => ({
    transactionId: 'x',
    transfer,
    at: 0,
    version: 1,
    repeated: true,
  });
  assert.deepEqual(await client.ask(message), {
    status: 'OK',
    mensaje: `Transferencia registrada: ${DATA}`,
    transaccion: 'x',
    importe: '100.00',
    moneda: 'EUR',
    repetida: true,
  });
  for (const code of ['mac_mismatch', 'challenge_spent', 'challenge_unknown'] as const) {
    services.outcome = async () => refuse(code);
    const answer = await client.ask(message);
    assert.deepEqual([answer.status, answer.error], ['POSIBLE ATAQUE', code]);
    assert.ok(!('reintentar_ms' in answer));
  }
  services.outcome = async () => refuse('locked', { retryAfterMs: 29_999.2 });
  const locked = await client.ask(message);
  assert.deepEqual([locked.status, locked.error, locked.reintentar_ms], ['ERROR', 'locked', 30_000]);
});

test('without a session: refused; a session that ended elsewhere is none here', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.connect(t, port);
  for (const message of [
    { accion: 'pet_transaccion' },
    { accion: 'transaccion', data: DATA },
    { accion: 'logout' },
  ]) {
    const answer = await client.ask(message);
    assert.deepEqual([answer.status, answer.error], ['ERROR', 'session_required']);
  }
  await client.ask(ALICE);
  services.outcome = async () => refuse('session_ended');
  const message = { accion: 'transaccion', data: DATA, nonce: fixtureNonce(1) };
  assert.equal((await client.ask(message)).error, 'session_ended');
  assert.equal((await client.ask(message)).error, 'session_required');
});

test('a transaction that answers no challenge, or what no server issues', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  const message = { accion: 'transaccion', data: DATA, mac: MAC };
  assert.equal((await client.ask(message)).error, 'challenge_missing');
  for (const nonce of [
    '',
    'x',
    '","payee":"Mallory',
    fixtureNonce(1).toUpperCase().replace('0', 'A'),
    'ab'.repeat(2_000),
  ]) {
    const answer = await client.ask({ ...message, nonce });
    assert.deepEqual([answer.status, answer.error], ['POSIBLE ATAQUE', 'challenge_unknown'], nonce);
  }
  await client.ask({ accion: 'pet_transaccion' });
  await client.ask(ALICE);
  assert.equal((await client.ask(message)).error, 'challenge_missing', 'a challenge goes with its session');
  assert.equal(services.requests.length, 0);
});

test('what cannot be read of a transfer is refused before anything is evaluated', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  await client.ask({ accion: 'pet_transaccion' });
  const cases: [string, string][] = [
    ['', 'data_invalid'],
    ['A,B', 'data_invalid'],
    ['A,B,1,EUR,x', 'data_invalid'],
    [`A,B,${' '.repeat(LIMITS.dataBytesMax)}1`, 'data_invalid'],
    ['A,,1', 'account_invalid'],
    ['A,B,1e3', 'amount_invalid'],
    ['A,B,1,XXQ', 'currency_unknown'],
  ];
  for (const [data, error] of cases)
    assert.equal((await client.ask({ accion: 'transaccion', data, mac: MAC })).error, error, data);
  assert.equal(services.requests.length, 0);
});

test('an outage and a bug are answered as unavailable; a bug is logged once, without what was sent', async (t) => {
  const { port, services, log } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  const message = { accion: 'transaccion', data: DATA, nonce: fixtureNonce(1), codigo: '314159' };
  const thrown = [
    new StoreUnavailable('disk full'),
    new VaultUnavailable('no slot'),
    new TypeError('cannot read 314159'),
  ];
  for (const error of thrown) {
    services.outcome = async () => {
      throw error;
    };
    for (let n = 0; n < 3; n++) {
      const { status, error: code, reintentar_ms } = await client.ask(message);
      assert.deepEqual([status, code, reintentar_ms], ['ERROR', 'unavailable', 1_000]);
    }
  }
  assert.deepEqual(
    log.map(({ level }) => level),
    ['error', 'error', 'error'],
  );
  assert.match(JSON.stringify(log), /disk full.*no slot.*TypeError/);
  assert.doesNotMatch(JSON.stringify(log), /314159/);
  services.outcome = undefined;
  assert.equal((await client.ask(message)).status, 'OK', 'the connection goes on');
});

test('every plain answer is under the bound at the bounds of every input', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  services.outcome = async ({ transfer }) => ({
    transactionId: 'x'.repeat(32),
    transfer,
    at: 0,
    version: 1,
    repeated: true,
  });
  const id = '"'.repeat(LIMITS.idBytesMax);
  const account = '"'.repeat(LIMITS.accountBytesMax);
  const filler = LIMITS.dataBytesMax - 2 * LIMITS.accountBytesMax - 3;
  const data = `${account},${account},${'\t'.repeat(filler)}1`;
  assert.equal(Buffer.byteLength(data), LIMITS.dataBytesMax);
  const messages: object[] = [
    { accion: 'pet_transaccion' },
    { accion: 'transaccion', data, nonce: fixtureNonce(1), mac: 'f'.repeat(3_000) },
    { accion: 'transaccion', data: '€'.repeat(1_000), nonce: fixtureNonce(1) },
    { accion: 'x'.repeat(7_000) },
    { accion: 'register', username: '"'.repeat(1_000), password: '\u0001'.repeat(1_000) },
    { accion: 'login', username: '"'.repeat(1_000), password: '\u0001'.repeat(1_000) },
    { accion: 'reanudar', sesion: '"'.repeat(3_000) },
    { accion: 'logout' },
  ];
  for (const message of messages) {
    client.send({ ...message, id });
    const text = await client.text();
    assert.ok(Buffer.byteLength(text) + 1 < LIMITS.answerBytesMax, `${Buffer.byteLength(text)}: ${text}`);
    assert.equal(JSON.parse(text).id, id);
  }
  assert.equal(services.requests.length, 1);
});
