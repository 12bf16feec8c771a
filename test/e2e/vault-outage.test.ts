/*
 * Goal: when the vault process is killed or hangs, sessions, reads and challenges continue, requests that need the vault
 * are refused within a bound and leave nothing behind, and everything recovers by itself. Method: the real server and
 * vault, kill -9 and SIGSTOP, over TCP and HTTP; the journal is counted afterwards.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientAnswer } from '../../src/client/tcp-client.ts';
import { encodeTransaction } from '../../src/domain/transaction/canonical-transaction.ts';
import { LIMITS } from '../../src/limits.ts';
import { temporaryFolder } from '../services/application.ts';
import { callerFlags, runVault, type VaultProcess } from '../services/vault.ts';
import { until } from '../waiting.ts';
import { Customer, expectOk, PASSWORD } from './customer.ts';
import { httpAddress } from './http-address.ts';
import { readJournal } from './journal.ts';
import { runServer, type ServerProcess } from './server-process.ts';

/** What it may take on a machine that is busy with other tests; the server's own bound is `vaultSilenceTimeMs`. */
const REFUSED_WITHIN_MS = 5 * LIMITS.vaultSilenceTimeMs;
const ROTATION_MS = 3_000;

interface Running {
  readonly folder: string;
  readonly vault: VaultProcess;
  readonly server: ServerProcess;
  readonly alice: Customer;
  readonly http: Http;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test looks into what it asked for
  readonly json: any;
}

class Http {
  readonly base: string;
  token = '';

  constructor(base: string) {
    this.base = base;
  }

