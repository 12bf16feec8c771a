/*
 * Goal: no client makes the server store, compute or wait beyond its bounds, and other clients are not delayed.
 * Method: the TCP server on services without cryptography that a test holds back (tcp-fixture.ts), with small limits.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { refuse } from '../../../src/domain/errors.ts';
import { until } from '../../waiting.ts';
import { ALICE, Client, fixtureNonce, startFixture } from './tcp-fixture.ts';

/** Longer than a busy machine leaves this process without its turn: a message within it is no idleness. */
const IDLE_MS = 600;
const RUBBISH = 'rubbish\n';

function transfer(more: object = {}): object {
  return { accion: 'transaccion', data: 'A,B,1', nonce: fixtureNonce(0), ...more };
}

test('a line over the bound: answered, closed, and nothing after it is carried out', async (t) => {
  const { port, services } = await startFixture(t, { limits: { lineBytesMax: 200 } });
  const client = await Client.loggedIn(t, port);
  client.send(`${'x'.repeat(201)}\n`, transfer());
  const answer = await client.answer();
  assert.deepEqual([answer.status, answer.error], ['ERROR', 'line_too_long']);
  await client.closed;
  assert.ok(client.ended);
  assert.equal(services.requests.length, 0);
});

test('an endless line is answered and closed while it is still being sent', async (t) => {
  const { port, server } = await startFixture(t);
  const client = await Client.connect(t, port);
  const chunk = Buffer.alloc(65_536, 'x');
  const before = process.memoryUsage().rss;
  let sent = 0;
  while (!client.socket.closed && sent < 64 * 1_048_576) {
    sent += chunk.length;
    if (!client.socket.write(chunk))
      await Promise.race([new Promise((resolve) => client.socket.once('drain', resolve)), client.closed]);
  }
  assert.equal((await client.answer()).error, 'line_too_long');
  await client.closed;
  await until(() => server.connections === 0);
  assert.ok(process.memoryUsage().rss - before < 64 * 1_048_576);
});

test('too many errors: the next one is answered and closes; an OK answer takes one back', async (t) => {
  const { port, services } = await startFixture(t, { limits: { connectionErrorsMax: 3 } });
  const client = await Client.loggedIn(t, port);
  for (let round = 0; round < 10; round++) {
    for (const message of [RUBBISH, { accion: 'x' }, { accion: 'transaccion' }]) {
      assert.notEqual((await client.ask(message)).error, 'errors_too_many');
    }
    for (let n = 0; n < 3; n++) assert.equal((await client.ask(transfer())).status, 'OK');
  }
  services.requests.length = 0;
  client.send(RUBBISH, RUBBISH, RUBBISH, RUBBISH, transfer(), RUBBISH);
  const answers = await client.answers(4);
  assert.deepEqual(
    answers.map(({ error }) => error),
    ['json_invalid', 'json_invalid', 'json_invalid', 'errors_too_many'],
  );
  await client.closed;
  assert.equal(client.unread, 0);
  assert.equal(services.requests.length, 0);
});

test('a client that keeps sending after the last answer can still read it', async (t) => {
  const { port } = await startFixture(t, { limits: { connectionErrorsMax: 3 } });
  const client = await Client.connect(t, port);
  client.send(RUBBISH.repeat(500_000));
  const answers = await client.answers(4);
  assert.equal(answers.at(-1)?.error, 'errors_too_many');
  await client.closed;
  assert.ok(client.ended, 'closed, not reset');
});

test('ordinary refusals do not count as errors', async (t) => {
  const { port, services } = await startFixture(t, { limits: { connectionErrorsMax: 3 } });
  const client = await Client.loggedIn(t, port);
  services.errorsLeft = 0;
  for (const code of ['bound_code_required', 'challenge_expired', 'busy', 'locked', 'unavailable'] as const) {
    services.outcome = async () => refuse(code);
    for (let n = 0; n < 4; n++) assert.equal((await client.ask(transfer())).error, code);
  }
  services.errorsLeft = 10;
  services.outcome = async () => refuse('code_wrong');
  for (let n = 0; n < 10; n++) assert.equal((await client.ask(transfer())).error, 'code_wrong');
  const limited = await client.ask(transfer());
  assert.deepEqual(
    [limited.error, limited.reintentar_ms],
    ['rate_limited', 1500],
    'guesses count for their address',
  );
  await client.closed;
});

