import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientName } from '../../src/domain/client-name.ts';
import { devicesOf } from '../../web/src/account/devices.ts';
import { accountTexts as accountEnglish } from '../../web/src/account/texts.en.ts';
import { accountTexts as accountSpanish } from '../../web/src/account/texts.es.ts';
import { addressOf } from '../../web/src/api/api.ts';
import type { Token } from '../../web/src/api/operations.ts';
import { ProblemError } from '../../web/src/api/problem.ts';
import { sentenceOf } from '../../web/src/console/history/sentence.ts';
import { consoleTexts as english } from '../../web/src/console/texts.en.ts';
import { consoleTexts as spanish } from '../../web/src/console/texts.es.ts';
import { ibanDoubt } from '../../web/src/console/transactions/iban.ts';
import { draftOf, faultsOf, transactionOf } from '../../web/src/console/transactions/transaction-form.ts';
import { shownAmount } from '../../web/src/design/amount.ts';
import { durationOf, shownPast } from '../../web/src/design/time.ts';
import { typedAmount } from '../../web/src/design/typed-amount.ts';
import { preferredLanguage } from '../../web/src/i18n/language.ts';
import { approvalLink } from '../../web/src/routing/approval-link.ts';
import { hashCode, hashOf, parseHash } from '../../web/src/routing/hash-route.ts';
import { shellTexts as shellEnglish } from '../../web/src/shell/texts.en.ts';
import { shellTexts as shellSpanish } from '../../web/src/shell/texts.es.ts';
import { readOfflineTransaction } from '../../web/src/token/transaction/offline-transaction.ts';

const DRAFT = { payer: ' ES79 ', payee: 'DE89', amount: '1250.5', currency: 'EUR' };

test("the form's rules are the server's", () => {
  assert.deepEqual(faultsOf(DRAFT, 'en'), {});
  assert.deepEqual(transactionOf(DRAFT, 'en'), {
    payer: 'ES79',
    payee: 'DE89',
    amount: '1250.50',
    currency: 'EUR',
  });
  assert.deepEqual(faultsOf({ payer: '', payee: 'a,b', amount: '-1', currency: 'EUR' }, 'en'), {
    payer: 'account_wrong',
    payee: 'account_wrong',
    amount: 'amount_wrong',
  });
  assert.deepEqual(faultsOf({ ...DRAFT, currency: 'JPY' }, 'en'), { amount: 'amount_wrong_whole' });
  assert.deepEqual(faultsOf({ ...DRAFT, currency: 'XXX' }, 'en'), { currency: 'currency_wrong' });
  // A right-to-left override would show another payee than the one signed.
  assert.deepEqual(faultsOf({ ...DRAFT, payee: 'A\u202eB' }, 'en'), { payee: 'account_wrong' });
  assert.deepEqual(faultsOf({ ...DRAFT, payee: 'é'.repeat(33) }, 'en'), { payee: 'account_wrong' });
});

test('a mistyped IBAN is doubted with what is wrong with it; other accounts are left alone', () => {
  // Examples of the registry of ISO 13616, one of each length and with letters.
  const good = [
    'NO9386011117947',
    'BE68539007547034',
    'DE89370400440532013000',
    'ES9121000418450200051332',
    'GB29NWBK60161331926819',
    'FR1420041010050500013M02606',
    'MT84MALT011000012345MTLCAST001S',
    'LC55HEMM000100010012001200023015',
    'RU0304452522540817810538091310419',
    'gb29 nwbk 6016 1331 9268 19',
  ];
  assert.deepEqual(
    good.filter((iban) => ibanDoubt(iban) !== undefined),
    [],
  );
  assert.deepEqual(ibanDoubt('ES912100041845020005133'), {
    ...{ kind: 'length', country: 'ES', expected: 24, found: 23 },
  });
  // ISO/IEC 7064 finds each single wrong character and each exchange of neighbours.
  const iban = 'GB29NWBK60161331926819';
  for (let at = 4; at < iban.length; at++) {
    const is = iban[at] ?? '';
    const other = /\d/.test(is) ? String((Number(is) + 1) % 10) : is === 'Z' ? 'A' : 'Z';
    assert.deepEqual(
      ibanDoubt(iban.slice(0, at) + other + iban.slice(at + 1)),
      { kind: 'check_digits' },
      `${at}`,
    );
    const next = iban[at + 1];
    if (next === undefined || next === is) continue;
    const exchanged = iban.slice(0, at) + next + is + iban.slice(at + 2);
    assert.deepEqual(ibanDoubt(exchanged), { kind: 'check_digits' }, exchanged);
  }
  for (const account of ['Astilleros', 'ES79-2100-0813', 'CuentaA', 'ES79', 'XX12ABCDEFGHIJKL', 'DE1', '']) {
    assert.equal(ibanDoubt(account), undefined, account);
  }
});

