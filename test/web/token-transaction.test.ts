import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { amountParts } from '../../web/src/design/amount.ts';
import { withCodePoints } from '../../web/src/design/use-look-alike.ts';
import { approvalLink } from '../../web/src/routing/approval-link.ts';
import { BoundTransaction } from '../../web/src/token/transaction/bound-transaction.ts';
import { readOfflineTransaction } from '../../web/src/token/transaction/offline-transaction.ts';
import { readPending, readPendingList } from '../../web/src/token/transaction/pending-transaction.ts';
import {
  accountGroups,
  hasEscapes,
  shownParts,
  shownText,
} from '../../web/src/token/transaction/shown-text.ts';

const GOOD = {
  id: '019ac3f2-7c1b-7d3e-8a51-6c0d9be2f1a7',
  status: 'pending',
  payer: 'ES7921000813610123456789',
  payee: 'DE89370400440532013000',
  amount: '1250.00',
  currency: 'EUR',
  challenge: `019ac3f27c1b${'5e'.repeat(26)}`,
  requested_at: '2026-01-02T03:04:05.000Z',
  expires_at: '2026-01-02T03:06:05.000Z',
};

/** Reverses the escapes of a shown text. */
function readBack(shown: string): string {
  return shown.replace(/⟨.{0,2}?U\+([0-9A-F]{4,6})⟩/gu, (_, code) =>
    String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

test('what is displayed is what is signed, member by member', () => {
  const transaction = BoundTransaction.of(GOOD);
  assert.ok(transaction);
  const { payer, payee, amount, currency, challenge } = transaction;
  const canonical = { amount, challenge, currency, payee, payer, v: 1 } as const;
  assert.equal(transaction.canonical, JSON.stringify(canonical));
  assert.equal(transaction.question, boundQuestion(canonical));
  assert.equal(transaction.payee, GOOD.payee);
});

test('it cannot be changed after it was shown', () => {
  const transaction = BoundTransaction.of({ ...GOOD });
  assert.ok(transaction);
  assert.throws(() => Object.assign(transaction, { payee: 'mallory' }), TypeError);
  assert.throws(() => Object.defineProperty(transaction, 'canonical', { value: '{}' }), TypeError);
  const source = { ...GOOD };
  const copied = BoundTransaction.of(source);
  source.payee = 'mallory';
  assert.equal(copied?.payee, GOOD.payee);
  // Objects of the same shape are not signed.
  const forged: BoundTransaction = Object.create(BoundTransaction.prototype, {
    payee: { value: GOOD.payee },
  });
  assert.throws(() => forged.question, TypeError);
});

test('a source that answers otherwise the second time is read once', () => {
  let reads = 0;
  const shifty = { ...GOOD };
  Object.defineProperty(shifty, 'payee', {
    enumerable: true,
    get: () => (reads++ === 0 ? 'friend' : 'mallory'),
  });
  const transaction = BoundTransaction.of(shifty);
  assert.equal(reads, 1);
  assert.equal(transaction?.payee, 'friend');
  assert.match(transaction?.canonical ?? '', /"payee":"friend"/);
});

const HOSTILE: readonly [string, Record<string, unknown>][] = [
  ['an override of direction in the payee', { payee: 'alice\u202Ekcatta' }],
  ['a zero-width space', { payee: 'ali\u200Bce' }],
  ['a soft hyphen', { payee: 'ali\u00ADce' }],
  ['a no-break space', { payee: 'alice\u00A0smith' }],
  ['a line end', { payee: 'alice\nAmount: 1.00' }],
  ['a tag character', { payee: 'alice\u{E0041}' }],
  ['a Hangul filler', { payee: 'alice\u3164' }],
  ['not NFC', { payee: 'Jose\u0301' }],
  ['a lone surrogate', { payee: 'alice\uD800' }],
  ['blanks around', { payee: ' alice' }],
  ['a comma', { payee: 'alice,bob' }],
  ['65 bytes', { payee: 'a'.repeat(65) }],
  ['empty', { payee: '' }],
  ['an array with one name', { payee: ['alice'] }],
  ['an object that prints as a name', { payee: { toString: () => 'alice' } }],
  ['missing', { payee: undefined }],
  ['a number as the amount', { amount: 1250 }],
  ['an amount not in canonical form', { amount: '1250' }],
  ['more decimals than the currency has', { amount: '1250.000' }],
  ['leading zeros', { amount: '01250.00' }],
  ['an exponent', { amount: '1e3' }],
  ['a decimal comma', { amount: '1250,00' }],
  ['grouping', { amount: '1 250.00' }],
  ['digits of another script', { amount: '١٢٥٠.٠٠' }],
  ['full-width digits', { amount: '１２５０.00' }],
  ['negative', { amount: '-1250.00' }],
  ['zero', { amount: '0.00' }],
  ['sixteen digits', { amount: '1234567890123456.00' }],
  ['decimals where there are none', { amount: '1250.00', currency: 'JPY' }],
  ['an unknown currency', { currency: 'XXX' }],
  ['a currency in small letters', { currency: 'eur' }],
  ['a currency with a look-alike', { currency: 'EUЯ' }],
  ['a short challenge', { challenge: 'ab' }],
  ['a challenge in capitals', { challenge: GOOD.challenge.toUpperCase() }],
];

for (const [name, change] of HOSTILE) {
  test(`a hostile answer is not shown as a transaction: ${name}`, () => {
    assert.equal(BoundTransaction.of({ ...GOOD, ...change }), undefined);
    assert.deepEqual(readPendingList({ transactions: [{ ...GOOD, ...change }, GOOD] }).unreadable, 1);
  });
}

test('members that come from a prototype count for nothing', () => {
  assert.equal(BoundTransaction.of(Object.create(GOOD)), undefined);
  const polluted = JSON.parse('{"__proto__": {"payee": "mallory"}}');
  assert.equal(BoundTransaction.of({ ...GOOD, payee: undefined, ...polluted }), undefined);
});

test('extra members are neither shown nor signed', () => {
  const transaction = BoundTransaction.of({ ...GOOD, display_payee: 'friend', v: 2, note: 'safe' });
  assert.equal(transaction?.canonical, BoundTransaction.of(GOOD)?.canonical);
  assert.deepEqual(Object.keys(transaction ?? {}).sort(), [
    'amount',
    'challenge',
    'currency',
    'payee',
    'payer',
  ]);
});

test('any account that is accepted reads back from the screen as its very characters', () => {
  const character = fc.oneof(
    fc.constantFrom(...'abcXYZ019 -./<>&"\'\\{}|~⟨⟩⟪U+0430'),
    fc.constantFrom(
      ...'аеорсхАВЕК',
      ...'αβγΑΒ',
      ...'אבגد',
      ...'éñÇßıĸſŀ',
      ...'１２３',
      ...'一二',
      '\u0301',
      '😀',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(character, { maxLength: 20 }), (characters) => {
      const transaction = BoundTransaction.of({ ...GOOD, payee: characters.join('') });
      if (!transaction) return;
      assert.equal(readBack(shownText(transaction.payee)), transaction.payee);
    }),
    { numRuns: 2_000 },
  );
});

test('look-alikes are shown with their code points', () => {
  assert.equal(shownText('Alice'), 'Alice');
  assert.equal(shownText('José Ñandú'), 'José Ñandú');
  assert.equal(shownText('раypal'), '⟨рU+0440⟩⟨аU+0430⟩ypal');
  assert.equal(shownText('a  b'), 'a ⟨U+0020⟩b');
  assert.equal(shownText('a\u202Eb'), 'a⟨U+202E⟩b');
  assert.equal(hasEscapes('l1I0O'), false);
  assert.equal(hasEscapes('ΑΒ'), true);
  for (const part of shownParts('ab\u05D0\u0627\u0301')) {
    if (part.kind === 'plain') assert.match(part.text, /^[ -~]+$/);
  }
});

test('an IBAN is shown in groups that together are it', () => {
  assert.deepEqual(accountGroups('DE89370400440532013000'), ['DE89', '3704', '0044', '0532', '0130', '00']);
  assert.deepEqual(accountGroups('CuentaA'), ['CuentaA']);
});

test('an amount reads back from the screen exactly, in both languages', () => {
  const currencies = fc.constantFrom(
    ['EUR', 2] as const,
    ['JPY', 0] as const,
    ['KWD', 3] as const,
    ['HUF', 2] as const,
  );
  fc.assert(
    fc.property(
      fc.bigInt(1n, 10n ** 15n - 1n),
      fc.nat(999),
      currencies,
      (whole, part, [currency, decimals]) => {
        const fraction = decimals === 0 ? '' : `.${String(part).padStart(3, '0').slice(0, decimals)}`;
        const amount = `${whole}${fraction}`;
        const english = amountParts(amount, currency, 'en');
        assert.equal(english.number.replaceAll(',', ''), amount);
        const spanish = amountParts(amount, currency, 'es');
        assert.equal(spanish.number.replaceAll('.', '').replace(',', '.'), amount);
        assert.equal(spanish.currency, currency);
      },
    ),
  );
  assert.equal(amountParts('1250.00', 'EUR', 'en').number, '1,250.00');
  assert.equal(amountParts('1250.00', 'EUR', 'es').number, '1.250,00');
});

test('only pending transactions with an id and an expiry are listed, the soonest to expire first', () => {
  const later = { ...GOOD, id: 'b', expires_at: '2026-01-02T03:08:05.000Z' };
  const { pending, unreadable } = readPendingList({
    transactions: [later, GOOD, { ...GOOD, status: 'approved' }, null],
  });
  assert.deepEqual(
    pending.map(({ id }) => id),
    [GOOD.id, 'b'],
  );
  assert.equal(unreadable, 2);
  assert.equal(readPending({ ...GOOD, id: '../../x' }), undefined);
  assert.equal(readPending({ ...GOOD, expires_at: 'soon' }), undefined);
  assert.deepEqual(readPendingList('nonsense'), { pending: [], unreadable: 0 });
});

test('the account that a payee resembles is read where it is one, and never is the payee itself', () => {
  const like = (value: unknown) => readPending({ ...GOOD, payee_resembles: value })?.payeeResembles;
  assert.equal(like('D\u042089'), 'D\u042089');
  for (const bad of [GOOD.payee, '', 'a,b', 'a\u202eb', 'x'.repeat(65), 5, null, { toString: () => 'x' }])
    assert.equal(like(bad), undefined);
  assert.equal(withCodePoints('r\u0430'), 'r U+0072 \u0430 U+0430');
});

test('a transaction that comes without a network has one form alone', () => {
  const transaction = BoundTransaction.of(GOOD);
  assert.ok(transaction);
  const { canonical } = transaction;
  assert.equal(readOfflineTransaction(canonical)?.canonical, canonical);
  assert.equal(
    readOfflineTransaction(approvalLink('https://bank.example', JSON.parse(transaction.canonical)))
      ?.canonical,
    canonical,
  );
  assert.equal(readOfflineTransaction(`  ${canonical}\n`)?.canonical, canonical);
  assert.equal(readOfflineTransaction(canonical.replace('{', '{"note":"x",')), undefined);
  assert.equal(readOfflineTransaction(canonical.replace('"v":1', '"v":2')), undefined);
  assert.equal(readOfflineTransaction(canonical.replace('"payee"', '"payee":"friend","payee"')), undefined);
  assert.equal(readOfflineTransaction(JSON.stringify(GOOD)), undefined);
  assert.equal(readOfflineTransaction('https://bank.example/token#approve=!!'), undefined);
  assert.equal(readOfflineTransaction(`{"a":"${'x'.repeat(3_000)}"}`), undefined);
});
