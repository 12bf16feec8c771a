/*
 * Goal: the operator's commands work on PostgreSQL as on a file: the owner creates the tables, a server runs with the least
 * rights, and the journal is exported and verified during and after its run.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Customer, expectOk } from '../e2e/customer.ts';
import { runServer } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { sello, selloJson } from '../services/sello-command.ts';

let server: PostgresServer;
before(async () => {
  server = await PostgresServer.start();
});
after(() => server.remove());

describe('on PostgreSQL', () => {
  test('migrate, serve with the least rights, pay, audit, doctor', async (t) => {
    const folder = await temporaryFolder(t);
    const { name, url: ownerUrl } = await server.createDatabase();
    await server.query("CREATE ROLE sello_server LOGIN PASSWORD 'secret-of-server'");
    const url = server.url(name, 'sello_server', 'secret-of-server');
    const flags = { '--data-dir': folder, '--store-url': url };
    const at = Object.entries(flags).flat();

    const early = await sello(['serve', ...at]);
    assert.equal(early.code, 3);
    assert.match(early.stderr, /run sello migrate with store_owner_url/);
    const migrated = await selloJson(['migrate', ...at, '--store-owner-url', ownerUrl]);
    assert.deepEqual([migrated.from, migrated.server_role], [0, 'sello_server']);
    assert.match(
      (await sello(['migrate', ...at, '--store-owner-url', ownerUrl, '--language', 'es'])).stdout,
      /ya tienen la versión/,
    );

    const running = await runServer(t, { folder, flags: { '--store-url': url } });
    const alice = new Customer('alice');
    await alice.arrive(await running.connect());
    await alice.fetchNonces(20);
    const sent = Array.from({ length: 20 }, (_, n) =>
      alice.send({ data: `CuentaA,CuentaB,${n + 1}.00`, idempotencyKey: `key ${n}` }),
    );
    for (const answer of await Promise.all(sent)) expectOk(answer);

    assert.deepEqual(await selloJson(['audit', 'verify', ...at]), { valid: true, entries: 22, users: 1 });
    const exported = await sello(['audit', 'export', '--user', 'alice', ...at]);
    assert.equal(exported.stdout.trimEnd().split('\n').length, 22);
    const verified = await sello(['audit', 'verify', '-', ...at], { stdin: exported.stdout });
    assert.equal(verified.code, 0, verified.stdout);
    const { checks } = await selloJson(['doctor', ...at]);
    assert.ok(
      checks.some(
        ({ check, level }: { check: string; level: string }) => check === 'store' && level === 'ok',
      ),
    );
    const refused = await sello(['backup', `${folder}/copy`, ...at]);
    assert.match(refused.stderr, /PostgreSQL/);
    assert.equal((await running.stop()).code, 0);
    assert.doesNotMatch(running.stderr + running.stdout, /secret-of-server/);

    assert.equal((await selloJson(['audit', 'verify', ...at])).entries, 22);
    await server.query(
      `UPDATE sello.journal SET body = replace(body, '3.00', '9.00') WHERE version = 5`,
      name,
    );
    const broken = await selloJson(['audit', 'verify', ...at], { code: 1 });
    assert.equal(broken.fault.reason, 'hash_mismatch');
    assert.equal(broken.fault.version, 5);
  });

  test('sello doctor names what is wrong with the database, and creates nothing', async (t) => {
    const folder = await temporaryFolder(t);
    const { name, url } = await server.createDatabase();
    const { checks } = await selloJson(['doctor', '--data-dir', folder, '--store-url', url], { code: 1 });
    const found = checks.map(({ found }: { found: string }) => found).join('\n');
    assert.match(found, /has no tables of Sello yet/);
    assert.doesNotMatch(found, /secret-/);
    assert.deepEqual(await server.query("SELECT to_regnamespace('sello') AS schema", name), [
      { schema: null },
    ]);
  });

  test('migrate on a file says that there is nothing to do', async (t) => {
    const run = await sello(['migrate', '--data-dir', await temporaryFolder(t)]);
    assert.equal(run.code, 3);
    assert.match(run.stderr, /brought up to date when its server starts/);
  });
});
