/*
 * Goal: an amount is exact, with its currency's decimals, and no other text is accepted as an amount.
 * Method: tables of texts, and properties against whole numbers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRefusal, refuse } from '../../../src/domain/errors.ts';
import { addAmounts, compareAmounts, parseAmount } from '../../../src/domain/money/amount.ts';
import { CURRENCIES, currencyDecimals } from '../../../src/domain/money/currency.ts';
import { anyText, decimal, scaled } from '../arbitraries.ts';

const code = (value: unknown) => (isRefusal(value) ? value.refused : value);

test('amounts take exactly the decimals of their currency', () => {
  const cases: [string, string, string][] = [
    ['100', 'EUR', '100.00'],
    ['100.0', 'EUR', '100.00'],
    ['100.00', 'EUR', '100.00'],
    ['0.01', 'EUR', '0.01'],
    ['0.1', 'EUR', '0.10'],
    ['100', 'JPY', '100'],
    ['1', 'KWD', '1.000'],
    ['1.234', 'KWD', '1.234'],
    ['999999999999999.99', 'EUR', '999999999999999.99'],
  ];
  for (const [text, currency, expected] of cases) {
    assert.equal(parseAmount(text, currency), expected, `${text} ${currency}`);
  }
});

test('any text that is not an exact positive amount of the currency is refused', () => {
  const texts = [
    '',
    '0',
    '0.00',
    '00',
    '007',
    '01.00',
    '.5',
    '5.',
    '.',
    '-1',
    '+1',
    '1e3',
    '1E3',
    '0x10',
    ' 1',
    '1 ',
  ];
  texts.push(
    '1,5',
    '1.2.3',
    '1_000',
    '1.001',
    '0.009',
    '1000000000000000',
    'NaN',
    'Infinity',
    '١',
    '１',
    '1\n',
    '1\0',
  );
  texts.push(`${'1.'.padEnd(40, '0')}1`, '..', '1..0', '½', '0.001');
  for (const text of texts)
    assert.equal(code(parseAmount(text, 'EUR')), 'amount_invalid', JSON.stringify(text));
  assert.equal(code(parseAmount('1.5', 'JPY')), 'amount_invalid');
  assert.equal(code(parseAmount('1.0001', 'KWD')), 'amount_invalid');
});

test('more decimals than the currency has are refused, zeros as well: they may be thousands', () => {
  const cases = [
    ['1.000', 'EUR'],
    ['100.000', 'EUR'],
    ['10.5000000', 'EUR'],
    ['100.0', 'JPY'],
    ['5.000', 'CLP'],
    ['1.0000', 'KWD'],
  ] as const;
  for (const [text, currency] of cases)
    assert.deepEqual(parseAmount(text, currency), refuse('amount_invalid', { detail: 'decimals' }), text);
});

test('currencies that nobody holds money in, withdrawn ones, and other texts are unknown', () => {
  const texts = [
    'XXX',
    'XTS',
    'XAU',
    'XDR',
    'XSU',
    'XUA',
    'XAD',
    'CLF',
    'UYW',
    'CHE',
    'USN',
    'MXV',
    'COU',
    'BOV',
  ];
  texts.push(
    'HRK',
    'BGN',
    'ANG',
    'CUC',
    'SLL',
    'ZWL',
    'DEM',
    'eur',
    '',
    'EURO',
    'EU',
    '€',
    '__proto__',
    'constructor',
  );
  for (const text of texts) {
    assert.equal(currencyDecimals(text), undefined, text);
    assert.equal(code(parseAmount('1', text)), 'currency_unknown', text);
  }
});

test('every currency is three capitals, once; the decimals of the ones that differ from two', () => {
  assert.equal(CURRENCIES.length, 155);
  assert.equal(new Set(CURRENCIES).size, CURRENCIES.length);
  for (const currency of CURRENCIES) assert.match(currency, /^[A-Z]{3}$/);
  const byDecimals = Map.groupBy(CURRENCIES, currencyDecimals);
  assert.deepEqual([...byDecimals.keys()].sort(), [0, 2, 3]);
  const none = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF';
  assert.equal(byDecimals.get(0)?.join(' '), none);
  assert.equal(byDecimals.get(3)?.join(' '), 'BHD IQD JOD KWD LYD OMR TND');
});

test('an amount is canonical once parsed, and worth the same', () => {
  fc.assert(
    fc.property(decimal(5), fc.constantFrom('EUR', 'JPY', 'KWD'), (text, currency) => {
      const amount = parseAmount(text, currency);
      const decimalsGiven = text.split('.')[1]?.length ?? 0;
      if (isRefusal(amount)) return scaled(text) === 0n || decimalsGiven > (currencyDecimals(currency) ?? 0);
      assert.match(amount, { EUR: /^\d+\.\d\d$/, JPY: /^\d+$/, KWD: /^\d+\.\d{3}$/ }[currency] ?? /never/);
      assert.equal(parseAmount(amount, currency), amount);
      return scaled(amount) === scaled(text);
    }),
    { numRuns: 2_000 },
  );
});

test('no text makes the parser throw, or passes with anything but digits and a point', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom('EUR', 'JPY', 'KWD', 'XXX'), (text, currency) => {
      const amount = parseAmount(text, currency);
      return isRefusal(amount) || (/^(0|[1-9]\d{0,14})(\.\d+)?$/.test(text) && /[1-9]/.test(text));
    }),
    { numRuns: 3_000 },
  );
});

test('comparison and addition agree with integers', () => {
  const padded = fc.tuple(fc.constantFrom('', '0', '000'), decimal(12)).map(([zeros, text]) => zeros + text);
  fc.assert(
    fc.property(padded, padded, (a, b) => {
      const expected = scaled(a) < scaled(b) ? -1 : scaled(a) > scaled(b) ? 1 : 0;
      assert.equal(Math.sign(compareAmounts(a, b)), expected, `${a} ? ${b}`);
      assert.equal(scaled(addAmounts(a, b)), scaled(a) + scaled(b), `${a} + ${b}`);
    }),
    { numRuns: 3_000 },
  );
});

test('comparison of near and unlike forms', () => {
  assert.equal(compareAmounts('500', '500.00'), 0);
  assert.ok(compareAmounts('500.01', '500.00') > 0);
  assert.ok(compareAmounts('500.01', '500') > 0);
  assert.ok(compareAmounts('99.99', '100') < 0);
  assert.ok(compareAmounts('9', '10.0') < 0);
  assert.ok(compareAmounts('9007199254740993', '9007199254740992') > 0);
  assert.ok(compareAmounts('0.1', '0.09') > 0);
});

test('sums keep the finer decimals and carry', () => {
  assert.equal(addAmounts('0', '1.50'), '1.50');
  assert.equal(addAmounts('0.10', '0.20'), '0.30');
  assert.equal(addAmounts('999.99', '0.01'), '1000.00');
  assert.equal(addAmounts('1', '0.001'), '1.001');
  assert.equal(addAmounts('100', '23'), '123');
});
