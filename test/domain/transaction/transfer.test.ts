/*
 * Goal: a transfer is read the same from both wires, and each mistake has its code.
 * Method: tables of texts, and properties.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '../../../src/domain/errors.ts';
import { makeTransfer, parseAccount, parseTransfer } from '../../../src/domain/transaction/transfer.ts';
import { LIMITS } from '../../../src/limits.ts';
import { anyText } from '../arbitraries.ts';

function refusal(data: string): string {
  const transfer = parseTransfer(data, 'EUR');
  assert.ok(isRefusal(transfer), `${JSON.stringify(data)} was accepted`);
  return transfer.refused;
}

test('reads the protocol’s form', () => {
  const expected = { payer: 'CuentaA', payee: 'CuentaB', amount: '100.00', currency: 'EUR' };
  for (const data of [
    'CuentaA,CuentaB,100.0',
    'CuentaA, CuentaB, 100',
    ' CuentaA\t,\tCuentaB , 100.00 , EUR ',
  ]) {
    assert.deepEqual(parseTransfer(data, 'EUR'), expected, data);
  }
  assert.deepEqual(parseTransfer('A,B,5,JPY', 'EUR'), {
    payer: 'A',
    payee: 'B',
    amount: '5',
    currency: 'JPY',
  });
  assert.deepEqual(parseTransfer('A,B,5', 'KWD'), {
    payer: 'A',
    payee: 'B',
    amount: '5.000',
    currency: 'KWD',
  });
  assert.deepEqual(parseTransfer('Ana Peña,美容室,5', 'EUR'), {
    payer: 'Ana Peña',
    payee: '美容室',
    amount: '5.00',
    currency: 'EUR',
  });
});

test('each refusal has its code', () => {
  for (const data of ['', 'A', 'A,B', 'A,B,1,EUR,x', 'A,B,1,EUR,', 'A\ud800,B,1', `A,B,${'0'.repeat(300)}`]) {
    assert.equal(refusal(data), 'data_invalid', JSON.stringify(data));
  }
  for (const data of [',B,1', 'A,,1', ' ,B,1', 'A,\t,1', 'A\n,B,1', 'A\0,B,1', 'A\x7f,B,1']) {
    assert.equal(refusal(data), 'account_invalid', JSON.stringify(data));
  }
  for (const data of ['A,B,', 'A,B,0', 'A,B,-1', 'A,B,1e3', 'A,B,1.001', 'A,B,1\n', 'A,B,1 0']) {
    assert.equal(refusal(data), 'amount_invalid', JSON.stringify(data));
  }
  for (const data of ['A,B,1,', 'A,B,1,eur', 'A,B,1,XXX', 'A,B,1,EUR\n']) {
    assert.equal(refusal(data), 'currency_unknown', JSON.stringify(data));
  }
  assert.deepEqual(parseTransfer('A,\u202eB,1', 'EUR'), { refused: 'account_invalid', detail: 'payee' });
});

test('an account holds nothing that is not seen, and has one form', () => {
  const unseen = {
    'right-to-left override': 'a\u202eb',
    'left-to-right isolate': 'a\u2066b',
    'zero width space': 'a\u200bb',
    'zero width joiner': 'a\u200db',
    'soft hyphen': 'a\u00adb',
    'byte order mark': '\ufeffab',
    'no-break space': 'a\u00a0b',
    'ideographic space': 'a\u3000b',
    'line separator': 'a\u2028b',
    'Hangul filler': 'a\u3164b',
    'variation selector': 'a\ufe0fb',
    'tag character': 'a\u{e0041}b',
    'private use': 'a\ue000b',
    unassigned: 'a\u0378b',
    'C1 control': 'a\u0085b',
    'tab within': 'a\tb',
    'half a surrogate pair': 'a\ud800',
    'not NFC': 'n\u0303',
    'singleton that NFC replaces': '\u212b',
    comma: 'a,b',
  };
  for (const [name, account] of Object.entries(unseen)) assert.equal(parseAccount(account), undefined, name);
  assert.equal(parseAccount('ñ\u00c5'), 'ñÅ');
  assert.equal(parseAccount(' a b '), 'a b');
});

test('bounds count bytes of UTF-8', () => {
  const { accountBytesMax, dataBytesMax } = LIMITS;
  assert.equal(parseAccount('a'.repeat(accountBytesMax))?.length, accountBytesMax);
  assert.equal(parseAccount('a'.repeat(accountBytesMax + 1)), undefined);
  assert.equal(parseAccount('ñ'.repeat(accountBytesMax / 2))?.length, accountBytesMax / 2);
  assert.equal(parseAccount(`${'ñ'.repeat(accountBytesMax / 2)}a`), undefined);
  // U+0800 is the first that takes three bytes.
  assert.equal(parseAccount(`${'\u0800'.repeat(21)}a`)?.length, 22);
  assert.equal(parseAccount(`${'\u0800'.repeat(21)}aa`), undefined);
  assert.equal(parseAccount('😀'.repeat(accountBytesMax / 4))?.length, accountBytesMax / 2);

  const fill = (length: number) => 'A,B,1'.padEnd(length, ' ');
  assert.ok(!isRefusal(parseTransfer(fill(dataBytesMax), 'EUR')));
  assert.equal(refusal(fill(dataBytesMax + 1)), 'data_invalid');
  const wide = 'ñ'.repeat(3);
  assert.ok(!isRefusal(parseTransfer(`${wide},B,1`.padEnd(dataBytesMax - 3, ' '), 'EUR')));
  assert.equal(refusal(`${wide},B,1`.padEnd(dataBytesMax - 2, ' ')), 'data_invalid');
});

test('both wires read the same transfer', () => {
  const parts = fc.record({
    payer: anyText,
    payee: anyText,
    amount: anyText,
    currency: fc.constantFrom('EUR', 'JPY', 'zzz'),
  });
  fc.assert(
    fc.property(parts, (input) => {
      const made = makeTransfer(input, 'EUR');
      if (isRefusal(made)) return true;
      const { payer, payee, amount, currency } = input;
      assert.deepEqual(parseTransfer(`${payer},${payee},${amount},${currency}`, 'KWD'), made);
      return true;
    }),
    { numRuns: 2_000 },
  );
  assert.deepEqual(
    makeTransfer({ payer: 'A', payee: 'B', amount: '1' }, 'JPY'),
    parseTransfer('A,B,1', 'JPY'),
  );
  const refused = (more: object) => makeTransfer({ payer: 'A', payee: 'B', amount: '1', ...more }, 'EUR');
  assert.deepEqual(refused({ payer: 'A,B' }), { refused: 'account_invalid', detail: 'payer' });
  assert.deepEqual(refused({ amount: ' 1' }), { refused: 'amount_invalid' });
  assert.deepEqual(refused({ currency: 'EUR ' }), { refused: 'currency_unknown' });
});

test('no text makes the parser throw; what passes reads back as itself', () => {
  const account = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('A', ' B ', 'Peña', '美容室', '"\\') },
    anyText,
  );
  const amount = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('1', ' 2.50', '100.0', '7.123') }, anyText);
  const currency = fc.constantFrom('', ',EUR', ', JPY', ',KWD\t', ',XXX', ',');
  const likely = fc.tuple(account, account, amount, currency).map(([a, b, c, d]) => `${a},${b},${c}${d}`);
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof(anyText, likely), (data) => {
      const transfer = parseTransfer(data, 'EUR');
      if (isRefusal(transfer)) return;
      accepted++;
      const { payer, payee, amount, currency } = transfer;
      for (const account of [payer, payee]) {
        assert.ok(
          data.includes(account) &&
            !/[\p{C},]/u.test(account) &&
            account.trim() === account &&
            account !== '',
        );
        assert.ok(Buffer.byteLength(account) <= LIMITS.accountBytesMax);
      }
      assert.deepEqual(parseTransfer(`${payer},${payee},${amount},${currency}`, 'KWD'), transfer);
    }),
    { numRuns: 5_000 },
  );
  assert.ok(accepted > 200, `only ${accepted} were accepted`);
});
