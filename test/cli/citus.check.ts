/*
 * Goal: the operator's commands work on a coordinator with two workers as on one server: the tables are distributed by command, a server
 * runs with the least rights, and its journal is verified, erased from and verified again.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Customer, expectOk } from '../e2e/customer.ts';
import { runServer } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { addCitus, citusMissing, startCitus } from '../services/citus.ts';
import type { PostgresServer } from '../services/postgres.ts';
import { sello, selloJson } from '../services/sello-command.ts';

describe('on Citus', { skip: citusMissing() ?? false }, () => {
  const servers: PostgresServer[] = [];
  after(async () => {
    for (const server of servers) await server.remove();
  });

  test('migrate --distribute, serve with the least rights, pay, audit, erase, audit', async (t) => {
    while (servers.length < 3) servers.push(await startCitus());
    const [coordinator, ...workers] = servers as [PostgresServer, ...PostgresServer[]];
    const { name, url: ownerUrl } = await coordinator.createDatabase();
    await coordinator.query("CREATE ROLE sello_server LOGIN PASSWORD 'secret-of-server'");
    for (const worker of workers) {
      for (const role of [name, 'sello_server']) await worker.query(`CREATE ROLE ${role} LOGIN`);
      await worker.query(`CREATE DATABASE ${name} OWNER ${name}`);
      await worker.query('CREATE EXTENSION citus', name);
    }
    const folder = await temporaryFolder(t);
    const url = coordinator.url(name, 'sello_server', 'secret-of-server');
    const at = ['--data-dir', folder, '--store-url', url];
    const distribute = ['migrate', '--distribute', ...at, '--store-owner-url', ownerUrl];

    const early = await sello(distribute);
    assert.equal(early.code, 3);
    assert.match(early.stderr, /has no Citus: install it on all nodes/);
    await addCitus(coordinator, name, workers);
    const { distributed } = await selloJson(distribute);
    assert.deepEqual(distributed, { shards: 4, nodes: 2, already: false });
    assert.match(
      (await sello([...distribute, '--language', 'es'])).stdout,
      /ya están distribuidas: 4 fragmentos, 2 nodos/,
    );

    const running = await runServer(t, { folder, flags: { '--store-url': url } });
    for (const who of ['alice', 'bob', 'carol']) {
      const customer = new Customer(who);
      await customer.arrive(await running.connect());
      await customer.fetchNonces(20);
      const sent = Array.from({ length: 20 }, (_, n) =>
        customer.send({ data: `CuentaA,CuentaB,${n + 1}.00`, idempotencyKey: `key ${n}` }),
      );
      for (const answer of await Promise.all(sent)) expectOk(answer);
    }
    assert.deepEqual(await selloJson(['audit', 'verify', ...at]), { valid: true, entries: 66, users: 3 });
    const exported = await sello(['audit', 'export', '--user', 'bob', ...at]);
    assert.equal(exported.stdout.trimEnd().split('\n').length, 22);
    const erased = await sello(['user', 'erase', 'bob', '--yes', ...at]);
    assert.equal(erased.code, 0, erased.stderr);
    const { valid } = await selloJson(['audit', 'verify', ...at]);
    assert.equal(valid, true);
    assert.equal((await running.stop()).code, 0);
  });
});
