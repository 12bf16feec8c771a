import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { knownAnswers } from '../../web/src/token/otp/known-answers.ts';
import { groupedCode, shownCode } from '../../web/src/token/otp/shown-code.ts';
import { approvalCode, BoundTransaction } from '../../web/src/token/transaction/bound-transaction.ts';

test('the device computes every vector of RFC 4226, 6238 and 6287', () => {
  const found = knownAnswers();
  assert.deepEqual(
    found.map(({ name }) => name),
    ['RFC 4226', 'RFC 6238', 'RFC 6287'],
  );
  for (const { name, vectors, right } of found) {
    assert.ok(vectors >= 10, name);
    assert.equal(right, vectors, name);
  }
});

test('the device computes the published bound codes over the published canonical transactions', async () => {
  const file = await readFile(new URL('../vectors/sello.json', import.meta.url), 'utf8');
  const { seed, vectors } = JSON.parse(file) as {
    seed: string;
    vectors: (Record<'canonical' | 'question' | 'bound_code', string> & { at: number })[];
  };
  assert.ok(vectors.length > 0);
  for (const vector of vectors) {
    const transaction = BoundTransaction.of(vector);
    assert.ok(transaction, vector.canonical);
    assert.equal(transaction.canonical, vector.canonical);
    assert.equal(transaction.question, vector.question);
    assert.equal(approvalCode(Buffer.from(seed, 'hex'), transaction, vector.at), vector.bound_code);
  }
});

test('the next code is shown shortly before the end of the period, and is the code of the next one', () => {
  const seed = Buffer.from('12345678901234567890');
  const parameters = { algorithm: 'sha1', digits: 6, periodS: 60 } as const;
  const minute = 1_767_225_600_000;
  const early = shownCode(seed, parameters, minute);
  assert.equal(early.leftMs, 60_000);
  assert.equal(early.next, undefined);
  const late = shownCode(seed, parameters, minute + 59_999);
  assert.equal(late.leftMs, 1);
  assert.equal(late.code, early.code);
  assert.equal(late.next, shownCode(seed, parameters, minute + 60_000).code);
});

test('codes are grouped so that they can be read aloud', () => {
  assert.equal(groupedCode('123456'), '123 456');
  assert.equal(groupedCode('1234567'), '1234 567');
  assert.equal(groupedCode('12345678'), '1234 5678');
});
