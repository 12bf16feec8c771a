/*
 * Goal: OCRA suites are parsed and computed as RFC 6287 says.
 * Method: every suite of the grammar, its data input byte by byte, and texts that are not suites.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '../../../src/domain/errors.ts';
import { BOUND_SUITE, boundCodeMessages, boundCodeSteps } from '../../../src/domain/otp/bound-code.ts';
import {
  isQuestion,
  type OcraInput,
  type OcraSuite,
  ocraCode,
  ocraMessage,
  ocraResponse,
  parseSuite,
} from '../../../src/domain/otp/ocra.ts';
import { anyText } from '../arbitraries.ts';
import { nodeHmac } from './hmac.ts';

function suiteOf(text: string): OcraSuite {
  const suite = parseSuite(text);
  assert.ok(!isRefusal(suite), text);
  return suite;
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const HASHES = ['sha1', 'sha256', 'sha512'] as const;
const BYTES = { sha1: 20, sha256: 32, sha512: 64 };
const suites = fc.record({
  algorithm: fc.constantFrom(...HASHES),
  digits: fc.constantFrom(0, 4, 5, 6, 7, 8, 9, 10),
  counter: fc.boolean(),
  format: fc.constantFrom('A' as const, 'N' as const, 'H' as const),
  lengthMax: fc.integer({ min: 4, max: 64 }),
  passwordHash: fc.option(fc.constantFrom(...HASHES), { nil: undefined }),
  sessionBytes: fc.option(fc.integer({ min: 1, max: 512 }), { nil: undefined }),
  time: fc.option(
    fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 59 }), fc.constantFrom('S' as const, 'M' as const)),
      fc.tuple(fc.integer({ min: 1, max: 48 }), fc.constant('H' as const)),
    ),
    { nil: undefined },
  ),
});

function written(s: typeof suites extends fc.Arbitrary<infer T> ? T : never): string {
  const parts = [
    ...(s.counter ? ['C'] : []),
    `Q${s.format}${String(s.lengthMax).padStart(2, '0')}`,
    ...(s.passwordHash ? [`P${s.passwordHash.toUpperCase()}`] : []),
    ...(s.sessionBytes ? [`S${String(s.sessionBytes).padStart(3, '0')}`] : []),
    ...(s.time ? [`T${s.time.join('')}`] : []),
  ];
  return `OCRA-1:HOTP-${s.algorithm.toUpperCase()}-${s.digits}:${parts.join('-')}`;
}

test('every suite of the grammar is read as what it says, and gives a message of its length', () => {
  fc.assert(
    fc.property(suites, (s) => {
      const text = written(s);
      const { algorithm, digits, counter, format, lengthMax, passwordHash, sessionBytes } = s;
      const timeStepS = s.time && s.time[0] * { S: 1, M: 60, H: 3600 }[s.time[1]];
      const suite = suiteOf(text);
      assert.deepEqual(suite, {
        text,
        algorithm,
        digits,
        counter,
        question: { format, lengthMax },
        passwordHash,
        sessionBytes,
        timeStepS,
      });

      const input: OcraInput = {
        question: '1'.repeat(lengthMax),
        ...(counter ? { counter: 7 } : {}),
        ...(passwordHash ? { passwordHash: new Uint8Array(BYTES[passwordHash]) } : {}),
        ...(sessionBytes ? { sessionInformation: new Uint8Array(1) } : {}),
        ...(timeStepS ? { timeStep: 9 } : {}),
      };
      const message = ocraMessage(suite, input);
      const length =
        text.length +
        1 +
        (counter ? 8 : 0) +
        128 +
        (passwordHash ? BYTES[passwordHash] : 0) +
        (sessionBytes ?? 0) +
        (timeStepS ? 8 : 0);
      assert.equal(message.length, length);
      const response = ocraCode(nodeHmac, suite, new Uint8Array(32), input);
      assert.match(
        response,
        digits ? new RegExp(`^\\d{${digits}}$`) : new RegExp(`^[0-9a-f]{${2 * BYTES[algorithm]}}$`),
      );
    }),
    { numRuns: 500 },
  );
});

test('invalid suites are refused', () => {
  const texts = [
    '',
    'OCRA-1',
    'OCRA-2:HOTP-SHA1-6:QN08',
    'OCRA-1:TOTP-SHA1-6:QN08',
    'OCRA-1:HOTP-MD5-6:QN08',
    'ocra-1:hotp-sha1-6:qn08',
  ];
  for (const digits of ['1', '3', '11', '06', '', '-6']) texts.push(`OCRA-1:HOTP-SHA1-${digits}:QN08`);
  for (const input of [
    '',
    'C',
    'C-',
    'QN03',
    'QN65',
    'QN00',
    'QN8',
    'QX08',
    'QN008',
    'QN08-C',
    'CQN08',
    'QN08-PMD5',
    'QN08-P256',
  ]) {
    texts.push(`OCRA-1:HOTP-SHA1-6:${input}`);
  }
  for (const input of [
    'S000',
    'S513',
    'S64',
    'S0064',
    'T0S',
    'T60S',
    'T0M',
    'T60M',
    'T0H',
    'T49H',
    'T01M',
    'T1D',
    'T1m',
    'T1M-PSHA1',
    'PSHA1-PSHA1',
  ]) {
    texts.push(`OCRA-1:HOTP-SHA1-6:QN08-${input}`);
  }
  texts.push(
    'OCRA-1:HOTP-SHA1-6:QN08\n',
    ' OCRA-1:HOTP-SHA1-6:QN08',
    'OCRA-1:HOTP-SHA1-6:QN08-',
    'OCRA-1:HOTP-SHA1-6:QN08-T1M-S064',
  );
  for (const text of texts)
    assert.deepEqual(
      parseSuite(text),
      { refused: 'token_parameters_invalid', detail: 'suite' },
      JSON.stringify(text),
    );
  fc.assert(fc.property(anyText, (text) => isRefusal(parseSuite(text))));
});

test('a letter alone stands for the default of section 6.3', () => {
  const { text: _, ...plain } = suiteOf('OCRA-1:HOTP-SHA1-6:Q-P-S-T');
  const { text: __, ...full } = suiteOf('OCRA-1:HOTP-SHA1-6:QN08-PSHA1-S064-T1M');
  assert.deepEqual(plain, full);
});

test('DataInput, byte by byte', () => {
  const suite = suiteOf('OCRA-1:HOTP-SHA1-4:C-QH05-PSHA1-S004-T1M');
  const message = ocraMessage(suite, {
    counter: 0x1_0000_0002,
    question: 'aBc',
    passwordHash: new Uint8Array(20).fill(0x77),
    sessionInformation: Uint8Array.of(1, 2),
    timeStep: 0x132d0b6,
  });
  const expected = [
    hex(new TextEncoder().encode(suite.text)),
    '00',
    '0000000100000002',
    'abc0'.padEnd(256, '0'),
    '77'.repeat(20),
    '00000102',
    '000000000132d0b6',
  ];
  assert.equal(hex(message), expected.join(''));
});

test('questions: a number by its value, letters by their bytes, hex by its digits', () => {
  const question = (format: string, text: string) =>
    hex(ocraMessage(suiteOf(`OCRA-1:HOTP-SHA1-6:Q${format}64`), { question: text }).slice(-128)).replace(
      /0+$/,
      '',
    );
  assert.equal(question('N', '00000255'), 'ff');
  assert.equal(question('N', '4095'), 'fff');
  assert.equal(question('N', '0000'), '');
  assert.equal(question('N', '9'.repeat(64)), (10n ** 64n - 1n).toString(16));
  assert.equal(question('A', 'aZ9'), '615a39');
  assert.equal(question('H', 'F1'), 'f1');
});

test('zero digits: the whole MAC', () => {
  const suite = suiteOf('OCRA-1:HOTP-SHA256-0:QN08');
  const mac = nodeHmac('sha256', new Uint8Array(32), ocraMessage(suite, { question: '12345678' }));
  assert.equal(ocraResponse(suite, mac), hex(mac));
});

test('inputs that are missing, foreign or of the wrong form are mistakes of the caller', () => {
  const suite = suiteOf('OCRA-1:HOTP-SHA1-6:QN08');
  const full = suiteOf('OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-S004-T1M');
  const right = {
    counter: 1,
    question: '1',
    passwordHash: new Uint8Array(20),
    sessionInformation: new Uint8Array(4),
    timeStep: 1,
  };
  assert.ok(ocraMessage(full, right));
  const wrong: [OcraSuite, OcraInput][] = [
    [suite, { question: '' }],
    [suite, { question: 'a' }],
    [suite, { question: '1'.repeat(17) }],
    [suite, { question: '1', counter: 1 }],
    [suite, { question: '1', timeStep: 1 }],
    [full, { question: '1' }],
    [full, { ...right, passwordHash: new Uint8Array(32) }],
    [full, { ...right, sessionInformation: new Uint8Array(5) }],
    [full, { ...right, counter: -1 }],
    [full, { ...right, counter: 1.5 }],
    [full, { ...right, timeStep: Number.NaN }],
  ];
  for (const [to, input] of wrong) assert.throws(() => ocraMessage(to, input), RangeError);
  assert.ok(
    isQuestion(suite, '12345678') && !isQuestion(suite, '123456789') && isQuestion(suite, '1'.repeat(16), 2),
  );
});

test('the messages of a bound code are those of its suite', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.nat(4_000_000_000_000),
      fc.integer({ min: -10, max: 10 }),
      (bytes, at, drift) => {
        const question = hex(bytes);
        const now = Math.max(Math.floor(at / 60_000), 1);
        const drifted = Math.max(Math.floor(at / 60_000) + drift, 1);
        const expected = [now - 1, now, now + 1, drifted - 1, drifted, drifted + 1];
        const steps = boundCodeSteps(drift, at);
        const messages = boundCodeMessages(question, steps);
        assert.deepEqual(
          messages.map(({ step }) => step),
          [...new Set(expected)].sort((a, b) => a - b),
        );
        for (const { step, message } of messages) {
          assert.equal(hex(message), hex(ocraMessage(suiteOf(BOUND_SUITE), { question, timeStep: step })));
        }
        assert.deepEqual(boundCodeMessages(question.toUpperCase(), steps), messages);
      },
    ),
  );
  for (const question of ['', 'ab', 'g'.repeat(64), '0'.repeat(65), `${'0'.repeat(63)}\n`]) {
    assert.throws(() => boundCodeMessages(question, [0]), RangeError);
  }
});
