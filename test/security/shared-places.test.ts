/*
 * Goal: callers who take all the places they can get leave the server open to others: over TCP and HTTP, for event
 * streams, for requests that a proxy passes on, and for handshakes of the vault.
 * Method: real servers with few places; attackers and an honest client on addresses of loopback of their own.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { until } from '../waiting.ts';
import { type HttpFixture, testHttp } from '../wire/http/http-fixture.ts';
import { ALICE, startFixture } from '../wire/tcp/tcp-fixture.ts';

/** A silent connection. @returns the socket, once it is connected */
async function silent(t: TestContext, port: number, from: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

/** @returns the first line that the server answers */
function ask(port: number, from: string, message: object): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    socket.once('data', (bytes) => {
      resolve(JSON.parse(bytes.toString()));
      socket.destroy();
    });
    socket.write(`${JSON.stringify(message)}\n`);
  });
}

function getFrom(fixture: HttpFixture, path: string, from: string, headers = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(fixture.base + path, { localAddress: from, headers, agent: false }, resolve).once('error', reject);
  });
}

test('silent connections of two addresses do not keep a third from logging in over TCP', async (t) => {
  for (const name of ['connectionsBeforeLogInMax', 'connectionsMax']) {
    const { port, server } = await startFixture(t, { limits: { [name]: 60 } });
    for (let n = 0; n < 100; n++) await silent(t, port, `127.0.0.${2 + (n % 2)}`);
    await until(() => server.counters.connectionsAccepted + server.counters.connectionsRefused === 100);
    for (let n = 0; n < 10; n++) {
      assert.equal((await ask(port, `127.0.1.${n + 1}`, ALICE)).status, 'OK', `${name} ${n}`);
    }
  }
});

test('as many addresses as there are places: the newest connection still gets one', async (t) => {
  const { port, server } = await startFixture(t, { limits: { connectionsBeforeLogInMax: 20 } });
  for (let n = 0; n < 40; n++) await silent(t, port, `127.0.0.${2 + n}`);
  await until(() => server.counters.connectionsAccepted === 40);
  assert.equal(server.connectionsBeforeLogIn, 20);
  assert.equal((await ask(port, '127.0.1.1', ALICE)).status, 'OK');
});

test('logged-in connections of one address give way while they are idle', async (t) => {
  const { port, server } = await startFixture(t, {
    limits: { connectionsMax: 20, connectionsPerAddressMax: 20 },
  });
  const own: Socket[] = [];
  for (let n = 0; n < 20; n++) {
    const socket = await silent(t, port, `127.0.0.${2 + (n % 2)}`);
    socket.write(`${JSON.stringify(ALICE)}\n`);
    own.push(socket);
  }
  await until(() => server.connections - server.connectionsBeforeLogIn >= 15);
  for (let n = 0; n < 5; n++) assert.equal((await ask(port, `127.0.1.${n + 1}`, ALICE)).status, 'OK');
  assert.ok(own.filter(({ destroyed }) => destroyed).length <= 10, 'only as many as were needed');
});

test('connections of two addresses do not keep a third from HTTP', async (t) => {
  const fixture = await testHttp(t, { limits: { connections: { connectionsMax: 60 } } });
  const { port } = fixture.server.address();
  for (let n = 0; n < 100; n++) await silent(t, port, `127.0.0.${2 + (n % 2)}`);
  await until(() => fixture.server.dependencies.connections.count >= 38);
  for (let n = 0; n < 30; n++) {
    const socket = await silent(t, port, `127.0.1.${n + 1}`);
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    const [bytes] = await once(socket, 'data');
    assert.match(String(bytes), /^HTTP\/1.1 200/);
  }
  assert.ok(fixture.server.dependencies.connections.count <= 60);
});

test('the accounts of one address do not keep another from an event stream, nor a service', async (t) => {
  const fixture = await testHttp(t, {
    limits: { streams: { streamsMax: 24, operatedMax: 4, streamsPerCallerMax: 8 } },
  });
  const streamFrom = async (token: string, from: string) => {
    const answer = await getFrom(fixture, '/v1/events', from, { authorization: `Bearer ${token}` });
    t.after(() => answer.destroy());
    answer.on('error', () => undefined).resume();
    return answer;
  };
  for (let n = 0; n < 6; n++) {
    const { token } = await fixture.user(`mallory${n}`);
    for (let each = 0; each < 8; each++) await streamFrom(token, `127.0.0.${2 + (n % 2)}`);
  }
  const taken = fixture.server.dependencies.eventStreams.count;
  assert.ok(taken >= 16 && taken <= 24, `${taken}`);
  const alice = await fixture.user('alice');
  for (let n = 0; n < 8; n++) {
    assert.equal((await streamFrom(alice.token, `127.0.1.${n + 1}`)).statusCode, 200, `${n}`);
  }
  assert.equal(
    (await streamFrom(alice.token, '127.0.1.9')).statusCode,
    429,
    'an account has eight, whatever its address',
  );
  const key = await fixture.service('shop', 'transactions:read');
  assert.equal((await streamFrom(key, '127.0.0.2')).statusCode, 200);
});

test('behind a trusted proxy the client’s own address is what counts', async (t) => {
  const fixture = await testHttp(t, {
    proxyTrusted: ['127.0.0.1'],
    limits: { connections: { proxiedRequestsMax: 24 } },
  });
  const held: ClientRequest[] = [];
  const statuses: number[] = [];
  // Bodies that never end: each holds its request open until its time is over.
  for (let n = 0; n < 60; n++) {
    const each = request(`${fixture.base}/v1/users`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        'content-length': 100,
        'x-forwarded-for': `203.0.113.${1 + (n % 2)}`,
      },
    });
    each.on('error', () => undefined);
    each.on('response', (answer) => {
      statuses.push(answer.statusCode ?? 0);
      answer.resume();
    });
    each.write('{');
    held.push(each);
    t.after(() => each.destroy());
  }
  await until(() => statuses.length >= 60 - 24);
  assert.ok(
    statuses.every((status) => status === 429),
    statuses.join(),
  );
  for (let n = 0; n < 20; n++) {
    const answer = await getFrom(fixture, '/healthz', '127.0.0.1', { 'x-forwarded-for': `198.51.100.${n}` });
    assert.equal(answer.resume().statusCode, 200);
  }
});