test('a transaction asked for again begins with its amount as it is typed in the language', () => {
  const before = { payer: 'A', payee: 'B', amount: '12.500', currency: 'KWD' };
  for (const locale of ['en', 'es']) {
    const draft = draftOf(before, locale);
    assert.equal(draft.amount, locale === 'es' ? '12,500' : '12.500');
    assert.deepEqual(transactionOf(draft, locale), before);
  }
});

test('an amount is read as people write it in either custom, and never guessed', () => {
  const cases: [string, string, string][] = [
    ['12,50', '12.50', '12.50'],
    ['12.5', '12.5', '12.5'],
    ['1.250,50', '1250.50', '1250.50'],
    ['1,250.50', '1250.50', '1250.50'],
    ['1.250.000', '1250000', '1250000'],
    ['1\u00a0250,50', '1250.50', '1250.50'],
    ['1 250 000', '1250000', '1250000'],
    ["1'250.50", '1250.50', '1250.50'],
    ['12.500', 'ambiguous', 'ambiguous'],
    ['1,000', 'ambiguous', 'ambiguous'],
    ['0.500', '0.500', '0.500'],
    ['1250.500', '1250.500', '1250.500'],
    ['1,25,000', '1,25,000', '1,25,000'],
    ['1.250.00', '1.250.00', '1.250.00'],
    ['-1', '-1', '-1'],
    ['', '', ''],
  ];
  for (const [text, english, spanish] of cases) {
    assert.equal(typedAmount(text, 2, 'en-GB'), english, text);
    assert.equal(typedAmount(text, 2, 'es-ES'), spanish, text);
  }
  // With three decimals the page's own separator decides; the other one groups, or is asked about.
  assert.equal(typedAmount('1.234', 3, 'en'), '1.234');
  assert.equal(typedAmount('1,234', 3, 'es'), '1.234');
  assert.equal(typedAmount('1,234', 3, 'en'), 'ambiguous');
  assert.deepEqual(faultsOf({ ...DRAFT, amount: '12.500' }, 'es'), { amount: 'amount_ambiguous' });
  assert.deepEqual(faultsOf({ ...DRAFT, amount: '1250.500' }, 'es'), { amount: 'amount_wrong' });
  assert.equal(transactionOf({ ...DRAFT, amount: '1.250,5' }, 'en').amount, '1250.50');
});

test('amounts are shown to the last decimal, however many digits they have', () => {
  assert.match(shownAmount('999999999999999.99', 'EUR', 'en'), /999,999,999,999,999\.99/);
  assert.equal(shownAmount('1250.50', 'EUR', 'es'), '1.250,50\u00a0EUR');
  assert.equal(shownAmount('1000', 'JPY', 'en'), '1,000\u00a0JPY');
});

test('what has happened is never shown as to come, by whatever clock', () => {
  const now = Date.UTC(2026, 0, 1);
  const after = (ms: number) => new Date(now + ms).toISOString();
  assert.equal(shownPast(after(4_000), 'en', now), 'now');
  assert.equal(shownPast(after(30 * 86_400_000), 'es', now), 'ahora');
  assert.equal(shownPast(after(-4_000), 'en', now), '4 seconds ago');
});

