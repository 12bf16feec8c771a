import { type Policy, type Proof, requiredProofs } from '../../domain/policy/policy.ts';
import { afterApproval, type VelocityExcess, velocityExcess } from '../../domain/policy/velocity.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { Settings } from '../context.ts';
import type { User } from '../users/user.ts';

/** What the policy requires of a transfer, and what of its velocity limit the transfer exceeds. */
export interface Requirement {
  readonly proofs: readonly Proof[];
  readonly excess: VelocityExcess | undefined;
}

/**
 * The proofs that the policy requires for this transaction at the user's velocity.
 * @param state the user's state as the proofs given leave it
 */
export function requiredByPolicy(
  { policy, currencyDefault }: Pick<Settings, 'policy' | 'currencyDefault'>,
  { username, role }: User,
  state: UserState,
  transfer: Transfer,
  at: number,
): Requirement {
  const excess = velocityExcess(state.velocity, policy.velocity, transfer, currencyDefault, at);
  const question = { transfer, username, role, currencyDefault, velocityExceeded: excess !== undefined };
  return { proofs: requiredProofs(policy, question), excess };
}

/**
 * Names the limit that a transfer exceeds, for its refusal: `velocity: 5000.00 EUR / 24 h`. No words of one language:
 * the refusal's own text says which proof is needed now.
 */
export function describeExcess({ velocity }: Policy, excess: VelocityExcess, { currency }: Transfer): string {
  if (!velocity) return 'velocity';
  const { windowMs, countMax, amountMax } = velocity;
  const most =
    excess === 'count_max' ? `${countMax}` : `${excess === 'currency' ? 0 : amountMax} ${currency}`;
  return `velocity: ${most} / ${duration(windowMs)}`;
}

const HOUR_MS = 3_600_000;

function duration(ms: number): string {
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS} h` : `${ms / 1_000} s`;
}

/** The user's state with the approved transfer counted in its velocity window, where the policy has one. */
export function withApproval(
  { velocity: policy }: Policy,
  state: UserState,
  transfer: Transfer,
  at: number,
): UserState {
  return policy ? { ...state, velocity: afterApproval(state.velocity, policy, transfer, at) } : state;
}
