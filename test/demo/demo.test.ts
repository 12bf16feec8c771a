/*
 * Goal: the tour of `sello demo` shows what it says, leaves nothing behind, and reports a broken server.
 * Method: the real command in both languages, and a demo whose server executes a replay (broken-demo.ts).
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ATTACK_NAMES } from '../../src/lab/attacks.ts';
import { sello } from '../services/sello-command.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const BROKEN = fileURLToPath(new URL('./broken-demo.ts', import.meta.url));
const TIME_MS_MAX = 60_000;

function folderIn(stdout: string): string {
  const [, folder = ''] = /: (\/\S*sello-demo-\w+)\n/.exec(stdout) ?? [];
  assert.notEqual(folder, '', stdout);
  return folder;
}

/** Each goes through the whole tour, at once: what they wait for is time, not work. */
suite('sello demo', { concurrency: true }, () => {
  const tours = [
    {
      language: 'en',
      lines: [
        /✓ it listens on 127\.0\.0\.1:\d+/,
        /✓ alice is registered and logged in/,
        /✓ her password is kept as Argon2id/,
        /ocra {2}OCRA-1:HOTP-SHA256-6:QH64-T1M +secret [A-Z2-7]{4}•+ \(52\)/,
        /\d{3} \d{3} {3}[█░]{20} \d+ s/,
        /✓ the same code a second time is not/,
        /✓ accepted, and on record before it was answered/,
        /┃ {2}PAY TO {2}CuentaB +┃\n +┃ {2}AMOUNT {2}900\.00 EUR +┃/,
        /✓ accepted, with a signed receipt/,
        /ES256 {2}alice: CuentaA → CuentaB 900\.00 EUR, bound_code/,
        /✓ the signature fits, and it says what alice saw/,
        /payee changed on the way, to Mallory\n +POSIBLE ATAQUE mac_mismatch/,
        /✓ mitm: held, 12 of 12/,
        /✓ \d{2,} entries of \d+ users: none changed/,
        /found: entry \d+, alice, version \d+, hash_mismatch/,
        /✓ the entry that was changed is named/,
        /All \d+ checks are as they should be\. \d+\.\d s\./,
      ],
    },
    {
      language: 'es',
      lines: [
        /✓ escucha en 127\.0\.0\.1:\d+/,
        /✓ alice está registrada y con sesión/,
        /ocra {2}OCRA-1:HOTP-SHA256-6:QH64-T1M +secreto [A-Z2-7]{4}•+ \(52\)/,
        /┃ {2}PAGAR A {2}CuentaB +┃\n +┃ {2}IMPORTE {2}900\.00 EUR +┃/,
        /✓ aceptada, con un recibo firmado/,
        /beneficiario cambiado en el camino, a Mallory\n +POSIBLE ATAQUE mac_mismatch/,
        /✓ mitm: resiste \(held\), 12 de 12/,
        /✓ \d{2,} entradas de \d+ usuarios: ninguna cambiada/,
        /hallada: entrada \d+, alice, versión \d+, hash_mismatch/,
        /✓ se nombra la entrada que fue cambiada/,
        /Las \d+ comprobaciones son como deben ser\. \d+\.\d s\./,
      ],
    },
  ] as const;

  for (const { language, lines } of tours) {
    test(`in ${language}: all is as it should be, and nothing is left`, async () => {
      const startedAt = performance.now();
      const run = await sello(['demo', '--language', language]);
      assert.equal(run.code, 0, run.stdout + run.stderr);
      assert.ok(performance.now() - startedAt < TIME_MS_MAX);
      assert.equal(run.stderr, '');
      for (const line of lines) assert.match(run.stdout, line);
      for (const name of ATTACK_NAMES) assert.match(run.stdout, new RegExp(`✓ ${name}: `));
      assert.doesNotMatch(run.stdout, /✗|BROKEN|secreto"/);
      assert.equal(existsSync(folderIn(run.stdout)), false);
    });
  }

  test('a server that executes a replay is found out: ends with 1', async () => {
    const { code, stdout } = await new Promise<{ code: number | null; stdout: string }>((resolve) => {
      const child = execFile(process.execPath, [BROKEN], { timeout: TIME_MS_MAX }, (_, out) =>
        resolve({ code: child.exitCode, stdout: out }),
      );
    });
    assert.equal(code, 1, stdout);
    assert.match(stdout, /✗ replay: BROKEN/);
    assert.match(stdout, /✗ the same bytes again on the same connection/);
    assert.match(stdout, /✓ mitm: held/);
    assert.match(stdout, /\d of \d+ checks are NOT as they should be/);
    assert.equal(existsSync(folderIn(stdout)), false);
  });

  test('stopped in the middle it leaves no folder', async () => {
    const child = spawn(process.execPath, [MAIN, 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
      stdout += text;
      if (/── 4\./.test(stdout) && !child.killed) child.kill('SIGTERM');
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 1);
    assert.equal(existsSync(folderIn(stdout)), false);
  });
});