test('a wait is rounded up', () => {
  assert.deepEqual(durationOf(1), { unit: 'seconds', count: 1 });
  assert.deepEqual(durationOf(99_000), { unit: 'seconds', count: 99 });
  assert.deepEqual(durationOf(100_001), { unit: 'minutes', count: 2 });
  assert.deepEqual(durationOf(7_200_000), { unit: 'hours', count: 2 });
});

test('a place in the address is a place of this page, whatever stands there', () => {
  assert.deepEqual(parseHash('#/transfers/a%2Fb'), ['transfers', 'a/b']);
  assert.deepEqual(parseHash('#//evil.example/x'), ['evil.example', 'x']);
  assert.deepEqual(parseHash('#https://evil.example'), []);
  assert.deepEqual(parseHash('#/%E0%A4%A'), ['%E0%A4%A']);
  assert.deepEqual(parseHash(hashOf('transfers', 'ä/ö?#')), ['transfers', 'ä/ö?#']);
  assert.equal(hashCode('#setup=a%2Bb', 'setup'), 'a+b');
  assert.equal(hashCode('#setup=', 'setup'), undefined);
  assert.equal(hashCode('#/setup=abc', 'setup'), undefined);
});

test('a value inserted into an address cannot leave its place in it', () => {
  assert.equal(
    addressOf('/v1/transactions/{id}', { id: '../admin?x=1' }, { wait_s: 3, cursor: undefined, q: 'a&b' }),
    '/v1/transactions/..%2Fadmin%3Fx%3D1?wait_s=3&q=a%26b',
  );
});

test('a problem document is parsed, and any other error body does not break the page', () => {
  const problem = new ProblemError(
    429,
    { code: 'locked', title: 'T', detail: 'D', retry_after_ms: 1500 },
    1000,
  );
  assert.deepEqual(
    [problem.code, problem.title, problem.detail, problem.retryAt],
    ['locked', 'T', 'D', 2500],
  );
  for (const body of [undefined, null, 'text', 7, { code: 1, title: {}, retry_after_ms: '9' }]) {
    const odd = new ProblemError(502, body, 0);
    assert.deepEqual([odd.code, odd.title, odd.retryAt], ['unexpected', '', undefined]);
  }
});

test('the first language of the person that there are texts in', () => {
  assert.equal(preferredLanguage(['fr-FR', 'es-419', 'en']), 'es');
  assert.equal(preferredLanguage(['de']), 'en');
  assert.equal(preferredLanguage([]), 'en');
});

function token(id: string, more: Partial<Token> = {}): Token {
  return {
    ...{ id, type: 'ocra', status: 'active', digits: 6, algorithm: 'sha256', label: 'phone', uses: 2 },
    ...{ created_at: '2026-01-01T00:00:00.000Z', last_used_at: null, drift_steps: 0, locked_until: null },
    ...more,
  };
}

test('the two tokens of one enrolment are one device', () => {
  const devices = devicesOf([
    token('old', { type: 'totp', status: 'revoked', created_at: '2026-06-01T00:00:00.000Z' }),
    token('a.login', { type: 'totp', uses: 3, last_used_at: '2026-02-01T00:00:00.000Z' }),
    token('a'),
  ]);
  assert.deepEqual(
    devices.map(({ id, kind, uses, lastUsedAt, tokenIds }) => ({ id, kind, uses, lastUsedAt, tokenIds })),
    [
      { id: 'a', kind: 'pair', uses: 5, lastUsedAt: '2026-02-01T00:00:00.000Z', tokenIds: ['a.login', 'a'] },
      { id: 'old', kind: 'totp', uses: 2, lastUsedAt: null, tokenIds: ['old'] },
    ],
  );
});

function entry(type: string, more: object = {}) {
  return { body: { at: '', type, user: 'alice', version: 1, ...more } };
}

