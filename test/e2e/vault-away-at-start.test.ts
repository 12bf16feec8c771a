/*
 * Goal: a server starts while its vault is away, does what needs no vault, refuses the rest in time and says so, and
 * recovers by itself; a wrong configuration is still refused. Method: the real server and the real vault, killed or
 * stopped before the start; a port where another program listens.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { selloJson } from '../services/sello-command.ts';
import { callerFlags, runVault, type VaultProcess } from '../services/vault.ts';
import { until } from '../waiting.ts';
import { Customer, expectOk, PASSWORD } from './customer.ts';
import { httpAddress } from './http-address.ts';
import { runServer, ServerProcess } from './server-process.ts';

/** On a machine that is busy with other tests. */

interface Before {
  readonly data: string;
  readonly vault: VaultProcess;
  readonly alice: Customer;
  /** Of a browser, and of a program, from before the restart. */
  readonly cookie: string;
  readonly csrfToken: string;
  /** Waits for alice. */
  readonly pending: string;
  readonly accessToken: string;
  readonly serviceKey: string;
}

/** A server that had its vault, customers and callers, and was stopped. */
async function served(t: TestContext): Promise<Before> {
  const folder = await temporaryFolder(t);
  const data = join(folder, 'data');
  const vault = await runVault(t, join(folder, 'vault'));
  const server = await runServer(t, { folder: data, flags: callerFlags(vault) });
  const alice = new Customer('alice');
  await alice.arrive(await server.connect());
  for (const payee of ['P0', 'P1']) {
    await alice.fetchNonces(1);
    expectOk(await alice.send({ data: `CuentaA,${payee},1.00` }));
  }
  const service = await selloJson([
    'service',
    'create',
    'shop',
    '--scope',
    'transactions:read',
    '--scope',
    'transactions:write',
    '--data-dir',
    data,
  ]);
  const base = await httpAddress(server);
  const body = JSON.stringify({ username: 'alice', password: PASSWORD });
  const headers = { 'content-type': 'application/json' };
  const browser = await fetch(`${base}/v1/browser-sessions`, { method: 'POST', headers, body });
  const session = await fetch(`${base}/v1/sessions`, { method: 'POST', headers, body });
  const { csrf_token: csrfToken } = (await browser.json()) as { csrf_token: string };
  const { access_token: accessToken } = (await session.json()) as { access_token: string };
  const cookie = browser.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const asked = await fetch(`${base}/v1/transactions`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${service.key}` },
    body: JSON.stringify({ username: 'alice', payer: 'CuentaA', payee: 'P9', amount: '9.00' }),
  });
  const { id: pending } = (await asked.json()) as { id: string };
  assert.equal(asked.status, 202);
  await server.stop();
  return { data, vault, alice, cookie, csrfToken, pending, accessToken, serviceKey: service.key };
}

function asker(base: string) {
  return async (path: string, headers: Record<string, string> = {}, body?: object) => {
    const response = await fetch(`${base}${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    });
    // biome-ignore lint/suspicious/noExplicitAny: each test looks into what it asked for
    return { status: response.status, headers: response.headers, json: (await response.json()) as any };
  };
}

const OUTAGES = {
  dead: { inject: (vault: VaultProcess) => vault.kill(), repair: (vault: VaultProcess) => vault.start() },
  hung: {
    inject: async (vault: VaultProcess) => vault.signal('SIGSTOP'),
    repair: async (vault: VaultProcess) => vault.signal('SIGCONT'),
  },
};

