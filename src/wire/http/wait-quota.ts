import { LIMITS } from '../../limits.ts';
import { Quota } from '../quota.ts';
import { type Caller, callerId } from './caller.ts';

/** Counts the requests that wait for a decision: bounded in all and for each caller. */
export class WaitQuota {
  readonly #quota: Quota;

  constructor(max: number = LIMITS.waitingRequestsMax) {
    this.#quota = new Quota(max);
  }

  get count(): number {
    return this.#quota.taken;
  }

  /** @returns a function that releases the permit; call it once. undefined when a bound is reached */
  take(caller: Caller): (() => void) | undefined {
    const { waitingRequestsPerServiceMax, waitingRequestsPerUserMax } = LIMITS;
    const ownMax = caller.kind === 'service' ? waitingRequestsPerServiceMax : waitingRequestsPerUserMax;
    return this.#quota.take(callerId(caller), ownMax);
  }
}
