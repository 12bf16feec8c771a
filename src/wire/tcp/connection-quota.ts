/** The bounds on connections. */
export interface ConnectionQuotaLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly connectionsBeforeLogInMax: number;
}

/** Counts connections: in all, per client network, and those that nobody has logged in on. */
export class ConnectionQuota {
  readonly #limits: ConnectionQuotaLimits;
  readonly #byNetwork = new Map<string, number>();
  #taken = 0;
  #beforeLogIn = 0;

  constructor(limits: ConnectionQuotaLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  get beforeLogIn(): number {
    return this.#beforeLogIn;
  }

  /** @returns undefined when a bound is reached */
  take(network: string): ConnectionLease | undefined {
    const { connectionsMax, connectionsPerAddressMax, connectionsBeforeLogInMax } = this.#limits;
    const same = this.#byNetwork.get(network) ?? 0;
    if (this.#taken >= connectionsMax || same >= connectionsPerAddressMax) return undefined;
    if (this.#beforeLogIn >= connectionsBeforeLogInMax) return undefined;
    this.#taken++;
    this.#beforeLogIn++;
    this.#byNetwork.set(network, same + 1);
    return new ConnectionLease(
      (loggedIn) => {
        this.#beforeLogIn += loggedIn ? -1 : 1;
      },
      () => {
        this.#taken--;
        const left = (this.#byNetwork.get(network) ?? 1) - 1;
        if (left > 0) this.#byNetwork.set(network, left);
        else this.#byNetwork.delete(network);
      },
    );
  }
}

/** One connection's place. A connection that logs out counts again as before log-in, even over the bound. */
export class ConnectionLease {
  readonly #onLogIn: (loggedIn: boolean) => void;
  readonly #onRelease: () => void;
  #loggedIn = false;
  #released = false;

  constructor(onLogIn: (loggedIn: boolean) => void, onRelease: () => void) {
    this.#onLogIn = onLogIn;
    this.#onRelease = onRelease;
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
