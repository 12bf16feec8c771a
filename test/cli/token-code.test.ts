/*
 * Goal: `sello token code` shows the codes of the standards, and what a bound code is for.
 * Method: published vectors, and oathtool where it is installed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encodeBase32 } from '../../src/domain/encoding/base32.ts';
import { sello, selloJson } from '../services/sello-command.ts';

const SECRET = encodeBase32(Buffer.from('12345678901234567890'));

test('codes of RFC 4226 appendix D and RFC 6238 appendix B', async () => {
  assert.equal((await selloJson(['token', 'code', '--secret', SECRET, '--counter', '9'])).code, '520489');
  const at = ['--at', '2005-03-18T01:58:29Z', '--digits', '8', '--period', '30'];
  const shown = await selloJson(['token', 'code', '--secret', SECRET, ...at]);
  assert.deepEqual(shown, { code: '07081804', valid_for_ms: 1_000 });
});

test('a code that oathtool computes as well', {
  skip: spawnSync('oathtool', ['--version']).error ? 'oathtool is not installed' : false,
}, async () => {
  const now = '2026-03-04 05:06:07 UTC';
  const { stdout } = spawnSync(
    'oathtool',
    ['--totp=sha256', '--base32', '--time-step-size=60s', `--now=${now}`, SECRET],
    { encoding: 'utf8' },
  );
  const shown = await selloJson([
    'token',
    'code',
    '--secret',
    SECRET,
    '--algorithm',
    'sha256',
    '--at',
    '2026-03-04T05:06:07Z',
  ]);
  assert.equal(shown.code, stdout.trim());
});

test('bound codes of the published vectors, over what is displayed', async () => {
  const { seed, vectors } = JSON.parse(
    readFileSync(new URL('../vectors/sello.json', import.meta.url), 'utf8'),
  );
  for (const vector of vectors) {
    const shown = await selloJson([
      'token',
      'code',
      '--bound',
      '--secret',
      encodeBase32(Buffer.from(seed, 'hex')),
      '--payer',
      vector.payer,
      '--payee',
      vector.payee,
      '--amount',
      vector.amount,
      '--currency',
      vector.currency,
      '--challenge',
      vector.challenge,
      '--at',
      new Date(vector.at).toISOString(),
    ]);
    assert.equal(shown.code, vector.bound_code, vector.name);
    assert.equal(shown.question, vector.question);
  }
});

test('payee and amount are shown before the bound code, and the time it has left', async () => {
  const { stdout } = await sello([
    'token',
    'code',
    '--bound',
    '--secret',
    SECRET,
    '--payer',
    'CuentaA',
    '--payee',
    'CuentaB',
    '--amount',
    '800',
    '--currency',
    'EUR',
    '--challenge',
    'ab'.repeat(32),
    '--at',
    '2026-01-01T00:00:15Z',
  ]);
  assert.match(
    stdout,
    /PAY TO {2}CuentaB[\s\S]+AMOUNT {2}800\.00 EUR[\s\S]+\n {3}\d{3} \d{3}\n {3}█+░+ 45 s\n$/,
  );
});

test('--watch shows each code once where there is no terminal', async () => {
  const { stdout } = await sello(['token', 'code', '--secret', SECRET, '--period', '1', '--watch'], {
    stopAfterMs: 2_600,
  });
  const codes = stdout.trim().split('\n');
  assert(codes.length >= 2 && codes.length <= 5, stdout);
  assert(codes.every((code) => /^\d{3} \d{3}$/.test(code)));
});

test('missing and invalid options are reported, exit 2', async () => {
  const cases: [string[], RegExp][] = [
    [[], /--secret is missing/],
    [['--secret', '1'], /not base32/],
    [['--secret', SECRET, '--digits', '11'], /--digits expected a whole number from 1 to 10/],
    [['--secret', SECRET, '--at', 'noon'], /--at is no time/],
    [['--secret', SECRET, '--suite', 'OCRA-2', '--question', '1'], /--suite is no OCRA suite/],
    [
      ['--secret', SECRET, '--suite', 'OCRA-1:HOTP-SHA1-6:C-QN08', '--question', '12345678'],
      /the suite needs a counter/,
    ],
    [['--bound', '--secret', SECRET, '--challenge', 'AB'], /--challenge expected lower-case hex/],
    [['--bound', '--secret', SECRET, '--challenge', 'ab'], /--payer is missing/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await sello(['token', 'code', ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
  const refused = await sello([
    'token',
    'code',
    '--bound',
    '--secret',
    SECRET,
    '--challenge',
    'ab',
    '--payer',
    'A',
    '--payee',
    'B',
    '--amount',
    '1.234',
  ]);
  assert.deepEqual([refused.code, /amount is not valid/.test(refused.stderr)], [1, true]);
});
