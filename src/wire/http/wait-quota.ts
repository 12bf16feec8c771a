import { LIMITS } from '../../limits.ts';
import { type Place, Quota } from '../quota.ts';
import { type Caller, callerId } from './caller.ts';

/**
 * Shares the requests that wait for a decision: those of users between their client networks, those of services
 * between the services. Where users' places run short, the oldest wait of the network with most ends early.
 */
export class WaitQuota {
  readonly #users: Quota;
  readonly #services: Quota;

  /** @param max for users, and again for services */
  constructor(max: number = LIMITS.waitingRequestsMax) {
    this.#users = new Quota(max);
    this.#services = new Quota(max);
  }

  get count(): number {
    return this.#users.taken + this.#services.taken;
  }

  /**
   * @param network of the client
   * @param end ends the wait: the request is answered as it stands
   * @returns undefined when a bound is reached
   */
  take(caller: Caller, network: string, end: () => void): Place | undefined {
    const name = callerId(caller);
    const evict = () => {
      end();
      return true;
    };
    if (caller.kind === 'service') {
      return this.#services.take({ holder: name, holderMax: LIMITS.waitingRequestsPerServiceMax, evict });
    }
    const account = { name, max: LIMITS.waitingRequestsPerUserMax };
    return this.#users.take({ holder: network, account, evict });
  }
}
