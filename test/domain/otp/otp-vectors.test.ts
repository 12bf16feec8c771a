/*
 * Goal: codes are those of RFC 4226, RFC 6238 and RFC 6287.
 * Method: the published vectors, computed by two implementations of HMAC and once from the RFC alone.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isRefusal } from '../../../src/domain/errors.ts';
import { BOUND_SUITE, boundCode, boundCodeMessages } from '../../../src/domain/otp/bound-code.ts';
import type { HmacAlgorithm } from '../../../src/domain/otp/hmac.ts';
import { hotpCode, hotpMessage, truncate } from '../../../src/domain/otp/hotp.ts';
import { ocraCode, parseSuite } from '../../../src/domain/otp/ocra.ts';
import { timeStep, totpCode } from '../../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../../src/domain/transaction/bound-question.ts';
import { encodeTransaction } from '../../../src/domain/transaction/canonical-transaction.ts';
import { parseTransfer } from '../../../src/domain/transaction/transfer.ts';
import { browserHmac, nodeHmac } from './hmac.ts';

function vectors(name: string) {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));
}
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const [source, hmac] of [
  ['node:crypto', nodeHmac],
  ['@noble/hashes', browserHmac],
] as const) {
  test(`RFC 4226 appendix D, by ${source}`, () => {
    const { secret, algorithm, digits, vectors: rows } = vectors('rfc4226');
    assert.equal(rows.length, 10);
    for (const { counter, mac, code } of rows) {
      assert.equal(Buffer.from(hmac(algorithm, ascii(secret), hotpMessage(counter))).toString('hex'), mac);
      assert.equal(truncate(Buffer.from(mac, 'hex'), digits), code);
      assert.equal(hotpCode(hmac, ascii(secret), counter, { algorithm, digits }), code);
    }
  });

  test(`RFC 6238 appendix B, by ${source}`, () => {
    const { digits, period_s: periodS, vectors: rows } = vectors('rfc6238');
    assert.equal(rows.length, 18);
    for (const { algorithm, secret, time_s: timeS, code } of rows) {
      for (const ms of [0, 999]) {
        assert.equal(totpCode(hmac, ascii(secret), timeS * 1000 + ms, { algorithm, digits, periodS }), code);
      }
    }
  });

  test(`RFC 6287 appendix C: one-way, mutual and signature, by ${source}`, () => {
    const { vectors: rows } = vectors('rfc6287');
    assert.equal(rows.length, 70);
    for (const { suite: text, key, counter, question, pin, time_s: timeS, response } of rows) {
      const suite = parseSuite(text);
      assert.ok(!isRefusal(suite), text);
      const input = {
        question,
        ...(counter === undefined ? {} : { counter }),
        ...(pin === undefined ? {} : { passwordHash: hashed(suite.passwordHash, pin) }),
        ...(timeS === undefined ? {} : { timeStep: Math.floor(timeS / (suite.timeStepS ?? Number.NaN)) }),
      };
      assert.equal(ocraCode(hmac, suite, ascii(key), input), response, `${text} ${question}`);
    }
  });
}

function hashed(algorithm: HmacAlgorithm | undefined, pin: string): Uint8Array {
  return new Uint8Array(
    createHash(algorithm ?? 'none')
      .update(pin)
      .digest(),
  );
}

test('Sello’s vectors: transfer → canonical bytes → MAC, question, bound code', () => {
  const { suite, seed, password, mac_key, currency_default, vectors: rows } = vectors('sello');
  assert.equal(rows.length, 6);
  assert.equal(suite, BOUND_SUITE);
  assert.equal(createHash('sha256').update(password).digest('hex'), mac_key);
  const macKey = Buffer.from(mac_key, 'hex');
  for (const row of rows) {
    const { data, challenge, at, payer, payee, amount, currency, canonical } = row;
    assert.deepEqual(parseTransfer(data, currency_default), { amount, currency, payee, payer }, row.name);
    const transaction = { amount, challenge, currency, payee, payer, v: 1 as const };
    assert.equal(encodeTransaction(transaction), canonical);
    assert.equal(Buffer.from(canonical).toString('hex'), row.canonical_utf8);
    assert.equal(createHmac('sha256', macKey).update(canonical).digest('hex'), row.mac_rest);
    assert.equal(
      createHmac('sha256', macKey)
        .update(data + challenge)
        .digest('hex'),
      row.mac_tcp,
    );
    assert.equal(boundQuestion(transaction), row.question);
    for (const hmac of [nodeHmac, browserHmac]) {
      assert.equal(boundCode(hmac, Buffer.from(seed, 'hex'), row.question, at), row.bound_code, row.name);
    }
    assert.equal(independentBoundCode(seed, row.question, at), row.bound_code);
  }
});

/** From RFC 6287 alone, by node:crypto, with nothing of the domain. */
function independentBoundCode(seed: string, question: string, at: number): string {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 60_000)));
  const message = Buffer.concat([
    Buffer.from('OCRA-1:HOTP-SHA256-6:QH64-T1M\0'),
    Buffer.from(question.padEnd(256, '0'), 'hex'),
    step,
  ]);
  const mac = createHmac('sha256', Buffer.from(seed, 'hex')).update(message).digest();
  const number = mac.readUInt32BE(mac.readUInt8(31) % 16) % 2 ** 31;
  return String(number % 1_000_000).padStart(6, '0');
}

test('a bound code fits no other payee, amount, payer, currency, challenge or seed', () => {
  const { seed, vectors: rows } = vectors('sello');
  const { amount, challenge, currency, payee, payer, at } = rows[0];
  const transaction = { amount, challenge, currency, payee, payer, v: 1 as const };
  const messageOf = (t: typeof transaction) =>
    Buffer.from(boundCodeMessages(boundQuestion(t), [timeStep(at, 60)])[0]?.message ?? []).toString('hex');
  const seen = new Set([messageOf(transaction)]);
  for (const change of [
    { payee: 'CuentaM' },
    { amount: '100.01' },
    { payer: 'CuentaC' },
    { currency: 'USD' },
    { challenge: rows[1].challenge },
  ]) {
    seen.add(messageOf({ ...transaction, ...change }));
  }
  assert.equal(seen.size, 6);
  assert.notEqual(
    boundCode(nodeHmac, Buffer.from(seed, 'hex'), rows[0].question, at),
    boundCode(nodeHmac, Buffer.alloc(32), rows[0].question, at),
  );
});
