/*
 * Goal: a witness that is not ours cosigns our checkpoints, and refuses a fork of ours.
 * Method: filippo.io/torchwood's litewitness, built once by the Go command into ~/.cache/sello, with its key in an SSH agent.
 * Where it cannot be had, the test is skipped with the reason.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { sendToWitness } from '../../src/adapters/witness-http/send-to-witness.ts';
import { WitnessClient } from '../../src/application/witness/witness-client.ts';
import { NOTE_KEY_TYPE } from '../../src/domain/log/verifier-key.ts';
import { noteVerifierKey } from '../../src/domain/log/verify-note.ts';
import { isListening } from '../../src/operator/running-server.ts';
import { logKey } from '../operator/export-fixture.ts';
import { temporaryFolder } from '../services/application.ts';
import { freePort } from '../services/free-port.ts';
import { until } from '../waiting.ts';
import { offered } from '../wire/witness/witnessed-log.ts';

const run = promisify(execFile);
const TOOLS = join(homedir(), '.cache/sello/torchwood');
const VERSION = 'v0.6.1';
const FETCH_TIME_MS = 150_000;

async function missing(): Promise<string | false> {
  try {
    await run('ssh-agent', ['-h']).catch((error: { code?: unknown }) => {
      if (error.code === 'ENOENT') throw new Error('there is no ssh-agent');
    });
    await mkdir(TOOLS, { recursive: true });
    for (const name of ['litewitness', 'witnessctl']) {
      const there = await access(join(TOOLS, name)).then(
        () => true,
        () => false,
      );
      if (there) continue;
      const env = { ...process.env, GOBIN: TOOLS };
      await run('go', ['install', `filippo.io/torchwood/cmd/${name}@${VERSION}`], {
        env,
        timeout: FETCH_TIME_MS,
      });
    }
    return false;
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'unknown';
  }
}

const skip = await missing();

test('litewitness cosigns each checkpoint of ours, and refuses a fork', { skip }, async (t) => {
  const log = { origin: 'sello.example', key: logKey('sello.example') };
  const { url, key } = await litewitness(t, log);
  const entries = Array.from({ length: 60 }, () => randomBytes(32));
  const forked = [...entries.slice(0, 30), ...Array.from({ length: 30 }, () => randomBytes(32))];
  const client = new WitnessClient(sendToWitness(url), key);
  for (const size of [1, 2, 7, 8, 40]) {
    const result = await client.cosign(offered(log, entries, size));
    assert.equal(result.outcome, 'cosigned', JSON.stringify(result));
  }
  const restarted = new WitnessClient(sendToWitness(url), key);
  assert.equal(
    (await restarted.cosign(offered(log, entries, 55))).outcome,
    'cosigned',
    'it learns the size by 409',
  );
  assert.deepEqual(await restarted.cosign(offered(log, entries, 20)), { outcome: 'ahead', size: 55 });
  const fork = await restarted.cosign(offered(log, forked, 60));
  assert.equal(fork.outcome, 'failed', JSON.stringify(fork));
  const same = await new WitnessClient(sendToWitness(url), key).cosign(offered(log, forked, 55));
  assert.equal(same.outcome, 'failed', JSON.stringify(same));
});

async function litewitness(t: TestContext, { origin, key }: { origin: string; key: { vkey: string } }) {
  const folder = await temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  const ctl = (...args: string[]) => run(join(TOOLS, 'witnessctl'), [...args, '-db', at('w.db')]);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('key')]);
  const agent = spawn('ssh-agent', ['-D', '-a', at('agent')], { stdio: 'ignore' });
  t.after(() => void agent.kill());
  const env = { ...process.env, SSH_AUTH_SOCK: at('agent') };
  await until(() =>
    run('ssh-add', ['-q', at('key')], { env }).then(
      () => true,
      () => false,
    ),
  );
  await ctl('add-log', '-origin', origin);
  await ctl('add-key', '-origin', origin, '-key', key.vkey);
  const fingerprint = (await run('ssh-keygen', ['-l', '-f', at('key.pub')])).stdout.split(' ')[1] ?? '';
  const port = await freePort();
  const witness = spawn(
    join(TOOLS, 'litewitness'),
    [
      '-ssh-agent',
      at('agent'),
      '-name',
      'witness.example/lite',
      '-db',
      at('w.db'),
      '-key',
      fingerprint,
      '-listen',
      `127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(() => void witness.kill());
  await until(() => isListening('127.0.0.1', port));
  // The public key is the last 32 bytes of the SSH key's blob (RFC 8709 section 4).
  const blob = Buffer.from((await readFile(at('key.pub'), 'utf8')).split(' ')[1] ?? '', 'base64');
  const publicKey = blob.subarray(-32);
  return {
    url: `http://127.0.0.1:${port}`,
    key: noteVerifierKey('witness.example/lite', publicKey, NOTE_KEY_TYPE.cosignature),
  };
}
