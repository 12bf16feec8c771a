import { Quota } from '../quota.ts';

/** The bounds on connections. */
export interface ConnectionQuotaLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly connectionsBeforeLogInMax: number;
}

/** Counts connections: in all, per client network, and those on which nobody has logged in. */
export class ConnectionQuota {
  readonly #limits: ConnectionQuotaLimits;
  readonly #connections: Quota;
  #beforeLogIn = 0;

  constructor(limits: ConnectionQuotaLimits) {
    this.#limits = limits;
    this.#connections = new Quota(limits.connectionsMax);
  }

  get taken(): number {
    return this.#connections.taken;
  }

  get beforeLogIn(): number {
    return this.#beforeLogIn;
  }

  /** @returns undefined when a bound is reached */
  take(network: string): ConnectionLease | undefined {
    const { connectionsPerAddressMax, connectionsBeforeLogInMax } = this.#limits;
    if (this.#beforeLogIn >= connectionsBeforeLogInMax) return undefined;
    const release = this.#connections.take(network, connectionsPerAddressMax);
    if (!release) return undefined;
    this.#beforeLogIn++;
    return new ConnectionLease(release, (loggedIn) => {
      this.#beforeLogIn += loggedIn ? -1 : 1;
    });
  }
}

/** One connection's permit. After a log-out it counts as before log-in again, even beyond that bound. */
export class ConnectionLease {
  readonly #onRelease: () => void;
  readonly #onLogIn: (loggedIn: boolean) => void;
  #loggedIn = false;
  #released = false;

  constructor(onRelease: () => void, onLogIn: (loggedIn: boolean) => void) {
    this.#onRelease = onRelease;
    this.#onLogIn = onLogIn;
  }

  /** @returns whether that is a change */
  setLoggedIn(loggedIn: boolean): boolean {
    if (loggedIn === this.#loggedIn || this.#released) return false;
    this.#loggedIn = loggedIn;
    this.#onLogIn(loggedIn);
    return true;
  }

  release(): void {
    if (this.#released) return;
    this.setLoggedIn(true);
    this.#released = true;
    this.#onRelease();
  }
}
