import { type Claim, type Place, Quota } from '../quota.ts';

/** The bounds on connections. */
export interface ConnectionQuotaLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly connectionsBeforeLogInMax: number;
}

/**
 * Shares the connections between client networks: all of them, and those on which nobody has logged in. When either
 * runs short, the network that holds most loses its oldest connection before log-in, then its oldest idle one.
 */
export class ConnectionQuota {
  readonly #limits: ConnectionQuotaLimits;
  readonly #connections: Quota;
  readonly #beforeLogIn: Quota;

  constructor(limits: ConnectionQuotaLimits) {
    this.#limits = limits;
    this.#connections = new Quota(limits.connectionsMax);
    this.#beforeLogIn = new Quota(limits.connectionsBeforeLogInMax, { newestFirst: true });
  }

  get taken(): number {
    return this.#connections.taken;
  }

  get beforeLogIn(): number {
    return this.#beforeLogIn.taken;
  }

  /** Connections that were closed for those of other networks. */
  get evicted(): number {
    return this.#connections.evicted + this.#beforeLogIn.evicted;
  }

  /**
   * @param close closes the connection at once, for another network
   * @returns undefined when a bound is reached
   */
  take(network: string, close: () => void = () => undefined): ConnectionLease | undefined {
    const lease = new ConnectionLease(close);
    const claim: Claim = { holder: network, evict: () => lease.evict() };
    const place = this.#connections.take({ ...claim, holderMax: this.#limits.connectionsPerAddressMax });
    if (!place) return undefined;
    const beforeLogIn = this.#beforeLogIn.take(claim);
    if (!beforeLogIn) {
      place.release();
      return undefined;
    }
    lease.hold(place, beforeLogIn, () => this.#beforeLogIn.force(claim));
    return lease;
  }
}

/** One connection's permit. After a log-out it counts as before log-in again, even beyond that bound. */
export class ConnectionLease {
  readonly #close: () => void;
  #closeIdle: (() => boolean) | undefined;
  #place: Place | undefined;
  #beforeLogIn: Place | undefined;
  #countAgain: (() => Place) | undefined;

  constructor(close: () => void) {
    this.#close = close;
  }

  /** Called once by the quota. */
  hold(place: Place, beforeLogIn: Place, countAgain: () => Place): void {
    this.#place = place;
    this.#beforeLogIn = beforeLogIn;
    this.#countAgain = countAgain;
  }

  /** @param close closes the connection where it is idle; returns false where it is not */
  onEvictLoggedIn(close: () => boolean): void {
    this.#closeIdle = close;
  }

  /** @returns whether that is a change */
  setLoggedIn(loggedIn: boolean): boolean {
    if (!this.#place || loggedIn === (this.#beforeLogIn === undefined)) return false;
    if (loggedIn) {
      this.#beforeLogIn?.release();
      this.#beforeLogIn = undefined;
      this.#place.prove();
    } else this.#beforeLogIn = this.#countAgain?.();
    return true;
  }

  release(): void {
    this.#beforeLogIn?.release();
    this.#place?.release();
    this.#place = this.#beforeLogIn = undefined;
  }

  /** Closes the connection for another network's, unless it is logged in and in use. */
  evict(): boolean {
    if (!this.#place) return false;
    if (this.#beforeLogIn) this.#close();
    else if (!this.#closeIdle?.()) return false;
    this.release();
    return true;
  }
}
