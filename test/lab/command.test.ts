/*
 * Goal: `sello lab` reports every attack and its verdict, and leaves the server as it was.
 * Method: the real command against a real server, and against broken ones (broken-servers.ts).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ATTACK_NAMES } from '../../src/lab/attacks.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

interface PrintedVerdict {
  readonly name: string;
  readonly verdict: string;
  readonly held: boolean;
  readonly steps: readonly { readonly what: string }[];
}

suite('sello lab', () => {
  const cleanups: (() => unknown)[] = [];
  const context = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };
  let folder = '';
  let server: ServerProcess;

  before(async () => {
    folder = await temporaryFolder(context as never);
    server = await ServerProcess.start({ folder, flags: { '--log-level': 'silent' } });
  });
  after(async () => {
    server.child.kill('SIGTERM');
    await server.ended;
    for (const cleanup of cleanups) await cleanup();
  });

  const lab = (...args: readonly string[]) => sello(['lab', ...args, '--data-dir', folder]);

  test('runs all attacks and ends with 0 when each held', async () => {
    const all = await selloJson(['lab', 'all', '--patience', '2', '--data-dir', folder]);
    assert.equal(all.verdict, 'held');
    assert.deepEqual(
      all.attacks.map(({ name }: PrintedVerdict) => name),
      ATTACK_NAMES,
    );
    assert.ok(all.attacks.every(({ held }: PrintedVerdict) => held));
  });

  test('prints what it sent, what came back and the verdict', async () => {
    const run = await lab('mitm', '--port', '0', '--change', 'payee=Eve');
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /original {2}\{"accion":"transaccion","data":"CuentaA,CuentaB,/);
    assert.match(run.stdout, /sent {6}\{"accion":"transaccion","data":"CuentaA,Eve,/);
    assert.match(run.stdout, /received {2}\{"status":"POSIBLE ATAQUE"/);
    assert.match(run.stdout, /journal {3}transaction\.refused mac_mismatch: CuentaA → Eve/);
    assert.match(run.stdout, /\nverdict mitm: held \(\d+ of \d+ steps\)\n$/);
  });

  test('in Spanish', async () => {
    const run = await lab('reorder', '--language', 'es');
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /los nonces cambiados entre ellas/);
    assert.match(run.stdout, /\nveredicto reorder: held \(6 de 6 pasos\)\n$/);
    const json: PrintedVerdict = await selloJson([
      'lab',
      'reorder',
      '--language',
      'es',
      '--data-dir',
      folder,
    ]);
    assert.match(json.steps[0]?.what ?? '', /transacciones honestas/);
  });

  test('BROKEN ends with 1', async () => {
    // A lock of another length than the one that this configuration promises.
    const run = await lab('guess', '--patience', '0', '--parallel', '4', '--lockout-lock-ms', '1234');
    assert.equal(run.code, 1, run.stdout + run.stderr);
    assert.match(run.stdout, /\n {2}BROKEN {2}3 wrong codes/);
    assert.match(run.stdout, /\nverdict guess: BROKEN \(\d+ of \d+ steps\)\n$/);
  });

  test('shows no password and no session', async () => {
    const run = await lab('guess', '--patience', '0', '--parallel', '4');
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /"password":"…"/);
    assert.doesNotMatch(run.stdout, /"(password|sesion)":"[^…]/);
  });

  test('leaves its users disabled', async () => {
    const { users } = await selloJson(['user', 'list', '--search', 'lab-', '--data-dir', folder]);
    assert.ok(users.length > 0);
    for (const { disabled } of users) assert.equal(disabled, true);
  });

  test('the proxy alone ends after its time', async () => {
    const run = await lab(
      'mitm',
      '--proxy',
      '--port',
      '0',
      '--seconds',
      '1',
      '--tcp-port',
      String(server.port),
    );
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(run.stderr, /127\.0\.0\.1:\d+ → 127\.0\.0\.1:\d+/);
  });

  test('a port in use is reported', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const { port } = other.address() as { port: number };
    const run = await lab('mitm', '--port', String(port));
    assert.equal(run.code, 3, run.stdout + run.stderr);
    assert.match(run.stderr, /cannot listen on port/);
  });

  for (const [args, code, says] of [
    [['replay', '--target', '192.0.2.1:11002'], 2, /loopback alone/],
    [['replay', '--target', 'nowhere'], 2, /expected host:port/],
    [['replay', '--no-lab-allowed'], 2, /lab_allowed is false/],
    [['mitm', '--proxy', '--no-lab-allowed'], 2, /lab_allowed is false/],
    [['mitm', '--change', 'currency=USD'], 2, /expected payee=/],
    [['guess', '--parallel', '100000'], 2, /whole number/],
    [['nonsense'], 2, /unknown command|nonsense/],
  ] as const) {
    test(`lab ${args.join(' ')} ends with ${code}`, async () => {
      const run = await lab(...args);
      assert.equal(run.code, code, run.stdout + run.stderr);
      assert.match(run.stderr, says);
    });
  }

  test('without a server ends with 3, and makes no data folder', async () => {
    const nowhere = join(folder, 'nowhere');
    const run = await sello(['lab', 'replay', '--data-dir', nowhere]);
    assert.equal(run.code, 3, run.stdout + run.stderr);
    assert.match(run.stderr, /no server answers/);
    const again = await sello(['lab', 'replay', '--data-dir', nowhere]);
    assert.equal(again.code, 3);
  });

  for (const name of [...ATTACK_NAMES, 'all']) {
    test(`help of ${name} has an example`, async () => {
      const run = await sello(['lab', name, '--help']);
      assert.equal(run.code, 0);
      assert.match(run.stdout, new RegExp(`Examples:\n {2}sello lab ${name}`));
    });
  }
});
