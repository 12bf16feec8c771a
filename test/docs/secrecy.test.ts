/*
 * Goal: whoever steals the data folder, or reads the log, finds no secret of a user there.
 * Method: a real server that logs all it can is used by a person whose secrets are known, badly at times; then every file
 * of its folder, the exported journal and all it printed are searched for each secret in each form that it could have.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tokenHmac } from '../../src/cli/code-display.ts';
import { decodeBase32 } from '../../src/domain/base32.ts';
import { totpCode } from '../../src/domain/otp/totp.ts';
import { temporaryFolder } from '../application.ts';
import { sello, selloJson } from '../cli/sello.ts';
import { Customer, expectOk } from '../e2e/customer.ts';
import { runServer } from '../e2e/server-process.ts';

const PASSWORD = 'correct horse battery staple';
const MISTYPED = 'correct horse battery stable';

/** A secret of so many bytes, in the forms that programs write bytes in. */
function forms(bytes: Uint8Array): readonly (string | Uint8Array)[] {
  const buffer = Buffer.from(bytes);
  const hex = buffer.toString('hex');
  return [
    buffer,
    hex,
    hex.toUpperCase(),
    buffer.toString('base64').replace(/=+$/, ''),
    buffer.toString('base64url'),
  ];
}

test('no secret is in a file of the data folder, in the journal or in the log', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder, environment: { SELLO_LOG_LEVEL: 'trace' } });
  const alice = new Customer('alice', PASSWORD);
  await alice.arrive(await server.connect(), PASSWORD);
  const flags = ['--data-dir', folder];

  const enrolled = await selloJson([
    'token',
    'enrol',
    'alice',
    '--type',
    'totp',
    '--algorithm',
    'sha256',
    ...flags,
  ]);
  const seed = decodeBase32(enrolled.secret);
  assert.ok(seed);
  const code = totpCode(tokenHmac, seed, Date.now(), { algorithm: 'sha256', digits: 6, periodS: 60 });
  const activated = await sello(['token', 'activate', 'alice', code, ...flags]);
  assert.equal(activated.code, 0, activated.stderr);

  await alice.fetchNonces(2);
  expectOk(await alice.send({ data: 'CuentaA,CuentaB,1.00', idempotencyKey: 'first', receipt: true }));
  const { client, secret } = alice;
  const wrong = await client.request({ accion: 'login', username: 'alice', password: MISTYPED });
  assert.equal(wrong.error, 'credentials_invalid');
  // A password in the wrong place, in lines that cannot be read.
  client.sendRaw(
    `{"accion":"login","username":{"password":"${PASSWORD}"}}\n{"accion":"${PASSWORD}"}\n{${PASSWORD}\n`,
  );
  expectOk(await client.request({ accion: 'pet_transaccion' }));
  const journal = await sello(['audit', 'export', ...flags]);
  assert.equal(journal.code, 0);
  await server.stop();

  const macKey = createHash('sha256').update(PASSWORD).digest();
  const passphrase = readFileSync(join(folder, 'vault.passphrase'), 'utf8').trim();
  const secrets = [
    ...[PASSWORD, MISTYPED].flatMap((password) => [password, ...forms(Buffer.from(password)).slice(1)]),
    ...forms(macKey),
    ...forms(seed),
    enrolled.secret,
    secret,
    `"code":"${code}"`,
    `"codigo":"${code}"`,
  ];
  const places = new Map<string, Buffer>();
  for (const name of readdirSync(folder)) {
    // The one that was made at the first start lies here, and opens the vault: docs/security.md says so.
    if (name !== 'vault.passphrase') places.set(name, readFileSync(join(folder, name)));
  }
  places.set('journal', Buffer.from(journal.stdout));
  places.set('log', Buffer.from(server.stdout + server.stderr));
  assert.ok(places.has('sello.sqlite') && places.has('sello.vault'));
  for (const [place, bytes] of places) {
    for (const needle of [...secrets, passphrase]) {
      assert.ok(!bytes.includes(needle), `${place} has ${Buffer.from(needle).toString('latin1')}`);
    }
  }
  // The search finds what is there: names, accounts, and the hash by which the session is kept.
  const database = Buffer.concat(
    [...places].filter(([place]) => place.startsWith('sello.sqlite')).map(([, bytes]) => bytes),
  );
  for (const known of ['alice', 'CuentaB', createHash('sha256').update(secret).digest('hex'), '$argon2id$']) {
    assert.ok(database.includes(known), known);
  }
  assert.ok(journal.stdout.includes('CuentaB') && server.stderr.includes('listening'));
});
