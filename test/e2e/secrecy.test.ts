/*
 * Goal: no password, MAC key, seed, code, session secret or passphrase is written anywhere in the clear: not to the log at
 * its most verbose, not to the journal, not to the data folder, not to the server's output.
 * Method: the real server handles all of them, in valid and invalid order; then every byte that it wrote is searched for
 * every secret in every usual encoding.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { decodeBase32, encodeBase32 } from '../../src/domain/encoding/base32.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import type { Hmac } from '../../src/domain/otp/hmac.ts';
import { totpCode } from '../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { temporaryFolder } from '../services/application.ts';
import { Customer, expectOk } from './customer.ts';
import { readJournal } from './journal.ts';
import { runServer } from './server-process.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const run = promisify(execFile);
const hashes = { sha1, sha256, sha512 };
const hmac: Hmac = (algorithm, key, message) => nobleHmac(hashes[algorithm], key, message);

/** Needles by what they are. */
class Secrets {
  readonly texts = new Map<string, string>();
  readonly binaries = new Map<string, Buffer>();

  /** A text, and what its bytes look like in other encodings. */
  text(name: string, value: string): string {
    this.texts.set(name, value);
    this.#encodings(name, Buffer.from(value));
    return value;
  }

  bytes(name: string, value: Uint8Array): void {
    this.binaries.set(name, Buffer.from(value));
    this.#encodings(name, Buffer.from(value));
  }

  #encodings(name: string, bytes: Buffer): void {
    this.texts.set(`${name} in hex`, bytes.toString('hex'));
    this.texts.set(`${name} in HEX`, bytes.toString('hex').toUpperCase());
    this.texts.set(`${name} in base64`, bytes.toString('base64').replace(/=+$/, ''));
    this.texts.set(`${name} in base64url`, bytes.toString('base64url'));
    this.texts.set(`${name} in base32`, encodeBase32(bytes));
    this.texts.set(`${name} as a list`, [...bytes].join(','));
  }

  /** @returns what is in there */
  foundIn(haystack: Buffer): readonly string[] {
    const found: string[] = [];
    for (const [name, text] of this.texts) if (haystack.includes(text)) found.push(name);
    for (const [name, bytes] of this.binaries) if (haystack.includes(bytes)) found.push(name);
    return found;
  }
}

/** Digits that stand alone: a run of them inside a hash or an id is no code. */
function codesIn(codes: readonly string[], text: string): readonly string[] {
  return codes.filter((code) => new RegExp(`(?<![0-9a-zA-Z.-])${code}(?![0-9a-zA-Z.-])`).test(text));
}