describe('a start while the vault is away', { concurrency: true }, () => {
  for (const [name, { inject, repair }] of Object.entries(OUTAGES)) {
    test(`the vault is ${name}: requests that need it are refused, others served, and all work when it is back`, async (t) => {
      const { data, vault, alice, cookie, csrfToken, pending, accessToken, serviceKey } = await served(t);
      await inject(vault);
      const server = await runServer(t, { folder: data, flags: callerFlags(vault) });
      await server.logged(/started without the key vault: what needs it is refused until it answers/);
      const ask = asker(await httpAddress(server));
      await until(
        async () =>
          /The key vault does not answer \(vault_url: the vault process 127\.0\.0\.1:\d+ cannot be used: /.test(
            server.stdout,
          ),
        { what: 'the banner says so' },
      );
      const bearer = { authorization: `Bearer ${accessToken}` };
      const key = { authorization: `Bearer ${serviceKey}` };

      assert.equal((await ask('/healthz')).status, 200);
      const ready = await ask('/readyz');
      assert.equal(ready.status, 503);
      assert.deepEqual([ready.json.parts.vault, ready.json.parts.store], ['down', 'up']);

      // Sessions and reads, of people and programs.
      const again = new Customer('alice');
      again.secret = alice.secret;
      await again.resume(await server.connect());
      await again.logIn();
      assert.equal((await ask('/v1/transactions', { cookie })).json.transactions.length, 3);
      assert.equal((await ask('/v1/transactions', key)).status, 200);

      const own = { cookie, 'x-csrf-token': csrfToken };
      assert.equal((await ask(`/v1/transactions/${pending}/refusal`, own, {})).json.status, 'refused');
      const browser = { username: 'alice', password: PASSWORD };
      assert.equal((await ask('/v1/browser-sessions', {}, browser)).status, 201);

      // What needs a key of the vault.
      for (const answer of [
        await ask('/v1/transactions?limit=1', { cookie }),
        await ask('/v1/transactions', bearer),
        await ask('/v1/sessions', {}, { username: 'alice', password: PASSWORD }),
        await ask('/.well-known/jwks.json'),
      ]) {
        assert.equal(answer.status, 503, JSON.stringify(answer.json));
        assert.equal(answer.json.code, 'unavailable');
        assert.equal(answer.headers.get('retry-after'), '1');
      }
      const challenge = await again.client.request({ accion: 'pet_transaccion' });
      assert.deepEqual([challenge.error, challenge.reintentar_ms], ['unavailable', 1_000]);
      const carol = await again.client.request({ accion: 'register', username: 'carol', password: PASSWORD });
      assert.equal(carol.error, 'unavailable');

      await repair(vault);
      await until(async () => (await ask('/readyz')).status === 200, { what: 'it becomes ready by itself' });
      await server.logged(/the key vault answers/);
      await again.fetchNonces(1);
      expectOk(await again.send({ data: 'CuentaA,P2,1.00' }));
      assert.equal((await ask('/v1/transactions', bearer)).json.transactions.length, 4);
      const page = await ask('/v1/transactions?limit=1', { cookie });
      assert.equal(page.status, 200);
      assert.equal((await ask('/.well-known/jwks.json')).json.keys.length, 1);
      await new Customer('carol').arrive(await server.connect());

      // It is the vault now: lost and found as any other.
      await inject(vault);
      await until(async () => (await ask('/readyz')).status === 503, { what: 'it says that it is lost' });
      assert.equal((await ask('/v1/transactions?limit=1', { cookie })).status, 200);
      assert.equal((await ask('/.well-known/jwks.json')).status, 200);
      await repair(vault);
      await until(async () => (await ask('/readyz')).status === 200, { what: 'it is found again' });
      assert.equal((await server.stop()).code, 0);
    });
  }

  test('a vault with other keys that comes up in its place is not used, and the right one is, when it comes', async (t) => {
    const { data, vault, cookie } = await served(t);
    await vault.kill();
    const server = await runServer(t, { folder: data, flags: callerFlags(vault) });
    const ask = asker(await httpAddress(server));
    const other = await runVault(t, join(await temporaryFolder(t), 'other'), {
      '--vault-port': `${vault.port}`,
    });
    await server.logged(/does not open the keys of the users in this database/);
    assert.equal((await ask('/readyz')).json.parts.vault, 'down');
    assert.equal((await ask('/v1/transactions', { cookie })).status, 200);
    await other.kill();
    await vault.start();
    await until(async () => (await ask('/readyz')).status === 200, { what: 'it becomes ready by itself' });
  });

  test('it stops in order while it waits', async (t) => {
    const { data, vault } = await served(t);
    await vault.kill();
    const server = await runServer(t, { folder: data, flags: callerFlags(vault) });
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  });

  test('a wrong configuration is still refused', async (t) => {
    const folder = await temporaryFolder(t);
    const vault = await runVault(t, join(folder, 'vault'));
    const flags = callerFlags(vault);
    const listener = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-nobody\r\n'));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    t.after(() => listener.close());
    const address = listener.address();
    assert.ok(typeof address === 'object' && address !== null);
    const wrong: readonly (readonly [RegExp, Record<string, string>])[] = [
      [/does not speak TLS/, { '--vault-url': `https://127.0.0.1:${address.port}` }],
      [/vault_ca_file: \/nowhere cannot be read/, { '--vault-ca-file': '/nowhere' }],
      [/certificate is not of the authorities/, { '--vault-ca-file': flags['--vault-cert-file'] ?? '' }],
    ];
    for (const [reason, given] of wrong) {
      const { code, text } = await ServerProcess.launch({
        folder: join(folder, 'data'),
        flags: { ...flags, ...given },
      }).refusal();
      assert.equal(code, 3, text);
      assert.match(text, reason);
      assert.doesNotMatch(text, /\n\s+at /);
    }
  });
});