  async ask(method: string, path: string, body?: object, key?: string): Promise<Answer> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(this.token === '' ? {} : { authorization: `Bearer ${this.token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, headers: response.headers, json: await response.json() };
  }

  async logIn(username: string): Promise<void> {
    const made = await this.ask('POST', '/v1/sessions', { username, password: PASSWORD });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    this.token = made.json.access_token;
  }

  /** A transfer with its MAC, on a challenge of its own. */
  async transfer(payee: string, key?: string): Promise<Answer> {
    const issued = await this.ask('POST', '/v1/challenges', {});
    assert.equal(issued.status, 201, JSON.stringify(issued.json));
    const { nonce } = issued.json.challenges[0];
    const transfer = { payer: 'ES79-1', payee, amount: '10.00', currency: 'EUR' };
    const mac = createHmac('sha256', createHash('sha256').update(PASSWORD).digest())
      .update(encodeTransaction({ ...transfer, challenge: nonce, v: 1 }))
      .digest('hex');
    return this.ask('POST', '/v1/transactions', { ...transfer, nonce, mac }, key);
  }
}

async function start(t: TestContext, flags: Record<string, string> = {}): Promise<Running> {
  const folder = await temporaryFolder(t);
  const vault = await runVault(t, `${folder}/vault`);
  const server = await runServer(t, {
    folder: `${folder}/data`,
    flags: { ...callerFlags(vault), '--keys-rotation-ms': String(ROTATION_MS), ...flags },
  });
  const alice = new Customer('alice');
  await alice.arrive(await server.connect());
  const http = new Http(await httpAddress(server));
  await http.logIn('alice');
  return { folder: `${folder}/data`, vault, server, alice, http };
}

let sent = 0;
async function pay(alice: Customer, idempotencyKey?: string): Promise<ClientAnswer & { payee: string }> {
  if (alice.noncesLeft === 0) await alice.fetchNonces(16);
  const payee = `P${sent++}`;
  const answer = await alice.send({
    data: `CuentaA,${payee},0.01`,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
  return { ...answer, payee };
}

async function timed<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startedAt = performance.now();
  const result = await act();
  return { result, ms: Math.round(performance.now() - startedAt) };
}

function expectUnavailable(answer: ClientAnswer): void {
  assert.equal(answer.status, 'ERROR', JSON.stringify(answer));
  assert.equal(answer.error, 'unavailable');
  assert.equal(answer.reintentar_ms, 1_000);
}

async function approved(folder: string): Promise<readonly string[]> {
  const journal = await readJournal(folder);
  return journal
    .filter(({ type }) => type === 'transaction.approved')
    .map(({ transaction }) => transaction?.payee ?? '');
}

const FAULTS = {
  'killed with -9': {
    inject: (vault: VaultProcess) => vault.kill(),
    repair: (vault: VaultProcess) => vault.start(),
  },
  'hung (SIGSTOP)': {
    inject: async (vault: VaultProcess) => vault.signal('SIGSTOP'),
    repair: async (vault: VaultProcess) => vault.signal('SIGCONT'),
  },
};

async function journalLength(folder: string): Promise<number> {
  return (await readJournal(folder)).length;
}

describe('an outage of the vault', { concurrency: true }, () => {
  for (const [name, { inject, repair }] of Object.entries(FAULTS)) {
    test(`the vault ${name}: other requests work, decisions are refused in time, nothing is half done`, async (t) => {
      const { folder, vault, server, alice, http } = await start(t);
      const bob = new Customer('bob');
      await bob.arrive(await server.connect());
      const acknowledged = [expectOk(await pay(alice)).payee, 'H0'];
      assert.equal((await http.transfer('H0')).status, 201);
      assert.equal((await http.ask('GET', '/readyz')).status, 200);

      await inject(vault);
      const first = await timed(() => pay(alice, 'order-1'));
      expectUnavailable(first.result);
      assert.ok(first.ms < REFUSED_WITHIN_MS, `refused after ${first.ms} ms`);
      const refusedByHttp = await timed(() => http.transfer('H1', 'order-2'));
      assert.equal(refusedByHttp.result.status, 503);
      assert.equal(refusedByHttp.result.json.code, 'unavailable');
      assert.equal(refusedByHttp.result.headers.get('retry-after'), '1');
      assert.ok(refusedByHttp.ms < REFUSED_WITHIN_MS);
      let ready = await http.ask('GET', '/readyz');
      await until(async () => {
        ready = await http.ask('GET', '/readyz');
        return ready.status === 503;
      });
      assert.deepEqual([ready.json.parts.vault, ready.json.parts.store], ['down', 'up']);
      await server.logged(
        /the vault process 127\.0\.0\.1:\d+: (nothing listens|it (has not answered|closed|does not))/,
      );

      // Sessions, reads, challenges; across a change of the challenges' key.
      const crossed = Math.floor(Date.now() / ROTATION_MS) + 1;
      await bob.logIn();
      const again = new Customer('bob');
      again.secret = bob.secret;
      await again.resume(await server.connect());
      while (Math.floor(Date.now() / ROTATION_MS) < crossed) {
        await again.fetchNonces(2);
        await delay(50);
      }
      await again.fetchNonces(1);
      assert.equal((await http.ask('GET', '/v1/sessions/current')).status, 200);
      assert.equal((await http.ask('GET', '/v1/transactions')).status, 200);
      assert.equal((await http.ask('GET', '/.well-known/jwks.json')).json.keys.length, 1);
      assert.equal((await http.ask('POST', '/v1/challenges', { count: 2 })).status, 201);
      const browser = await http.ask('POST', '/v1/browser-sessions', { username: 'bob', password: PASSWORD });
      assert.equal(browser.status, 201);
      // What needs the vault is refused again, at once now, and leaves nothing.
      const second = await timed(() => pay(alice));
      expectUnavailable(second.result);
      expectUnavailable(
        await alice.client.request({ accion: 'register', username: 'carol', password: PASSWORD }),
      );
      const before = await journalLength(folder);
      const bySession = await http.ask('POST', '/v1/sessions', { username: 'bob', password: PASSWORD });
      assert.equal(bySession.status, 503);
      assert.equal(await journalLength(folder), before, 'a log-in that cannot be answered leaves no session');
      const { noncesLeft } = again;

      await repair(vault);
      const back = await timed(() =>
        until(async () => {
          const answer = await pay(alice, 'order-1');
          if (answer.status !== 'OK') expectUnavailable(answer);
          else acknowledged.push(answer.payee);
          return answer.status === 'OK';
        }),
      );
      assert.equal((await http.transfer('H1', 'order-2')).status, 201);
      assert.equal((await http.transfer('H1', 'order-2')).headers.get('idempotency-replayed'), 'true');
      acknowledged.push('H1');
      // Challenges of the outage are answered after it.
      for (let n = 0; n < noncesLeft; n++) acknowledged.push(expectOk(await pay(again)).payee);
      await until(async () => (await http.ask('GET', '/readyz')).status === 200);
      const carol = new Customer('carol');
      await carol.arrive(await server.connect());
      acknowledged.push(expectOk(await pay(carol)).payee);

      await server.stop();
      assert.deepEqual((await approved(folder)).toSorted(), acknowledged.toSorted());
      t.diagnostic(
        `refused after ${first.ms} ms by TCP, ${refusedByHttp.ms} ms by HTTP, then ${second.ms} ms; back ${back.ms} ms after it was mended`,
      );
    });
  }

  test('repeated faults under load: acknowledged requests are decided once, others not at all', async (t) => {
    // On a busy machine an outage lasts longer than the keys that are held ahead where they change every three seconds.
    const { folder, vault, server, alice } = await start(t, { '--keys-rotation-ms': '60000' });
    const acknowledged = new Set<string>();
    let refused = 0;
    let running = true;
    const payers = [alice, ...['u1', 'u2', 'u3'].map((name) => new Customer(name))];
    for (const payer of payers.slice(1)) await payer.arrive(await server.connect());
    const load = payers.map(async (payer) => {
      for (let order = 0; running; order++) {
        const key = `${payer.username}-${order}`;
        const payee = `${payer.username}P${order}`;
        for (;;) {
          if (payer.noncesLeft === 0) await payer.fetchNonces(64);
          const answer = await payer.send({ data: `CuentaA,${payee},0.01`, idempotencyKey: key });
          if (answer.status === 'OK') {
            acknowledged.add(payee);
            break;
          }
          expectUnavailable(answer);
          refused++;
          await delay(20);
        }
      }
    });
    for (let strikes = 0; strikes < 2; strikes++) {
      const before = acknowledged.size;
      await until(() => acknowledged.size > before + 10);
      vault.signal('SIGSTOP');
      const refusedBefore = refused;
      await until(() => refused > refusedBefore);
      vault.signal('SIGCONT');
      const known = acknowledged.size;
      await until(() => acknowledged.size > known + 10);
      await vault.kill();
      await delay(150);
      await vault.start();
      const then = acknowledged.size;
      await until(() => acknowledged.size > then + 10);
    }
    running = false;
    await Promise.all(load);
    assert.ok(refused > 0);
    await server.stop();
    assert.deepEqual((await approved(folder)).toSorted(), [...acknowledged].toSorted());
    t.diagnostic(`${acknowledged.size} acknowledged, ${refused} refused and repeated, lost=0 doubled=0`);
  });
});
