/*
 * Goal: the total moved in a window is never underestimated, in bounded space.
 * Method: compared with a brute force over random transfers, clocks and windows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  afterApproval,
  type VelocityPolicy,
  type VelocityState,
  velocityExcess,
} from '../../../src/domain/policy/velocity.ts';
import { scaled } from '../arbitraries.ts';

const AT = 1_800_000_000_000;
const HOUR = 3_600_000;
const excess = (
  ...[state, policy, moved, at]: [
    VelocityState | undefined,
    VelocityPolicy | null,
    { amount: string; currency: string },
    number,
  ]
) => velocityExcess(state, policy, moved, 'EUR', at);
const transfer = (amount = '1.00', currency = 'EUR') => ({ amount, currency });

test('the count: as many as allowed, then no more until the window has passed', () => {
  const policy: VelocityPolicy = { windowMs: HOUR, countMax: 3 };
  let state: VelocityState | undefined;
  for (let i = 0; i < 3; i++) {
    assert.equal(excess(state, policy, transfer(), AT + i), undefined);
    state = afterApproval(state, policy, transfer(), AT + i);
  }
  assert.equal(excess(state, policy, transfer(), AT + 3), 'count_max');
  assert.equal(excess(state, policy, transfer(), AT + HOUR - 1), 'count_max');
  assert.equal(excess(state, policy, transfer(), AT + HOUR + HOUR / 8), undefined);
});

test('the amount: up to the limit itself, exactly, each currency by itself', () => {
  const policy: VelocityPolicy = { windowMs: HOUR, amountMax: '1000.00', currency: ['EUR', 'JPY'] };
  const state = afterApproval(undefined, policy, transfer('999.99'), AT);
  assert.equal(excess(state, policy, transfer('0.01'), AT), undefined);
  assert.equal(excess(state, policy, transfer('0.02'), AT), 'amount_max');
  assert.equal(excess(state, policy, transfer('1000', 'JPY'), AT), undefined);
  assert.equal(excess(state, policy, transfer('1001', 'JPY'), AT), 'amount_max');
  assert.equal(excess(undefined, policy, transfer('1000.01'), AT), 'amount_max');
});

test('an amount without a currency is of the default currency: any amount of another exceeds it', () => {
  const policy: VelocityPolicy = { windowMs: HOUR, amountMax: '1000.00' };
  assert.equal(excess(undefined, policy, transfer('0.001', 'KWD'), AT), 'currency');
  assert.equal(velocityExcess(undefined, policy, transfer('1.000', 'KWD'), 'KWD', AT), undefined);
  assert.equal(velocityExcess(undefined, policy, transfer('1.00', 'EUR'), 'KWD', AT), 'currency');
  assert.equal(excess(undefined, { windowMs: HOUR, countMax: 1 }, transfer('1', 'JPY'), AT), undefined);
});

test('transfers of one slot make one slot, with their sums by currency', () => {
  const policy: VelocityPolicy = { windowMs: HOUR };
  const start = AT - (AT % (HOUR / 8));
  let state = afterApproval(undefined, policy, transfer('1.50'), start);
  state = afterApproval(state, policy, transfer('100', 'JPY'), start);
  state = afterApproval(state, policy, transfer('2.25'), start + HOUR / 8 - 1);
  assert.deepEqual(state, [{ slot: start, count: 3, amounts: { EUR: '3.75', JPY: '100' } }]);
  state = afterApproval(state, policy, transfer(), start + HOUR / 8);
  assert.deepEqual(
    state.map(({ slot }) => slot),
    [start, start + HOUR / 8],
  );
});

test('without a policy, or one that names no limit, nothing is exceeded', () => {
  assert.equal(excess(undefined, null, transfer('999999999999999.99'), AT), undefined);
  assert.equal(excess(undefined, { windowMs: HOUR }, transfer('999999999999999.99'), AT), undefined);
  assert.equal(excess(undefined, { windowMs: HOUR, countMax: 0 }, transfer(), AT), 'count_max');
});

/** Gaps between transfers from none to two windows, and amounts; windows that eight does not divide too. */
const history = fc.array(
  fc.record({
    gap: fc.oneof(fc.constant(0), fc.nat(200), fc.nat(2_000)),
    cents: fc.integer({ min: 1, max: 9_999 }),
    currency: fc.constantFrom('EUR', 'JPY'),
  }),
  { maxLength: 60 },
);

