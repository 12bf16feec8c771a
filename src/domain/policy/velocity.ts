import { addAmounts, compareAmounts } from '../money/amount.ts';
import type { Transfer } from '../transaction/canonical-transaction.ts';

/** `policy.velocity` of the configuration: what a user may move in any `windowMs` before the policy's last rule applies. */
export interface VelocityPolicy {
  readonly windowMs: number;
  readonly countMax?: number;
  /** An exact decimal, applied to each currency separately. */
  readonly amountMax?: string;
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

/**
 * Whether approving this transfer at `at` (ms) would exceed the limit for the window that ends at `at`. Counts transfers
 * up to an eighth of a window too old. Always false without a policy.
 */
export function velocityExceeded(
  state: VelocityState | undefined,
  policy: VelocityPolicy | null,
  transfer: VelocityTransfer,
  at: number,
): boolean {
  if (!policy) return false;
  const slots = inWindow(state, policy, at);
  if (policy.countMax !== undefined) {
    const count = slots.reduce((sum, slot) => sum + slot.count, 1);
    if (count > policy.countMax) return true;
  }
  if (policy.amountMax !== undefined) {
    const moved = slots.reduce(
      (sum, slot) => addAmounts(sum, slot.amounts[transfer.currency] ?? '0'),
      transfer.amount,
    );
    if (compareAmounts(moved, policy.amountMax) > 0) return true;
  }
  return false;
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
