/*
 * Goal: a server that stops during pipelined load answers all that it accepted: every executed transfer was answered, none
 * was executed whose answer was not OK, and the process ends with code 0.
 * Method: each user has a hundred transfers under way and sends another one for each answer, until the server is gone.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { type ClientAnswer, ConnectionLost } from '../../src/client/tcp-client.ts';
import { LIMITS } from '../../src/limits.ts';
import { temporaryFolder } from '../services/application.ts';
import { CERTIFICATES } from '../services/certificates.ts';
import { Customer, expectOk } from './customer.ts';
import { readJournal } from './journal.ts';
import { runServer, ServerProcess } from './server-process.ts';

const USERS = 4;
const ROUNDS = 3;
/** Of each user. */
const OUTSTANDING = 100;

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} under load: executed is answered, and the process ends well`, async (t) => {
    const folder = await temporaryFolder(t);
    const counts = { ok: 0, refused: 0, unanswered: 0 };
    const acknowledged = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const server = await runServer(t, { folder });
      const begun = Promise.withResolvers<void>();
      const stopAt = counts.ok + 50 + Math.random() * 2_000;
      const lane = async (customer: Customer) => {
        for (let n = 0; customer.noncesLeft > 0; n++) {
          const answer = await settle(customer.send({ data: `CuentaA,${customer.username}-${n},0.01` }));
          if (answer?.status === 'OK') {
            acknowledged.add(String(answer.transaccion));
            if (++counts.ok > stopAt) begun.resolve();
          } else if (answer) {
            counts.refused++;
            assert.equal(answer.error, 'shutting_down');
            assert.ok(Number(answer.reintentar_ms) > 0);
          } else {
            counts.unanswered++;
            return;
          }
        }
      };
      const customers = Array.from({ length: USERS }, (_, index) => new Customer(`user${round}-${index}`));
      for (const customer of customers) {
        await customer.arrive(await server.connect());
        // More than are used until the stop.
        for (let n = 0; n < 3; n++) await customer.fetchNonces(900);
      }
      const working = customers.flatMap((customer) =>
        Array.from({ length: OUTSTANDING }, () => lane(customer)),
      );
      await begun.promise;
      assert.deepEqual(await server.stop(signal), { code: 0, signal: null }, server.stderr);
      await Promise.all(working);
    }
    const approved = (await readJournal(folder)).filter(({ type }) => type === 'transaction.approved');
    t.diagnostic(`${signal}: ${JSON.stringify(counts)}, ${approved.length} executed`);
    assert.deepEqual(new Set(approved.map(({ transaction }) => transaction?.id)), acknowledged);
  });
}

/** @returns undefined when the connection was lost before the answer came */
async function settle(request: Promise<ClientAnswer>): Promise<ClientAnswer | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ConnectionLost) return undefined;
    throw error;
  }
}

test('SIGTERM while it starts, and while twenty log-ins wait for their password', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder });
  const client = await server.connect();
  await new Customer('alice').arrive(client);
  const logIns = Array.from({ length: 20 }, async () => {
    const own = await server.connect();
    return settle(own.request({ accion: 'login', username: 'alice', password: 'secreto' }));
  });
  await delay(100);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  const answers = await Promise.all(logIns);
  const accepted = answers.filter((answer) => answer?.status === 'OK').length;
  const entries = (await readJournal(folder)).filter(({ type }) => type === 'login.accepted').length;
  assert.equal(entries, accepted + 1, 'each log-in that was recorded was answered');

  for (const afterMs of [150, 250, 350]) {
    const starting = ServerProcess.launch({ folder });
    t.after(() => starting.kill());
    await delay(afterMs);
    const { code, signal } = await starting.stop();
    // Before the program has taken charge of its signals, the signal itself ends it.
    assert.ok(code === 0 || signal === 'SIGTERM', `${code} ${signal} ${starting.stderr}`);
  }
  await (await runServer(t, { folder })).stop();
});

test('idle, silent and half-open connections do not hold the end up', async (t) => {
  const server = await runServer(t, { folder: await temporaryFolder(t) });
  const alice = new Customer('alice');
  await alice.arrive(await server.connect());
  const sockets = await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      const socket = connectPlain({ host: '127.0.0.1', port: server.port, allowHalfOpen: true });
      socket.on('error', () => {});
      await once(socket, 'connect');
      if (n % 3 === 1) socket.write('{"accion":"log');
      if (n % 3 === 2) socket.pause();
      return socket;
    }),
  );
  const startedAt = performance.now();
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  const ms = performance.now() - startedAt;
  for (const socket of sockets) socket.destroy();
  assert.ok(ms < LIMITS.drainTimeMs / 2, `it took ${ms} ms`);
});

describe('TLS', () => {
  test('SIGHUP takes new certificates into use, keeps sessions, and keeps the old ones when the new are no good', async (t) => {
    const folder = await temporaryFolder(t);
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const install = async (name: 'first' | 'second') => {
      await copyFile(join(CERTIFICATES, `${name}.cert.pem`), certFile);
      await copyFile(join(CERTIFICATES, `${name}.key.pem`), keyFile);
    };
    await install('first');
    const server = await runServer(t, {
      folder: join(folder, 'data'),
      flags: { '--tls-cert-file': certFile, '--tls-key-file': keyFile },
    });
    const ca = await readFile(join(CERTIFICATES, 'first.cert.pem'));
    const client = await server.connect({ tls: { ca } });
    const alice = new Customer('alice');
    await alice.arrive(client);
    await alice.fetchNonces(3);
    const first = await fingerprint(server);

    await install('second');
    server.child.kill('SIGHUP');
    await server.logged(/TLS certificate reloaded/);
    assert.notEqual(await fingerprint(server), first);
    expectOk(await alice.send({ data: 'CuentaA,CuentaB,1.00' }));

    const second = await fingerprint(server);
    await writeFile(certFile, 'no certificate');
    server.child.kill('SIGHUP');
    await server.logged(/TLS certificate not reloaded/);
    assert.equal(await fingerprint(server), second);
    expectOk(await alice.send({ data: 'CuentaA,CuentaB,1.00' }));
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  function fingerprint(server: ServerProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }

  test('SIGHUP without TLS changes nothing', async (t) => {
    const server = await runServer(t, { folder: await temporaryFolder(t) });
    server.child.kill('SIGHUP');
    await delay(50);
    await new Customer('alice').arrive(await server.connect());
  });
});