test('an address with too many errors must wait, on each of its connections', async (t) => {
  const { port, services } = await startFixture(t);
  services.errorsLeft = 1;
  const client = await Client.connect(t, port);
  assert.equal((await client.ask(RUBBISH)).error, 'json_invalid');
  for (const each of [client, await Client.connect(t, port)]) {
    const answer = await each.ask(RUBBISH);
    assert.deepEqual([answer.status, answer.error, answer.reintentar_ms], ['ERROR', 'rate_limited', 1500]);
    await each.closed;
  }
});

test('a limiter that fails does not take the answer with it', async (t) => {
  const { port, services } = await startFixture(t);
  services.takeError = async () => {
    throw new Error('down');
  };
  const client = await Client.connect(t, port);
  assert.equal((await client.ask(RUBBISH)).error, 'json_invalid');
});

test('connections beyond the bounds get an error: in all, per address, before log-in', async (t) => {
  for (const name of ['connectionsMax', 'connectionsPerAddressMax', 'connectionsBeforeLogInMax']) {
    const { port, server } = await startFixture(t, { limits: { [name]: 3 } });
    const clients = [
      await Client.connect(t, port),
      await Client.connect(t, port),
      await Client.connect(t, port),
    ];
    await until(() => server.connections === 3);
    const refused = await Client.connect(t, port);
    const answer = await refused.answer();
    assert.deepEqual(
      [answer.status, answer.error, answer.reintentar_ms],
      ['ERROR', 'connections_too_many', 1_000],
      name,
    );
    await refused.closed;

    const [first] = clients;
    if (name === 'connectionsBeforeLogInMax') {
      await first?.ask(ALICE);
      assert.equal(server.connectionsBeforeLogIn, 2);
    } else {
      first?.socket.destroy();
      await until(() => server.connections === 2);
    }
    const next = await Client.connect(t, port);
    assert.equal((await next.ask(ALICE)).status, 'OK', `${name}: the place is free again`);
    assert.equal(server.counters.connectionsRefused, 1);
  }
});

test('log-out counts a connection as before log-in again; closing gives its place back once', async (t) => {
  const { port, server } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  assert.deepEqual([server.connections, server.connectionsBeforeLogIn], [1, 0]);
  await client.ask({ accion: 'logout' });
  assert.deepEqual([server.connections, server.connectionsBeforeLogIn], [1, 1]);
  client.socket.destroy();
  await until(() => server.connections === 0);
  assert.equal(server.connectionsBeforeLogIn, 0);
});

test('many connections come and go', async (t) => {
  const { port, server } = await startFixture(t);
  const clients = await Promise.all(Array.from({ length: 300 }, () => Client.loggedIn(t, port)));
  assert.equal(server.connections, 300);
  const answers = await Promise.all(clients.map((client) => client.ask(transfer())));
  assert.ok(answers.every(({ status }) => status === 'OK'));
  for (const client of clients) client.socket.destroy();
  await until(() => server.connections === 0);
  assert.equal(server.connectionsBeforeLogIn, 0);
});

test('a client that does not log in in time is disconnected, however much it sends; others stay', async (t) => {
  const { port, server } = await startFixture(t, { limits: { logInTimeMs: 120 } });
  const quiet = await Client.connect(t, port);
  const busy = await Client.connect(t, port);
  const member = await Client.loggedIn(t, port);
  const chatter = setInterval(() => busy.send({ accion: 'pet_transaccion' }), 10);
  t.after(() => clearInterval(chatter));
  await Promise.all([quiet.closed, busy.closed]);
  assert.ok(quiet.ended);
  assert.equal(quiet.unread, 0, 'a client must not take it for the answer to its next message');
  assert.equal((await member.ask(transfer())).status, 'OK');
  assert.equal(server.counters.timeouts, 2);
});