test('entries of the journal become sentences that there are words for', () => {
  const told = [
    sentenceOf(entry('login.accepted')),
    sentenceOf(entry('login.accepted', { detail: { method: 'passkey' } })),
    sentenceOf(entry('login.accepted', { detail: { method: 'recovery_code', recovery_codes_left: 9 } })),
    sentenceOf(entry('login.refused', { reason: 'code_required' })),
    sentenceOf(entry('login.refused', { reason: 'credentials_invalid', detail: { factor: 'password' } })),
    sentenceOf(entry('token.enrolled', { detail: { method: 'device', type: 'ocra' } })),
    sentenceOf(entry('token.enrolled', { detail: { type: 'totp', recovery_codes_left: 0 } })),
    sentenceOf(entry('token.enrolled', { detail: { method: 'passkey', recovery_codes_left: 7 } })),
    sentenceOf(entry('token.revoked', { detail: { method: 'passkey' } })),
    sentenceOf(entry('session.ended', { reason: 'log_out' })),
    sentenceOf(entry('session.ended', { reason: 'revoked', detail: { label: 'x', kind: 'login' } })),
    sentenceOf(entry('session.ended', { reason: 'revoked', detail: { kind: 'enrolment' } })),
    sentenceOf(entry('admin.enrolment_invited', { detail: { by: 'alice' } })),
    sentenceOf(entry('admin.enrolment_invited', { detail: { by: 'alice', recovery_codes_left: 8 } })),
    sentenceOf(entry('admin.enrolment_invited', { detail: { by: 'root' } })),
    sentenceOf(entry('transaction.refused')),
    sentenceOf(entry('constructor')),
  ];
  assert.deepEqual(
    told.map(({ name }) => name),
    [
      'login_accepted',
      'login_accepted_passkey',
      'login_accepted_recovery',
      'login_code_asked',
      'login_refused',
      'token_enrolled',
      'token_enrolled_recovery',
      'token_enrolled_passkey_recovery',
      'token_revoked_passkey',
      'session_left',
      'session_revoked_name',
      'enrolment_withdrawn',
      'enrolment_asked',
      'enrolment_asked_recovery',
      'admin_enrolment_invited',
      'transaction_refused',
      'other',
    ],
  );
  for (const { name } of told) assert(name in english.history.events && name in spanish.history.events, name);
  assert.equal(sentenceOf(entry('transaction.refused')).tone, 'bad');
  assert.deepEqual(sentenceOf(entry('login.refused', { reason: 'code_required' })), {
    ...{ name: 'login_code_asked', tone: 'plain', reasonTold: true },
  });
});

test('where a session is from, as far as its browser says', () => {
  assert.equal(
    clientName('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0'),
    'Chrome, Linux',
  );
  assert.equal(
    clientName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/605'),
    'Safari, iOS',
  );
  assert.equal(clientName("Anna's phone"), "Anna's phone");
  assert.equal(clientName(''), '');
});

test('the two languages have the same gaps in the same texts', () => {
  const gaps = (texts: object, path = ''): readonly string[] =>
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === 'string'
        ? [`${path}${key} ${[...value.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()}`]
        : gaps(value, `${path}${key}.`),
    );
  assert.deepEqual(gaps(spanish), gaps(english));
  assert.deepEqual(gaps(accountSpanish), gaps(accountEnglish));
  assert.deepEqual(gaps(shellSpanish), gaps(shellEnglish));
});

test('what the console shows as a QR code, the token reads as the same transaction', () => {
  const canonical = `{"amount":"1250.50","challenge":"${'ab'.repeat(32)}","currency":"EUR","payee":"Café Ñandú","payer":"ES79","v":1}`;
  const link = approvalLink('https://sello.example', JSON.parse(canonical));
  const read = readOfflineTransaction(link);
  assert.equal(read?.canonical, canonical);
  assert.equal(read?.payee, 'Café Ñandú');
  // Links of before held the JSON, and are read as well; the new ones are half as long.
  const json = `https://sello.example/token#approve=${Buffer.from(canonical).toString('base64url')}`;
  assert.equal(readOfflineTransaction(json)?.canonical, canonical);
  assert.ok(link.length < json.length * 0.6, `${link.length} ${json.length}`);
  // Cut short or lengthened it is no transaction.
  for (const wrong of [link.slice(0, -2), `${link}Cg`, link.slice(0, 60)]) {
    const other = readOfflineTransaction(wrong);
    assert.ok(other === undefined || other.canonical !== canonical, wrong);
  }
});
