/*
 * Goal: a code over payee, amount and twelve digits approves the transaction that they are of, and nothing else.
 * Method: the real server; codes by the virtual token's own code, from what a person would type.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeBase32 } from '../../../src/domain/encoding/base32.ts';
import { currencyDecimals } from '../../../src/domain/money/currency.ts';
import { shortChallenge } from '../../../src/domain/transaction/short-challenge.ts';
import { isShortChallenge, withCheckDigits } from '../../../src/domain/transaction/short-transaction.ts';
import { approvalCode } from '../../../web/src/token/transaction/bound-transaction.ts';
import { type Typed, TypedTransaction } from '../../../web/src/token/transaction/typed-transaction.ts';
import { testHttp } from './http-fixture.ts';

test('payee, amount and number typed into a token approve that transaction alone', async (t) => {
  const fixture = await testHttp(t);
  const ana = await fixture.user('ana');
  const { id: tokenId, enrolled } = await ana.enrol('ocra');
  const seed = decodeBase32(enrolled.secret) ?? new Uint8Array();
  const transfer = { payer: 'ES79', payee: 'Taller Núñez', amount: '1250.50' };
  const { json: pending } = await ana.post('/v1/transactions', transfer);
  const { json: twin } = await ana.post('/v1/transactions', { ...transfer, payer: 'ES80' });
  assert.match(pending.challenge_short, /^[0-9]{12}$/);
  assert.notEqual(pending.challenge_short, twin.challenge_short);
  const type = (more: Partial<Typed> = {}): string => {
    const typed = TypedTransaction.of(
      {
        payee: ' Taller Núñez ',
        amount: '1.250,5',
        currency: 'EUR',
        challenge: pending.challenge_short.replace(/(....)/g, '$1 '),
        ...more,
      },
      currencyDecimals('EUR') ?? 0,
      'es',
    );
    assert.ok(typed instanceof TypedTransaction, `${typed}`);
    return approvalCode(seed, typed, fixture.now());
  };
  const approve = (id: string, code: string, form?: string) =>
    ana.post(`/v1/transactions/${id}/approval`, { code, ...(form ? { form } : {}) });

  // Another payee, another amount, the number of another transaction; and the right code in the place of the other form.
  for (const more of [{ payee: 'Mallory' }, { amount: '1250.51' }]) {
    const { json } = await approve(pending.id, type(more), 'short');
    assert.equal(json.code, 'code_wrong', JSON.stringify(more));
  }
  assert.equal((await ana.get(`/v1/transactions/${pending.id}`)).json.status, 'pending');
  const approved = await approve(pending.id, type(), 'short');
  assert.equal(approved.status, 200, approved.text);
  assert.equal(approved.json.status, 'approved');
  assert.equal(approved.json.challenge_short, undefined);
  const { json: journal } = await ana.get('/v1/journal');
  const entry = journal.entries.find(
    (each: { body: { type: string } }) => each.body.type === 'transaction.approved',
  );
  assert.equal(entry.body.detail.form, 'short');
  assert.equal(entry.body.detail.token, tokenId);

  // The code of one is none of its twin, which differs by its number alone; nor does it fit the other form.
  assert.equal((await approve(twin.id, type(), 'short')).json.code, 'code_wrong');
  const fits = type({ challenge: twin.challenge_short });
  assert.equal((await approve(twin.id, fits, 'short')).status, 200);
  assert.equal((await approve(twin.id, fits, 'short')).json.code, 'transaction_decided');
});

test('a code over the short form is none over the canonical one', async (t) => {
  const fixture = await testHttp(t);
  const ana = await fixture.user('ana');
  const { enrolled } = await ana.enrol('ocra');
  const seed = decodeBase32(enrolled.secret) ?? new Uint8Array();
  const { json } = await ana.post('/v1/transactions', { payer: 'A', payee: 'B', amount: '900' });
  const typed = TypedTransaction.of(
    { payee: 'B', amount: '900', currency: 'EUR', challenge: json.challenge_short },
    2,
    'en',
  );
  assert.ok(typed instanceof TypedTransaction);
  const code = approvalCode(seed, typed, fixture.now());
  assert.equal((await ana.post(`/v1/transactions/${json.id}/approval`, { code })).json.code, 'code_wrong');
  assert.equal((await ana.post(`/v1/transactions/${json.id}/approval`, { code, form: 'short' })).status, 200);
  assert.equal((await ana.post(`/v1/transactions/${json.id}/approval`, { code, form: 'other' })).status, 400);
});

test('a mistyped digit of the number, or two that changed places, are found before a code is made', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 10n - 1n),
      fc.nat(11),
      fc.integer({ min: 1, max: 9 }),
      (number, at, by) => {
        const digits = withCheckDigits(String(number).padStart(10, '0'));
        assert.ok(isShortChallenge(digits), digits);
        const wrong = `${digits.slice(0, at)}${(Number(digits[at]) + by) % 10}${digits.slice(at + 1)}`;
        assert.ok(!isShortChallenge(wrong), `${digits} ${wrong}`);
        const [a = '', b = ''] = [digits[at], digits[at + 1]];
        if (b === '' || a === b) return;
        assert.ok(!isShortChallenge(`${digits.slice(0, at)}${b}${a}${digits.slice(at + 2)}`));
      },
    ),
  );
  assert.equal(shortChallenge(`019ac3f27c1b${'5e'.repeat(26)}`), '737453210935');
  const good = { payee: 'B', amount: '9', currency: 'EUR', challenge: '7374 5321 0935' };
  assert.ok(TypedTransaction.of(good, 2, 'en') instanceof TypedTransaction);
  assert.equal(TypedTransaction.of({ ...good, challenge: '737453210936' }, 2, 'en'), 'challenge');
  assert.equal(TypedTransaction.of({ ...good, payee: 'A\u202eB' }, 2, 'en'), 'payee');
  assert.equal(TypedTransaction.of({ ...good, amount: '12.500' }, 2, 'en'), 'amount');
  assert.equal(TypedTransaction.of({ ...good, amount: '-1' }, 2, 'en'), 'amount');
});
