import {
  afterWrongAttempt,
  type LockoutPolicy,
  type LockoutState,
  lockedForMs,
} from '../../domain/lockout.ts';
import { LIMITS } from '../../limits.ts';

/**
 * Counts failed attempts at names that nobody has, so that they lock as a user's do. In memory and bounded, because an
 * attacker can invent names without end; the oldest name is dropped first.
 */
export class UnknownUsers {
  readonly #policy: LockoutPolicy;
  readonly #states = new Map<string, LockoutState>();

  constructor(policy: LockoutPolicy) {
    this.#policy = policy;
  }

  state(username: string): LockoutState | undefined {
    return this.#states.get(username);
  }

  /** Counts a failed attempt. @returns ms until the next one is evaluated; 0: at once */
  wrong(username: string, at: number): number {
    const state = afterWrongAttempt(this.#states.get(username), at, this.#policy);
    this.#states.delete(username);
    this.#states.set(username, state);
    if (this.#states.size > LIMITS.unknownUsersMax) {
      const [oldest] = this.#states.keys();
      if (oldest !== undefined) this.#states.delete(oldest);
    }
    return lockedForMs(state, at, this.#policy);
  }
}
