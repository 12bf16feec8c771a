import { addAmounts, compareAmounts } from '../money/amount.ts';
import type { Transfer } from '../transaction/canonical-transaction.ts';
import { names } from './names.ts';

/** `policy.velocity` of the configuration: what a user may move in any `windowMs` before the policy's last rule applies. */
export interface VelocityPolicy {
  readonly windowMs: number;
  readonly countMax?: number;
  /** An exact decimal, applied to each currency that `currency` names separately. */
  readonly amountMax?: string;
  /** By default the default currency. A transfer in another one exceeds `amountMax` whatever its amount. */
  readonly currency?: string | readonly string[];
}

/** Sums of approved transactions in slots of an eighth of the window, oldest first. Bounded; never less than was moved. */
export type VelocityState = readonly VelocitySlot[];

export interface VelocitySlot {
  /** Start of the slot, ms since 1970. A time, not an index: it keeps its meaning when the operator changes the window. */
  readonly slot: number;
  readonly count: number;
  /** Sums by currency, as exact decimals. */
  readonly amounts: Readonly<Record<string, string>>;
}

/** Eight whole slots, plus the slot that the window's start cuts. */
const SLOTS_MAX = 9;

type VelocityTransfer = Pick<Transfer, 'amount' | 'currency'>;

function slotMs(policy: VelocityPolicy): number {
  return Math.ceil(policy.windowMs / 8);
}

/** A slot counts while any part of it is in the window. A slot that starts after `at` (the clock was set back) counts too. */
function inWindow(state: VelocityState | undefined, policy: VelocityPolicy, at: number): VelocityState {
  const after = at - policy.windowMs - slotMs(policy);
  return state?.filter(({ slot }) => slot > after) ?? [];
}

/** The part of the limit that a transfer exceeds. `currency`: `amountMax` is not for its currency. */
export type VelocityExcess = 'count_max' | 'amount_max' | 'currency';

/**
 * What approving this transfer at `at` (ms) would exceed in the window that ends at `at`. Counts transfers up to an
 * eighth of a window too old.
 *
 * Why: docs/DECISIONS.md#amounts-without-a-currency
 *
 * @returns undefined within the limit, and always without a policy
 */
export function velocityExcess(
  state: VelocityState | undefined,
  policy: VelocityPolicy | null,
  transfer: VelocityTransfer,
  currencyDefault: string,
  at: number,
): VelocityExcess | undefined {
  if (!policy) return undefined;
  const slots = inWindow(state, policy, at);
  if (policy.countMax !== undefined) {
    const count = slots.reduce((sum, slot) => sum + slot.count, 1);
    if (count > policy.countMax) return 'count_max';
  }
  if (policy.amountMax !== undefined) {
    if (!names(policy.currency ?? currencyDefault, transfer.currency)) return 'currency';
    let moved = transfer.amount;
    for (const { amounts } of slots) {
      const sum = amounts[transfer.currency];
      if (sum !== undefined) moved = addAmounts(moved, sum);
    }
    if (compareAmounts(moved, policy.amountMax) > 0) return 'amount_max';
  }
  return undefined;
}

/** Returns the state after a transfer was approved at `at` (ms), in at most nine slots. Does NOT check the limit. */
export function afterApproval(
  state: VelocityState | undefined,
  policy: VelocityPolicy,
  transfer: VelocityTransfer,
  at: number,
): VelocityState {
  const slots = [...inWindow(state, policy, at)];
  const start = at - (at % slotMs(policy));
  const moved: VelocitySlot = { slot: start, count: 1, amounts: { [transfer.currency]: transfer.amount } };
  const newest = slots.at(-1);
  if (newest === undefined || newest.slot < start) slots.push(moved);
  else slots[slots.length - 1] = merge(newest, moved);

  // Only slots of an earlier, shorter window can be more than nine. Merging the oldest keeps their sums somewhat longer.
  while (slots.length > SLOTS_MAX) {
    const [oldest, next] = slots.splice(0, 2);
    if (oldest && next) slots.unshift(merge(next, oldest));
  }
  return slots;
}

/** Adds the sums of `other` to `kept`, which keeps its start. */
function merge(kept: VelocitySlot, other: VelocitySlot): VelocitySlot {
  const amounts: Record<string, string> = { ...kept.amounts };
  for (const [currency, amount] of Object.entries(other.amounts)) {
    amounts[currency] = addAmounts(amounts[currency] ?? '0', amount);
  }
  return { slot: kept.slot, count: kept.count + other.count, amounts };
}
