/*
 * Goal: the first rule that fits decides which proofs a transaction needs.
 * Method: the pure functions over tables of rules, and properties over proofs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareAmounts } from '../../../src/domain/money/amount.ts';
import {
  missingProof,
  type Policy,
  type PolicyCondition,
  type PolicyRule,
  type Proof,
  requiredProofs,
} from '../../../src/domain/policy/policy.ts';

const DEFAULT: Policy = {
  rules: [{ when: { amountMax: '500.00' }, require: ['mac'] }, { require: ['bound_code'] }],
  velocity: null,
  unboundProofsAllowed: false,
};

function question(
  more: Partial<{
    payer: string;
    payee: string;
    amount: string;
    currency: string;
    username: string;
    role: string;
    velocityExceeded: boolean;
  }> = {},
) {
  const { payer = 'A', payee = 'B', amount = '1.00', currency = 'EUR' } = more;
  const { username = 'alice', role = 'user', velocityExceeded = false } = more;
  return {
    transfer: { payer, payee, amount, currency },
    username,
    role,
    currencyDefault: 'EUR',
    velocityExceeded,
  };
}

test('the default: a MAC up to the amount, itself included, and a bound code beyond it', () => {
  assert.deepEqual(requiredProofs(DEFAULT, question({ amount: '500.00' })), ['mac']);
  assert.deepEqual(requiredProofs(DEFAULT, question({ amount: '500.01' })), ['bound_code']);
  assert.deepEqual(requiredProofs(DEFAULT, question({ amount: '1000.00' })), ['bound_code']);
  assert.deepEqual(requiredProofs(DEFAULT, question({ amount: '99.00' })), ['mac']);
});

test('an amount without a currency is of the default currency: no amount of another fits', () => {
  const required = (currency: string, amount: string, more: object = {}) =>
    requiredProofs(DEFAULT, { ...question({ amount, currency }), ...more });
  assert.deepEqual(required('KWD', '500.000'), ['bound_code']);
  assert.deepEqual(required('JPY', '1'), ['bound_code']);
  assert.deepEqual(required('JPY', '500', { currencyDefault: 'JPY' }), ['mac']);
  assert.deepEqual(required('EUR', '1.00', { currencyDefault: 'JPY' }), ['bound_code']);
  const named = {
    ...DEFAULT,
    rules: [{ when: { amountMax: '500', currency: ['JPY'] }, require: ['mac'] }],
  } as const;
  assert.deepEqual(requiredProofs(named, question({ amount: '500', currency: 'JPY' })), ['mac']);
  assert.deepEqual(requiredProofs(named, question({ amount: '1.00' })), ['bound_code']);
});

test('beyond the velocity the last rule applies, even if its condition does not match', () => {
  assert.deepEqual(requiredProofs(DEFAULT, question({ velocityExceeded: true })), ['bound_code']);
  const rules: PolicyRule[] = [{ require: ['session'] }, { when: { payer: 'Z' }, require: ['code'] }];
  assert.deepEqual(
    requiredProofs(
      { rules, velocity: null, unboundProofsAllowed: true },
      question({ velocityExceeded: true }),
    ),
    ['code'],
  );
});

test('beyond the velocity the transfer’s own proofs are still needed, each once', () => {
  const rules = (own: PolicyRule['require'], last: PolicyRule['require']): Policy => ({
    rules: [{ when: { payer: 'A' }, require: own }, { require: last }],
    velocity: null,
    unboundProofsAllowed: true,
  });
  const needed = (policy: Policy) => requiredProofs(policy, question({ velocityExceeded: true }));
  assert.deepEqual(needed(rules(['mac'], ['code'])), ['code', 'mac']);
  assert.deepEqual(needed(rules(['session', 'mac', 'code'], ['code'])), ['code', 'mac']);
  assert.deepEqual(needed(rules(['session'], ['session'])), ['session']);
  assert.deepEqual(needed(rules(['mac', 'code'], ['bound_code'])), ['bound_code']);
});

test('a transaction that no rule covers needs a bound code', () => {
  assert.deepEqual(requiredProofs({ rules: [], velocity: null, unboundProofsAllowed: true }, question()), [
    'bound_code',
  ]);
  assert.deepEqual(
    requiredProofs(
      { rules: [], velocity: null, unboundProofsAllowed: true },
      question({ velocityExceeded: true }),
    ),
    ['bound_code'],
  );
  const rules: PolicyRule[] = [{ when: { payee: 'Z' }, require: ['session'] }];
  assert.deepEqual(requiredProofs({ rules, velocity: null, unboundProofsAllowed: true }, question()), [
    'bound_code',
  ]);
});

test('a condition matches when all its members match; a list when one of its values matches exactly', () => {
  const fits = (when: PolicyCondition, more: Parameters<typeof question>[0]) =>
    requiredProofs(
      { rules: [{ when, require: ['session'] }], velocity: null, unboundProofsAllowed: true },
      question(more),
    )[0] === 'session';
  assert.ok(
    fits(
      {
        payer: 'A',
        payee: ['C', 'B'],
        currency: 'EUR',
        user: 'alice',
        role: ['admin', 'user'],
        amountMax: '1',
      },
      {},
    ),
  );
  assert.ok(fits({}, {}));
  assert.ok(!fits({ payer: 'a' }, {}));
  assert.ok(!fits({ payee: [] }, {}));
  assert.ok(!fits({ payee: 'BC' }, {}));
  assert.ok(!fits({ payer: 'A', role: 'admin' }, {}));
  assert.ok(!fits({ user: 'bob' }, {}));
  assert.ok(!fits({ currency: ['USD', 'JPY'] }, {}));
});

const conditions = fc.record(
  {
    payer: fc.oneof(fc.constantFrom('A', 'Z'), fc.subarray(['A', 'Z'])),
    payee: fc.oneof(fc.constantFrom('B', 'Z'), fc.subarray(['B', 'Z'])),
    currency: fc.constantFrom('EUR', 'JPY'),
    user: fc.constantFrom('alice', 'bob'),
    role: fc.constantFrom('user', 'admin'),
    amountMax: fc.constantFrom('0.50', '1', '20'),
  },
  { requiredKeys: [] },
);
const proofs = fc.subarray<Proof>(['session', 'mac', 'code', 'bound_code']);

test('the first matching rule decides, and no later one', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ when: conditions, require: proofs }), { maxLength: 6 }), (rules) => {
      const asked = question();
      const has = (wanted: string | string[] | undefined, value: string) =>
        wanted === undefined || [wanted].flat().includes(value);
      const expected = rules.find(
        ({ when }) =>
          has(when.payer, 'A') &&
          has(when.payee, 'B') &&
          has(when.currency, 'EUR') &&
          has(when.user, 'alice') &&
          has(when.role, 'user') &&
          (when.amountMax === undefined || compareAmounts('1.00', when.amountMax) <= 0),
      );
      assert.deepEqual(
        requiredProofs({ rules, velocity: null, unboundProofsAllowed: true }, asked),
        expected?.require ?? ['bound_code'],
      );
    }),
  );
});

test('a stronger proof stands for a weaker one', () => {
  const none = { mac: false, code: false, boundCode: false };
  assert.equal(missingProof(['session'], none), undefined);
  assert.equal(missingProof([], none), undefined);
  assert.equal(missingProof(['mac'], none), 'mac_required');
  assert.equal(missingProof(['code'], none), 'code_required');
  assert.equal(missingProof(['bound_code'], none), 'bound_code_required');
  assert.equal(missingProof(['mac', 'code', 'bound_code'], none), 'bound_code_required');
  assert.equal(missingProof(['code', 'mac'], none), 'mac_required');

  const mac = { ...none, mac: true };
  assert.equal(missingProof(['mac'], mac), undefined);
  assert.equal(missingProof(['mac', 'code'], mac), 'code_required');
  assert.equal(missingProof(['bound_code'], mac), 'bound_code_required');

  const code = { ...none, code: true };
  assert.equal(missingProof(['code'], code), undefined);
  assert.equal(missingProof(['mac'], code), 'mac_required');
  assert.equal(missingProof(['bound_code'], code), 'bound_code_required');
  assert.equal(missingProof(['bound_code'], { ...code, mac: true }), 'bound_code_required');

  const boundCode = { ...none, boundCode: true };
  assert.equal(missingProof(['mac', 'code', 'bound_code'], boundCode), undefined);
});

test('no rules and no proofs approve a transfer without a proof that binds, at any velocity', () => {
  const rules = fc.array(fc.record({ when: conditions, require: proofs }), { maxLength: 6 });
  const given = fc.record({ mac: fc.boolean(), code: fc.boolean(), boundCode: fc.boolean() });
  const asked = fc.record({
    payee: fc.constantFrom('B', 'Z'),
    amount: fc.constantFrom('0.01', '1.00', '9000000.00'),
    currency: fc.constantFrom('EUR', 'JPY'),
    velocityExceeded: fc.boolean(),
  });
  fc.assert(
    fc.property(rules, given, asked, (rules, given, asked) => {
      const policy = { rules, velocity: null, unboundProofsAllowed: false };
      const approved = missingProof(requiredProofs(policy, question(asked)), given) === undefined;
      assert.ok(!approved || given.mac || given.boundCode);
      assert.equal(
        missingProof(requiredProofs(policy, question(asked)), { ...given, boundCode: true }),
        undefined,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('giving more never makes a proof missing', () => {
  const given = fc.record({ mac: fc.boolean(), code: fc.boolean(), boundCode: fc.boolean() });
  fc.assert(
    fc.property(proofs, given, fc.constantFrom('mac', 'code', 'boundCode'), (required, before, more) => {
      if (missingProof(required, before) === undefined) {
        assert.equal(missingProof(required, { ...before, [more]: true }), undefined);
      }
    }),
  );
});
