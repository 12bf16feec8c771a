import { LIMITS } from '../../limits.ts';
import { type Caller, callerId } from './caller.ts';

/** The requests that wait for a decision: a bounded number in all, and for each caller. */
export class WaitQuota {
  readonly #max: number;
  readonly #ofCaller = new Map<string, number>();
  #count = 0;

  constructor(max: number = LIMITS.waitingRequestsMax) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** @returns what gives the place back, to be called once; undefined when there is none */
  take(caller: Caller): (() => void) | undefined {
    const { waitingRequestsPerServiceMax, waitingRequestsPerUserMax } = LIMITS;
    const ownMax = caller.kind === 'service' ? waitingRequestsPerServiceMax : waitingRequestsPerUserMax;
    const id = callerId(caller);
    const taken = this.#ofCaller.get(id) ?? 0;
    if (this.#count >= this.#max || taken >= ownMax) return undefined;
    this.#count++;
    this.#ofCaller.set(id, taken + 1);
    return () => {
      this.#count--;
      const left = (this.#ofCaller.get(id) ?? 1) - 1;
      if (left === 0) this.#ofCaller.delete(id);
      else this.#ofCaller.set(id, left);
    };
  }
}