test('an idle connection is closed, and bytes that make no message do not keep it', async (t) => {
  const { port, server } = await startFixture(t, { limits: { idleTimeMs: IDLE_MS } });
  const idle = await Client.loggedIn(t, port);
  const dripping = await Client.loggedIn(t, port);
  const working = await Client.loggedIn(t, port);
  const drip = setInterval(() => dripping.send('x'), 20);
  const work = setInterval(() => working.send(transfer()), 40);
  t.after(() => {
    clearInterval(drip);
    clearInterval(work);
  });
  await Promise.all([idle.closed, dripping.closed]);
  await until(() => server.connections === 1);
  assert.equal(server.counters.timeouts, 2);
});

test('a message that takes long is not idleness', async (t) => {
  const { port, services } = await startFixture(t, { limits: { idleTimeMs: IDLE_MS } });
  const client = await Client.loggedIn(t, port);
  services.hold();
  client.send(transfer());
  await until(() => services.held === 1);
  await new Promise((resolve) => setTimeout(resolve, 2 * IDLE_MS));
  services.release();
  assert.equal((await client.answer()).status, 'OK');
  assert.equal((await client.ask(transfer())).status, 'OK', 'the connection goes on');
});

test('slow input, byte by byte', async (t) => {
  const { port } = await startFixture(t);
  const client = await Client.connect(t, port);
  for (const byte of Buffer.from(`${JSON.stringify({ ...ALICE, extra: 'ñ€😀' })}\r\n`)) {
    client.send(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.equal((await client.answer()).status, 'OK');
});

test('pending messages are bounded: no more start, and reading stops', async (t) => {
  const { port, services } = await startFixture(t, { limits: { pendingMessagesMax: 10 } });
  const client = await Client.loggedIn(t, port);
  services.hold();
  const total = 40_000;
  const line = (id: number) => `${JSON.stringify(transfer({ id, filler: 'x'.repeat(400) }))}\n`;
  client.send(Array.from({ length: total }, (_, id) => line(id)).join(''));
  await until(() => services.held === 10);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(services.held, 10);
  assert.ok(client.socket.writableLength > 0, 'what is not read stays with the client');
  services.release();
  const seen = new Set((await client.answers(500)).map(({ id }) => id));
  assert.equal(seen.size, 500, 'it goes on where it stopped');
});

test('pending bytes are bounded', async (t) => {
  const { port, services } = await startFixture(t, { limits: { pendingBytesMax: 5_000 } });
  const client = await Client.loggedIn(t, port);
  services.hold();
  for (let id = 0; id < 20; id++) client.send(transfer({ id, filler: 'x'.repeat(900) }));
  await until(() => services.held === 4);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(services.held, 4);
  services.release();
  assert.equal((await client.answers(20)).length, 20);
});

test('long answers are not all made at once', async (t) => {
  const { port, services } = await startFixture(t, { limits: { outputBytesMax: 200_000 } });
  const client = await Client.loggedIn(t, port);
  services.hold();
  client.send(...Array.from({ length: 20 }, (_, id) => ({ accion: 'pet_transaccion', cantidad: 1_000, id })));
  await until(() => services.held === 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(services.held, 2);
  services.release();
  assert.equal((await client.answers(20)).length, 20);
});

test('a reader that stops reading is slowed, then cut off; its answers are not piled up', async (t) => {
  const { port, server, services } = await startFixture(t, { limits: { slowReaderTimeMs: 200 } });
  const client = await Client.loggedIn(t, port);
  client.socket.pause();
  const line = JSON.stringify({ accion: 'pet_transaccion', cantidad: 1_024, id: 1 });
  client.send(`${line}\n`.repeat(3_000));
  await until(() => server.connections === 0);
  assert.equal(server.counters.slowReaders, 1);
  const asked = services.trace.filter((step) => step === '> challenges').length;
  assert.ok(asked < 300, `${asked} of 3000 were answered to nobody`);
});

test('output beyond its bound is not kept, however fast it came', async (t) => {
  const { port, server, services } = await startFixture(t, {
    limits: { outputBytesMax: 20_000, slowReaderTimeMs: 60_000 },
  });
  services.outcome = async ({ transfer: made }) => ({
    transactionId: 'x'.repeat(16 * 1_048_576),
    transfer: made,
    at: 0,
    version: 1,
    repeated: false,
  });
  const client = await Client.loggedIn(t, port);
  client.socket.pause();
  client.send(transfer());
  await until(() => server.connections === 0);
  assert.equal(server.counters.slowReaders, 1);
});

test('a slow reader that does read gets everything', async (t) => {
  const { port } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  client.socket.pause();
  const line = JSON.stringify({ accion: 'pet_transaccion', cantidad: 1_024, id: 1 });
  client.send(`${line}\n`.repeat(100));
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.socket.resume();
  const answers = await client.answers(100);
  assert.ok(answers.every(({ nonces }) => (nonces as string[]).length === 1_024));
});

test('half-open: what was sent before the end is answered, then the server ends too', async (t) => {
  const { port, services, server } = await startFixture(t);
  const client = await Client.connect(t, port, { allowHalfOpen: true });
  await client.ask(ALICE);
  services.hold();
  client.send(transfer({ id: 1 }), transfer({ id: 2 }), transfer(), transfer());
  client.socket.end();
  await until(() => services.held === 3);
  services.release();
  assert.deepEqual(
    (await client.answers(4)).map(({ status }) => status),
    ['OK', 'OK', 'OK', 'OK'],
  );
  await client.closed;
  await until(() => server.connections === 0);
});

test('a message cut off by the end is answered, not carried out', async (t) => {
  const { port, services } = await startFixture(t);
  const client = await Client.connect(t, port, { allowHalfOpen: true });
  await client.ask(ALICE);
  client.send(JSON.stringify(transfer()));
  client.socket.end();
  assert.equal((await client.answer()).error, 'json_invalid');
  await client.closed;
  assert.equal(client.unread, 0);
  assert.equal(services.requests.length, 0);
});

test('a client that disconnected: its unstarted messages do not start', async (t) => {
  const { port, services, server } = await startFixture(t);
  const client = await Client.loggedIn(t, port);
  services.hold();
  client.send(transfer(), transfer(), transfer());
  await until(() => services.held === 1);
  client.socket.resetAndDestroy();
  await until(() => server.connections === 0);
  services.release();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(services.requests.length, 1);
});

test('random bytes, in random chunks, never stop the server', async (t) => {
  const { port, server } = await startFixture(t, { limits: { lineBytesMax: 300 } });
  const alphabet = fc.oneof(fc.constantFrom(10, 13, 34, 123, 125, 91, 92, 58, 0, 255), fc.nat({ max: 255 }));
  const noise = fc.array(alphabet, { maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  const message = fc.json().map((text) => Buffer.from(`${text}\n`));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(noise, message), { maxLength: 8 }), async (chunks) => {
      const client = await Client.connect(t, port);
      for (const chunk of chunks) client.send(chunk);
      client.socket.end();
      await client.closed;
      while (client.unread > 0) assert.ok((await client.answer()).status === 'ERROR');
    }),
    { numRuns: 150 },
  );
  await until(() => server.connections === 0);
  assert.equal((await (await Client.connect(t, port)).ask(ALICE)).status, 'OK');
  assert.equal(server.counters.failures, 0);
});

test('it does not listen where it must not, or cannot, and says how to mend it', async (t) => {
  const refused = (options: object, message: RegExp) =>
    assert.rejects(startFixture(t, options), { name: 'StartRefused', message });
  await refused({ host: '0.0.0.0' }, /0\.0\.0\.0.*in the clear.*tls.*plaintext_allowed/);
  await refused({ host: '::' }, /in the clear/);
  await refused({ proxyTrusted: ['10.0.0.0/33'] }, /10\.0\.0\.0\/33/);
  await refused({ tls: { certFile: '/nonexistent.pem', keyFile: '/nonexistent.pem' } }, /nonexistent\.pem/);
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  await refused({ port: typeof address === 'object' ? address?.port : 0 }, /port is in use/);
  await startFixture(t, { host: '0.0.0.0', plaintextAllowed: true });
  await startFixture(t, { host: 'localhost' });
});
