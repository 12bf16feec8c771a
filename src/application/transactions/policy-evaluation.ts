import { type Policy, type Proof, requiredProofs } from '../../domain/policy/policy.ts';
import { afterApproval, velocityExceeded } from '../../domain/policy/velocity.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { User } from '../users/user.ts';

/**
 * The proofs that the policy requires for this transfer at the user's velocity.
 * @param state the user's state as the proofs given leave it
 */
export function requiredByPolicy(
  policy: Policy,
  { username, role }: User,
  state: UserState,
  transfer: Transfer,
  at: number,
): readonly Proof[] {
  const exceeded = velocityExceeded(state.velocity, policy.velocity, transfer, at);
  return requiredProofs(policy, { transfer, username, role, velocityExceeded: exceeded });
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
