/*
 * Goal: what the commands make is opened by the commands, offline, and by openssl; what was changed is not believed, and the
 * exit code says so.
 * Method: the real commands, on files; certificates of a real server; the openssl of this machine.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { importIdentityKeys } from '../../src/client/messages/identity-keys.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';
import { testHttp } from '../wire/http/http-fixture.ts';
import { Person } from '../wire/http/messages-fixture.ts';

const run = promisify(execFile);
const CONTENT = Buffer.from('Oferta ñ €\n\0\xff', 'latin1');

let folder = '';
const at = (name: string) => join(folder, name);
const own = (name: string) => ['--keys', at(`${name}.keys`)];

async function make(name: string): Promise<void> {
  const made = await selloJson(['identity', 'new', '--user', name, '--out', at(`${name}.keys`)]);
  assert.match(made.question, /^[0-9a-f]{64}$/);
  const { stdout } = await sello(['identity', 'public', ...own(name)]);
  await writeFile(at(`${name}.json`), stdout);
}

before(async () => {
  folder = await temporaryFolder({ after: () => undefined });
  await writeFile(at('offer'), CONTENT);
  await Promise.all(['alice', 'bob', 'carol'].map(make));
});

describe('sello message', () => {
  test('what is sealed is opened by its recipients, with proof for others and a receipt', async () => {
    const seal = [
      'message',
      'seal',
      ...own('alice'),
      '--to',
      at('bob.json'),
      at('carol.json'),
      '--in',
      at('offer'),
    ];
    const sealed = await selloJson([...seal, '--type', 'text/plain', '--out', at('offer.jwe')]);
    assert.equal(sealed.bytes, (await stat(at('offer.jwe'))).size);
    const opened = await selloJson([
      ...['message', 'open', ...own('bob'), '--from', at('alice.json'), '--in', at('offer.jwe')],
      ...['--out', at('opened'), '--signed', at('offer.jws'), '--receipt', at('receipt')],
    ]);
    assert.deepEqual([opened.from, opened.type, opened.jti], ['alice', 'text/plain', sealed.jti]);
    assert.deepEqual(await readFile(at('opened')), CONTENT);
    assert.equal((await stat(at('opened'))).mode & 0o777, 0o600);
    const verify = ['message', 'verify', '--in', at('offer.jws')];
    assert.equal((await selloJson([...verify, '--from', at('alice.json')])).valid, true);
    const { error } = await selloJson([...verify, '--from', at('bob.json')], { code: 1 });
    assert.equal(error.code, 'sender_other');
    assert.equal((await readFile(at('receipt'), 'utf8')).split('.').length, 3);
  });

  test('through pipes, and in Spanish', async () => {
    const sealed = await sello(['message', 'seal', ...own('alice'), '--to', at('bob.json')], {
      stdin: 'hola',
    });
    assert.equal(sealed.code, 0, sealed.stderr);
    const opened = await sello(['message', 'open', ...own('bob'), '--from', at('alice.json')], {
      stdin: sealed.stdout,
      environment: { LANG: 'es_ES.UTF-8' },
    });
    assert.deepEqual([opened.code, opened.stdout], [0, 'hola'], opened.stderr);
    assert.match(opened.stderr, /^Firmado por alice/);
  });

  test('what is altered, for others or of another form ends with 1 and the reason; nothing is written', async () => {
    const { stdout } = await sello(['message', 'seal', ...own('alice'), '--to', at('bob.json')], {
      stdin: 'x',
    });
    const altered = JSON.parse(stdout);
    altered.tag = `${altered.tag.slice(0, -2)}${altered.tag.endsWith('gA') ? 'QQ' : 'gA'}`;
    const open = (who: string) => [
      'message',
      'open',
      ...own(who),
      '--from',
      at('alice.json'),
      '--out',
      at('none'),
    ];
    const cases: [string, string, string][] = [
      ['bob', JSON.stringify(altered), 'altered'],
      ['carol', stdout, 'not_for_these_keys'],
      ['bob', '{}', 'form_invalid'],
    ];
    for (const [who, stdin, code] of cases) {
      assert.equal((await selloJson(open(who), { stdin, code: 1 })).error.code, code);
    }
    await assert.rejects(stat(at('none')));
  });

  test('keys that others may read, files that hold none, and a file that is there are refused with 2', async () => {
    await writeFile(at('open.keys'), await readFile(at('alice.keys')));
    await chmod(at('open.keys'), 0o644);
    const wrong: [string[], RegExp][] = [
      [['message', 'sign', '--keys', at('open.keys'), '--to', at('bob.json')], /others may open it/],
      [
        ['message', 'sign', '--keys', at('bob.json'), '--to', at('bob.json')],
        /others may open it|holds no keys/,
      ],
      [['message', 'sign', ...own('alice'), '--to', at('offer')], /public keys/],
      [['message', 'sign', ...own('alice'), '--to', at('bob.json'), '--in', at('nothing')], /cannot be read/],
      [['message', 'sign', ...own('alice'), '--to', at('bob.json'), '--days', 'x'], /--days/],
      [['identity', 'new', '--user', 'alice', '--out', at('alice.keys')], /was not written/],
    ];
    for (const [args, message] of wrong) {
      const { error } = await selloJson(args, { stdin: 'x', code: 2 });
      assert.match(error.message, message);
    }
  });

  test('both people see one safety number', async () => {
    const number = async (who: string, other: string) =>
      (await selloJson(['identity', 'number', ...own(who), '--with', at(`${other}.json`)])).safety_number;
    assert.equal(await number('alice', 'bob'), await number('bob', 'alice'));
    assert.notEqual(await number('alice', 'bob'), await number('alice', 'carol'));
  });
});

test('a user without keys of their own has the vault make them, and seals, signs and opens by a code each', async (t) => {
  const fixture = await testHttp(t);
  const person = await Person.make(fixture, 'dora');
  const vera = await fixture.user('vera');
  const token = await vera.enrol('ocra');
  const inVault = [
    ...['--keys', 'vault', '--user', 'vera', '--server', fixture.base],
    ...['--password-stdin', '--secret', token.enrolled.secret],
  ];
  const run = (args: string[], code = 0) => selloJson([...args, ...inVault], { stdin: 'secreto', code });
  const missing = await run(['message', 'seal', '--to', at('bob.json'), '--in', at('offer')], 1);
  assert.equal(missing.error.code, 'identity_unknown');
  const enrolled = await run(['identity', 'enrol']);
  assert.deepEqual([enrolled.user, enrolled.custody], ['vera', 'vault']);

  const show = ['identity', 'show', '--server', fixture.base, '--password-stdin', '--user', 'vera'];
  for (const name of ['vera', 'dora']) {
    const { stdout } = await sello([...show, name], { stdin: 'secreto' });
    await writeFile(at(`${name}.json`), stdout);
  }
  await run(['message', 'seal', '--to', at('vera.json'), '--in', at('offer'), '--out', at('vault.jwe')]);
  await run([
    ...['message', 'open', '--from', at('vera.json'), '--in', at('vault.jwe'), '--out', at('vault.out')],
    ...['--receipt', at('vault.receipt'), '--signed', at('vault.jws')],
  ]);
  assert.deepEqual(await readFile(at('vault.out')), CONTENT);
  const verified = await selloJson(['message', 'verify', '--from', at('vera.json'), '--in', at('vault.jws')]);
  assert.equal(verified.from, 'vera');
  const claims = (await readFile(at('vault.receipt'), 'utf8')).split('.')[1] ?? '';
  assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).aud, 'vera');
  const { json } = await person.user.get('/v1/identities/vera');
  assert.equal(json.custody, 'vault');
  const nobody = await selloJson(
    ['message', 'sign', '--keys', 'vault', '--to', at('vera.json'), '--in', at('offer')],
    { code: 2 },
  );
  assert.match(nobody.error.message, /--keys vault needs --user/);
});

test('keys are enrolled by the command, and CMS for certificates of a server is opened and verified by openssl', async (t) => {
  const fixture = await testHttp(t);
  const person = await Person.make(fixture, 'dora');
  const erin = await fixture.user('alice');
  const token = await erin.enrol('ocra');
  const enrolled = await selloJson(
    [
      'identity',
      'enrol',
      ...own('alice'),
      '--server',
      fixture.base,
      '--password-stdin',
      '--secret',
      token.enrolled.secret,
    ],
    { stdin: 'secreto' },
  );
  assert.equal(enrolled.user, 'alice');
  const { sign, seal } = JSON.parse(await readFile(at('alice.keys'), 'utf8'));
  assert.equal((await person.seen('alice')).signKey, (await importIdentityKeys(sign, seal)).signKey);

  const certificates = async (name: string) => {
    const { json } = await person.user.get(`/v1/identities/${name}/certificate`);
    for (const use of ['sign', 'seal', 'authority']) await writeFile(at(`${name}-${use}.pem`), json[use]);
  };
  await certificates('alice');
  await certificates('dora');
  const { stdout: verified } = await run('openssl', [
    ...['verify', '-x509_strict', '-CAfile', at('alice-authority.pem')],
    ...[at('alice-sign.pem'), at('dora-seal.pem')],
  ]);
  assert.equal(verified.match(/: OK$/gm)?.length, 2, verified);

  await selloJson([
    ...['message', 'export', '--cms', ...own('alice'), '--certificate', at('alice-sign.pem')],
    ...['--to', at('dora-seal.pem'), '--in', at('offer'), '--out', at('offer.p7m')],
  ]);
  const { exportJWK } = await import('jose');
  const { createPrivateKey } = await import('node:crypto');
  const jwk = await exportJWK(person.keys.seal.privateKey);
  const key = createPrivateKey({ key: jwk as never, format: 'jwk' });
  await writeFile(at('dora.key'), key.export({ type: 'pkcs8', format: 'pem' }));
  const decrypt = (input: string) =>
    run('openssl', [
      ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', input, '-out', at('signed.der')],
      ...['-recip', at('dora-seal.pem'), '-inkey', at('dora.key')],
    ]);
  await decrypt(at('offer.p7m'));
  const verify = (more: string[]) =>
    run('openssl', [
      ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', at('signed.der')],
      ...['-CAfile', at('alice-authority.pem'), '-out', at('content'), ...more],
    ]);
  await verify([]);
  assert.deepEqual(await readFile(at('content')), CONTENT);
  const tomorrow = `${Math.floor(Date.now() / 1000) + 90_000}`;
  await assert.rejects(verify(['-attime', tomorrow]), /certificate has expired/);
  const bytes = await readFile(at('offer.p7m'));
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
  await writeFile(at('altered.p7m'), bytes);
  await assert.rejects(decrypt(at('altered.p7m')));
  const other = ['--certificate', at('dora-sign.pem'), '--to', at('dora-seal.pem')];
  const { error } = await selloJson(['message', 'export', '--cms', ...own('alice'), ...other], {
    stdin: 'x',
    code: 2,
  });
  assert.match(error.message, /not of your signing key/);
});
