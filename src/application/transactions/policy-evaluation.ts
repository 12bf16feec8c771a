import type { RefusalCode } from '../../domain/errors.ts';
import { type GivenProofs, missingProof, type Policy, requiredProofs } from '../../domain/policy/policy.ts';
import { afterApproval, velocityExceeded } from '../../domain/policy/velocity.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { User } from '../users/user.ts';

export interface EvaluatedTransfer {
  readonly transfer: Transfer;
  readonly user: User;
  /** The user's state as the proofs given leave it. */
  readonly state: UserState;
  /** ms since 1970 */
  readonly at: number;
}

/**
 * The proof that the policy requires for this transfer, at the user's velocity, and that was not given.
 * @returns undefined where nothing is missing
 */
export function missingByPolicy(
  policy: Policy,
  { transfer, user: { username, role }, state, at }: EvaluatedTransfer,
  given: GivenProofs,
): RefusalCode | undefined {
  const exceeded = velocityExceeded(state.velocity, policy.velocity, transfer, at);
  const required = requiredProofs(policy, { transfer, username, role, velocityExceeded: exceeded });
  return missingProof(required, given);
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