test('never counts less than a brute force, never more than a window and an eighth holds, and stays bounded', () => {
  fc.assert(
    fc.property(history, fc.constantFrom(1_000, 999, 1_001, 8, 5, 1), (gaps, windowMs) => {
      const moved: { at: number; cents: number; currency: string }[] = [];
      let state: VelocityState | undefined;
      let at = AT;
      for (const { gap, cents, currency } of gaps) {
        at += gap;
        const amount = (cents / 100).toFixed(2);
        const inside = (reach: number) => moved.filter((one) => one.at > at - reach);
        const exceeds = (limits: Partial<VelocityPolicy>) =>
          excess(state, { windowMs, currency: ['EUR', 'JPY'], ...limits }, { amount, currency }, at) !==
          undefined;
        const sum = (reach: number) =>
          inside(reach).reduce((total, one) => total + (one.currency === currency ? one.cents : 0), cents);
        const outer = windowMs + Math.ceil(windowMs / 8);

        assert.equal(
          exceeds({ countMax: inside(windowMs).length }),
          true,
          'counts every transfer of the window',
        );
        assert.equal(
          exceeds({ countMax: inside(outer).length + 1 }),
          false,
          'counts nothing older than an eighth more',
        );
        assert.equal(
          exceeds({ amountMax: ((sum(windowMs) - 1) / 100).toFixed(2) }),
          true,
          'sums the whole window',
        );
        assert.equal(exceeds({ amountMax: (sum(outer) / 100).toFixed(2) }), false, 'sums nothing older');

        state = afterApproval(state, { windowMs }, { amount, currency }, at);
        moved.push({ at, cents, currency });
        assert.ok(state.length <= 9, `${state.length} slots`);
      }
    }),
    { numRuns: 500 },
  );
});

test('survives a clock set back and a window changed by the operator, without losing what was moved in the new one', () => {
  const windows = fc.constantFrom(8_000, 64_000, 800);
  const steps = fc.array(
    fc.record({
      gap: fc.oneof(fc.integer({ min: -500, max: 3_000 }), fc.integer({ min: 50, max: 150 })),
      windowMs: windows,
    }),
    {
      maxLength: 50,
    },
  );
  fc.assert(
    fc.property(steps, (moves) => {
      let state: VelocityState = [];
      let at = AT;
      for (const { gap, windowMs } of moves) {
        at += gap;
        const before = total(state.filter(({ slot }) => slot > at - windowMs - Math.ceil(windowMs / 8)));
        state = afterApproval(state, { windowMs }, transfer(), at);
        assert.ok(state.length <= 9);
        assert.deepEqual(total(state), { count: before.count + 1, amount: before.amount + scaled('1.00') });
        const starts = state.map(({ slot }) => slot);
        assert.deepEqual(
          starts,
          starts.toSorted((a, b) => a - b),
        );
        assert.equal(excess(state, { windowMs, countMax: state.length - 1 }, transfer(), at), 'count_max');
      }
    }),
  );
});

test('a window made longer finds more slots than it has: the oldest are joined, and nothing is lost', () => {
  let state: VelocityState = [];
  for (let i = 0; i < 9; i++) state = afterApproval(state, { windowMs: 800 }, transfer(), AT + i * 100);
  assert.equal(state.length, 9);
  state = afterApproval(state, { windowMs: 80_000 }, transfer(), AT + 10_000);
  assert.equal(state.length, 9);
  assert.deepEqual(state[0], { slot: AT + 100, count: 2, amounts: { EUR: '2.00' } });
  assert.deepEqual(total(state), { count: 10, amount: scaled('10.00') });
});

function total(state: VelocityState) {
  const count = state.reduce((sum, slot) => sum + slot.count, 0);
  const amount = state.reduce((sum, slot) => sum + scaled(slot.amounts.EUR ?? '0'), 0n);
  return { count, amount };
}