test('no secret is written in the clear', async (t) => {
  const folder = await temporaryFolder(t);
  const secrets = new Secrets();
  const codes: string[] = [];
  const passphrase = secrets.text('passphrase', 'la frase de paso de la bóveda');
  const environment = { SELLO_VAULT_PASSPHRASE: passphrase };
  const server = await runServer(t, { folder, environment, flags: { '--log-level': 'trace' } });
  const sello = async (...given: string[]) => {
    const environmentOfOperator = { ...process.env, ...environment };
    const { stdout } = await run(process.execPath, [MAIN, ...given, '--data-dir', folder, '--json'], {
      env: environmentOfOperator,
    });
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  };

  // Passwords: registered, used, wrong, in a message that is no message, too short, too long.
  const password = secrets.text('password', 'contraseña-de-alicia-1');
  const alice = new Customer('alice', password);
  secrets.bytes('MAC key', createHash('sha256').update(password).digest());
  await alice.arrive(await server.connect(), password);
  secrets.text('session secret', alice.secret);
  secrets.text('the random part of the session secret', alice.secret.split('.')[1] ?? '');
  const wrong = secrets.text('wrong password', 'una-adivinanza-cualquiera');
  const stranger = await server.connect();
  for (let n = 0; n < 2; n++) {
    await stranger.request({ accion: 'login', username: 'alice', password: wrong });
    await stranger.request({ accion: 'login', username: 'nadie', password: wrong });
  }
  const malformed = secrets.text('password of a malformed message', 'contraseña-mal-escrita');
  stranger.sendRaw(`{"accion":"login","username":"alice","password":"${malformed}"\n`);
  stranger.sendRaw(`{"accion":"login","username":7,"password":"${malformed}"}\n`);
  stranger.sendRaw(`{"accion":"${malformed}"}\n`);
  stranger.sendRaw(
    `{"accion":"register","username":"carol","password":"${malformed}${'x'.repeat(2_000)}"}\n`,
  );
  await stranger.request({
    accion: 'reanudar',
    sesion: secrets.text('foreign session secret', `1.${'Zq'.repeat(16)}`),
  });
  await alice.resume(await server.connect());

  // Transactions by MAC, with a receipt.
  await alice.fetchNonces(3);
  const data = 'CuentaA,CuentaB,100.00';
  expectOk(await alice.send({ data, idempotencyKey: 'k', receipt: true }));
  expectOk(await alice.send({ data, idempotencyKey: 'k' }));

  // Tokens: enrolled and activated by the operator, their codes right, wrong and used twice.
  const totp = await sello('token', 'enrol', 'alice', '--type', 'totp', '--digits', '8');
  const ocra = await sello('token', 'enrol', 'alice', '--type', 'ocra');
  const seeds = [totp, ocra].map(({ secret }) => decodeBase32(String(secret)));
  const [totpSeed, ocraSeed] = seeds;
  assert.ok(totpSeed && ocraSeed);
  secrets.bytes('TOTP seed', totpSeed);
  secrets.bytes('OCRA seed', ocraSeed);
  const firstCode = totpCode(hmac, totpSeed, Date.now(), { algorithm: 'sha1', digits: 8, periodS: 60 });
  const bound = boundCode(hmac, ocraSeed, String(ocra.activation_question), Date.now());
  codes.push(firstCode, bound);
  await sello('token', 'activate', 'alice', firstCode, '--id', String(totp.id));
  await sello('token', 'activate', 'alice', bound, '--id', String(ocra.id));
  const used = await stranger.request({ accion: 'login', username: 'alice', password, codigo: firstCode });
  assert.equal(used.error, 'code_spent');

  // By a bound code, changed, replayed, with a wrong code.
  const { client } = alice;
  const large = { amount: '900.00', currency: 'EUR', payee: 'CuentaB', payer: 'CuentaA', v: 1 } as const;
  const answers = [];
  for (const right of [true, false]) {
    const { nonce = '' } = expectOk(await client.request({ accion: 'pet_transaccion' }));
    const code = boundCode(hmac, ocraSeed, boundQuestion({ ...large, challenge: nonce }), Date.now());
    const sent = right ? code : `${(Number(code) + 1) % 1_000_000}`.padStart(6, '0');
    codes.push(code, sent);
    const message = { accion: 'transaccion', data: 'CuentaA,CuentaB,900.00', nonce, codigo: sent };
    answers.push((await client.request(message)).status, (await client.request(message)).status);
  }
  assert.deepEqual(answers, ['OK', 'POSIBLE ATAQUE', 'ERROR', 'POSIBLE ATAQUE']);
  const { nonce = '' } = expectOk(await client.request({ accion: 'pet_transaccion' }));
  const mac = createHmac('sha256', createHash('sha256').update('otra').digest())
    .update(data + nonce)
    .digest('hex');
  await client.request({ accion: 'transaccion', data, nonce, mac });

  // The operator's part, a failure of the store, and a stop with work under way.
  const given = secrets.text('password by the operator', 'contraseña-de-operador');
  await create(folder, environment, given);
  await sello('keys', 'rotate');
  const other = new DatabaseSync(join(folder, 'sello.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const locked = await client.request({ accion: 'login', username: 'alice', password, codigo: firstCode });
  assert.equal(locked.error, 'unavailable');
  other.exec('ROLLBACK');
  other.close();
  assert.match(server.stderr, /"level":50/, 'the failure was logged');

  const written = () => Buffer.from(server.stdout + server.stderr);
  const search = (when: string) => {
    assert.deepEqual(secrets.foundIn(written()), [], `in the log, ${when}`);
    assert.deepEqual(codesIn(codes, written().toString()), [], `codes in the log, ${when}`);
    const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
    assert.ok(files.includes('sello.sqlite') && files.includes('sello.vault'));
    for (const name of files) {
      assert.deepEqual(secrets.foundIn(readFileSync(join(folder, name))), [], `in ${name}, ${when}`);
      assert.equal(statSync(join(folder, name)).mode & 0o077, 0, `${name} is closed to others`);
    }
  };
  search('while it runs');
  void client.request({ accion: 'login', username: 'alice', password }).catch(() => undefined);
  await server.stop();
  search('after its end');

  const journal = await readJournal(folder);
  const bodies = journal.map((body) => JSON.stringify(body)).join('\n');
  assert.deepEqual(codesIn(codes, bodies), [], 'codes in the journal');
  const database = new DatabaseSync(join(folder, 'sello.sqlite'), { readOnly: true });
  const states = database.prepare('SELECT state FROM journal').all();
  assert.deepEqual(codesIn(codes, JSON.stringify(states)), [], 'codes in the state');
  database.close();
  assert.ok(journal.some(({ type }) => type === 'transaction.approved'));
  t.diagnostic(
    `${secrets.texts.size + secrets.binaries.size} forms of secrets and ${codes.length} codes searched for in ` +
      `${written().length} bytes of log and output, ${journal.length} entries, and every file`,
  );
});

/** A search that finds nothing may be one that cannot find anything. */
test('the search finds a secret that was written', () => {
  const secrets = new Secrets();
  const value = secrets.text('password', 'contraseña');
  secrets.bytes('seed', Buffer.from([1, 2, 3, 250, 251, 252]));
  for (const text of [
    `{"p":"${value}"}`,
    Buffer.from(value).toString('base64'),
    'x010203fafbfcx',
    '[1,2,3,250,251,252]',
  ]) {
    assert.notDeepEqual(secrets.foundIn(Buffer.from(text)), [], text);
  }
  assert.notDeepEqual(secrets.foundIn(Buffer.from([0, 1, 2, 3, 250, 251, 252])), []);
  assert.deepEqual(codesIn(['123456'], '{"code":"123456"}'), ['123456']);
  assert.deepEqual(codesIn(['123456'], 'ab123456cd 1234567 0.123456'), []);
});

function create(
  folder: string,
  environment: Readonly<Record<string, string>>,
  password: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [MAIN, 'user', 'create', 'dora', '--password-stdin', '--data-dir', folder],
      { env: { ...process.env, ...environment }, stdio: ['pipe', 'ignore', 'inherit'] },
    );
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`))));
    child.stdin.end(password);
  });
}
