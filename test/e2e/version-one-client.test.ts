/*
 * Goal: a client of the protocol's first version works unchanged.
 * Method: that client's own program (version-one-client.cjs) against a real server.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../services/application.ts';
import { readJournal } from './journal.ts';
import { runServer } from './server-process.ts';

const CLIENT = fileURLToPath(new URL('./version-one-client.cjs', import.meta.url));
const run = promisify(execFile);

type Answer = Readonly<Record<string, unknown>>;

test("an unmodified client of the protocol's first version, on the defaults", async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder });
  const answers = await runClient(server.port, 'secreto');
  const [registered, loggedIn, challenge, approved, repeated, changed, loggedOut, late] = answers;
  assert.equal(answers.length, 8);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['OK', 'OK', 'OK', 'OK', 'POSIBLE ATAQUE', 'POSIBLE ATAQUE', 'OK', 'ERROR'],
  );
  for (const answer of [registered, loggedIn, approved, repeated, changed, loggedOut, late]) {
    assert.equal(typeof answer?.mensaje, 'string');
  }
  assert.match(String(challenge?.nonce), /^[0-9a-f]+$/);
  assert.equal(approved?.mensaje, 'Transferencia registrada: CuentaA,CuentaB,100.0');
  assert.equal(repeated?.error, 'challenge_spent');
  assert.equal(changed?.error, 'mac_mismatch');

  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  const journal = await readJournal(folder);
  assert.deepEqual(
    journal.map(({ type, reason }) => (reason ? `${type} ${reason}` : type)),
    [
      'user.registered',
      'login.accepted',
      'transaction.approved',
      'transaction.refused challenge_spent',
      'transaction.refused mac_mismatch',
      'session.ended log_out',
    ],
  );
  assert.equal(journal[2]?.transaction?.amount, '100.00');
});

test('failures are reported to that client as errors', async (t) => {
  const server = await runServer(t, { folder: await temporaryFolder(t) });
  const client = await server.connect();
  await client.request({ accion: 'register', username: 'alice', password: 'secreto' });
  const answers = await runClient(server.port, 'otraclave');
  assert.ok(answers.every(({ status }) => status === 'ERROR'));
  assert.equal(answers[0]?.error, 'username_taken');
  assert.equal(answers[1]?.error, 'credentials_invalid');
});

async function runClient(port: number, password: string): Promise<readonly Answer[]> {
  const { stdout } = await run(
    process.execPath,
    [CLIENT, String(port), 'alice', password, 'CuentaA,CuentaB,100.0'],
    { timeout: 20_000 },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}
