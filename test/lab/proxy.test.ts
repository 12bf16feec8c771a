/*
 * Goal: the proxy forwards everything unchanged except the transaction that it changes.
 * Method: a client and the real server with the proxy between them; the forwarded bytes are compared.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LabConnection } from '../../src/lab/connection.ts';
import { ManInTheMiddle, type PassedTransaction } from '../../src/lab/mitm/proxy.ts';
import { watchProxy } from '../../src/lab/mitm/proxy-watch.ts';
import { changing } from '../../src/lab/mitm/transfer-change.ts';
import { takeNonce, takeNonces } from '../../src/lab/nonces.ts';
import { ThrowawayUser } from '../../src/lab/throwaway-user.ts';
import { laboratory } from './laboratory.ts';

suite('man in the middle', () => {
  test('passes all but transactions on, byte by byte, and answers unchanged', async (t) => {
    const { target } = await laboratory(t);
    const passed: PassedTransaction[] = [];
    const proxy = await ManInTheMiddle.start(target.endpoint, {
      port: 0,
      tamper: changing({ part: 'payee', value: 'Mallory' }),
      onAnswer: (transaction) => passed.push(transaction),
    });
    t.after(() => proxy.stop());
    const user = await ThrowawayUser.register(target);
    const connection = await user.logIn(proxy.endpoint);
    t.after(() => connection.destroy());

    const odd = await connection.ask('{ "accion" : "pet_transaccion", "id": "é" }\n');
    assert.equal(odd.answer.id, 'é');
    const broken = await connection.ask('not json\n');
    assert.equal(broken.error, 'json_invalid');

    const [first = '', second = ''] = await takeNonces(connection, 2);
    const message = user.transaction('CuentaA , CuentaB,10.00', first, { id: 7 });
    const reply = await connection.ask(message);
    assert.equal(reply.error, 'mac_mismatch');
    assert.equal(passed[0]?.original, JSON.stringify(message));
    assert.deepEqual(JSON.parse(passed[0]?.sent ?? ''), { ...message, data: 'CuentaA ,Mallory,10.00' });

    proxy.tamper = undefined;
    const honest = await connection.ask(user.transaction('CuentaA,CuentaB,10.00', second));
    assert.equal(honest.status, 'OK');
    assert.equal(passed[1]?.changed, false);
  });

  test('alone: reports each transaction until its time is up, and the server holds', async (t) => {
    const { target } = await laboratory(t);
    const user = await ThrowawayUser.register(target);
    const stopped = new AbortController();
    const listening = Promise.withResolvers<number>();
    const watching = watchProxy(target.endpoint, {
      port: 0,
      change: { part: 'amount', value: '499.00' },
      timeMs: 20_000,
      signal: stopped.signal,
      onStart: listening.resolve,
      onStep: () => stopped.abort(),
    });
    const connection = await LabConnection.open({ host: '127.0.0.1', port: await listening.promise });
    await connection.ask({ accion: 'login', username: user.username, password: user.password });
    await connection.ask(user.transaction('CuentaA,CuentaB,1.00', await takeNonce(connection)));
    const verdict = await watching;
    assert.equal(verdict.held, true);
    assert.equal(verdict.steps.length, 1);
    assert.match(verdict.steps[0]?.sent ?? '', /CuentaA,CuentaB,499\.00/);
    assert.match(verdict.steps[0]?.received ?? '', /POSIBLE ATAQUE/);
    assert.equal(connection.closedAt === undefined && !(await connection.closedWithin(1_000)), false);
  });

  test('alone: a server that takes the change is BROKEN; its time ends it', async (t) => {
    const { target } = await laboratory(t, {
      breaking: (services) => ({
        ...services,
        authorise: async ({ transfer }) => ({
          transactionId: 'x',
          transfer,
          at: 0,
          version: 1,
          repeated: false,
        }),
      }),
    });
    const user = await ThrowawayUser.register(target);
    const listening = Promise.withResolvers<number>();
    const watching = watchProxy(target.endpoint, {
      port: 0,
      change: { part: 'payee', value: 'Mallory' },
      timeMs: 600,
      onStart: listening.resolve,
    });
    const connection = await user.logIn({ host: '127.0.0.1', port: await listening.promise });
    await connection.ask(user.transaction('CuentaA,CuentaB,1.00', await takeNonce(connection)));
    const verdict = await watching;
    assert.equal(verdict.held, false);
    assert.equal(verdict.figures.accepted, 1);
  });
});
