/*
 * Goal: `sello witness` makes its key once, and signs after a kill -9 as if nothing had happened.
 * Method: the real command as a process.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sendToWitness } from '../../src/adapters/witness-http/send-to-witness.ts';
import { WitnessClient } from '../../src/application/witness/witness-client.ts';
import { readVerifierKey } from '../../src/domain/log/verify-note.ts';
import { logKey } from '../operator/export-fixture.ts';
import { temporaryFolder } from '../services/application.ts';
import { freePort } from '../services/free-port.ts';
import { sello, selloJson } from '../services/sello-command.ts';
import { offered } from '../wire/witness/witnessed-log.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

async function started(t: TestContext, folder: string, port: number, vkey: string) {
  const listen = `127.0.0.1:${port}`;
  const args = [MAIN, 'witness', 'run', '--json', '--folder', folder, '--listen', listen, '--log', vkey];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, told: JSON.parse(line) as { address: string; vkey: string; logs: string[] } };
}

test('a witness has one key for ever, and remembers through a kill', async (t) => {
  const folder = join(await temporaryFolder(t), 'witness');
  const none = await sello(['witness', 'key', '--folder', folder]);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /make it by sello witness key --name/);
  const { vkey } = await selloJson(['witness', 'key', '--folder', folder, '--name', 'witness.example/w1']);
  assert.deepEqual(await selloJson(['witness', 'key', '--folder', folder]), { vkey });
  assert.match(
    (await sello(['witness', 'key', '--folder', folder, '--name', 'x'])).stderr,
    /keeps its key for ever/,
  );
  assert.equal((await sello(['witness', 'run', '--folder', folder, '--log', 'x'])).code, 2);

  const log = { origin: 'sello.example', key: logKey('sello.example') };
  const port = await freePort();
  const first = await started(t, folder, port, log.key.vkey);
  assert.deepEqual([first.told.vkey, first.told.logs], [vkey, ['sello.example']]);
  const entries = Array.from({ length: 20 }, () => randomBytes(32));
  const send = sendToWitness(`http://127.0.0.1:${port}`);
  const key = readVerifierKey(vkey);
  assert.equal((await new WitnessClient(send, key).cosign(offered(log, entries, 12))).outcome, 'cosigned');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const again = await started(t, folder, port, log.key.vkey);
  const older = await new WitnessClient(send, key).cosign(offered(log, entries, 5));
  assert.deepEqual(older, { outcome: 'ahead', size: 12 });
  assert.equal((await new WitnessClient(send, key).cosign(offered(log, entries, 20))).outcome, 'cosigned');
  again.child.kill('SIGTERM');
  assert.deepEqual(await once(again.child, 'exit'), [0, null]);
});
