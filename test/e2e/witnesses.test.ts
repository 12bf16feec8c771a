/*
 * Goal: a server's checkpoints carry its witnesses' signatures, sealing goes on while a witness is away, and the whole is
 * verified offline: export, pinned checkpoint, key.
 * Method: the real server as a process, two witnesses of our own; one is stopped and comes back.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startWitness, witnessKeyText } from '../../src/compose.ts';
import { parseCheckpoint } from '../../src/domain/log/checkpoint.ts';
import { parseNote } from '../../src/domain/log/signed-note.ts';
import { readVerifierKey, verifyNote } from '../../src/domain/log/verify-note.ts';
import { temporaryFolder } from '../services/application.ts';
import { freePort } from '../services/free-port.ts';
import { sello } from '../services/sello-command.ts';
import { until } from '../waiting.ts';
import { ServerProcess } from './server-process.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

async function started(t: TestContext, folder: string, flags: Record<string, string> = {}) {
  const port = await freePort();
  const server = await ServerProcess.start({ folder, flags: { '--http-port': String(port), ...flags } });
  t.after(() => server.kill());
  const base = `http://127.0.0.1:${port}`;
  const text = async (path: string) => (await fetch(base + path)).text();
  const register = async (username: string) => {
    const response = await fetch(`${base}/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: 'correct horse' }),
    });
    assert.equal(response.status, 201);
  };
  return { server, base, text, register };
}

test('checkpoints are cosigned, by who is there, and verify offline', async (t) => {
  const folder = await temporaryFolder(t);
  const before = await started(t, folder);
  const vkey = (await before.text('/log/vkey')).trim();
  const log = readVerifierKey(vkey) ?? assert.fail(vkey);
  await before.server.stop();

  const witnesses = await Promise.all(
    ['one', 'other'].map(async (name) => {
      const own = await temporaryFolder(t);
      const key = await witnessKeyText(own, `witness.example/${name}`);
      const port = await freePort();
      const start = async () => {
        const running = await startWitness({
          folder: own,
          logs: [log],
          host: '127.0.0.1',
          port,
          logger: SILENT,
        });
        t.after(() => running.stop());
        return running;
      };
      return { start, url: `http://127.0.0.1:${port}/#${key}`, key: readVerifierKey(key) ?? assert.fail() };
    }),
  );
  const [one, other] = witnesses;
  assert.ok(one && other);
  await one.start();
  const otherRunning = await other.start();
  const { text, register, server, base } = await started(t, folder, {
    '--witness-urls': JSON.stringify(witnesses.map(({ url }) => url)),
  });
  const signers = async (sizeMin: number) => {
    const note = parseNote(await text('/log/checkpoint'));
    const size = note && parseCheckpoint(note.text)?.size;
    if (!note || size === undefined || size < sizeMin) return [];
    assert.equal(verifyNote(note, log), 'valid');
    return witnesses.filter(({ key }) => verifyNote(note, key) === 'valid').map(({ key }) => key.name);
  };
  await register('alice');
  await until(async () => (await signers(1)).length === 2);

  await otherRunning.stop();
  await register('bob');
  await until(async () => (await signers(2)).join() === 'witness.example/one');
  await until(async () =>
    (await (await fetch(`${base}/readyz`)).text()).includes('"witness witness.example/other":"degraded"'),
  );
  await other.start();
  await until(async () => (await signers(2)).length === 2);

  const at = ['--data-dir', folder];
  const pin = join(await temporaryFolder(t), 'checkpoint.txt');
  await writeFile(pin, await text('/log/checkpoint'));
  const exported = join(await temporaryFolder(t), 'export.jsonl');
  await writeFile(exported, (await sello(['audit', 'export', ...at])).stdout);
  for (const source of [[exported], []]) {
    const run = await sello(['audit', 'verify', ...source, '--pin', pin, '--vkey', vkey, ...at]);
    assert.equal(run.code, 0, run.stdout + run.stderr);
  }
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
