/** What a connection holds in memory: bytes that arrived and wait, and answers that are not sent yet. */
export interface HeldBytesAccount {
  /** Sets how many bytes the connection holds now. May cut off connections, this one included. */
  set(bytes: number): void;
  /** Counts the connection for another address from now on: a proxy's connection carries many clients' requests. */
  setAddress(address: string): void;
  /** Forgets the connection. */
  close(): void;
}

/**
 * Bounds the bytes that all connections of a listener hold together. Beyond the bound it cuts off connections: of the
 * address that holds the most, the connection that holds the most, until the sum is within the bound again. So clients
 * that send or ask for much and read nothing lose their own connections, not those of others.
 *
 * Does not count what the kernel holds for a socket.
 *
 * Why: docs/DECISIONS.md#beyond-a-bound-of-held-bytes-connections-are-cut-off
 */
export class HeldBytes {
  /** Connections that were cut off. */
  cutOff = 0;
  readonly #bytesMax: number;
  readonly #addresses = new Map<string, AddressAccounts>();
  #total = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get total(): number {
    return this.#total;
  }

  /** @param cutOff destroys the connection */
  open(address: string, cutOff: () => void): HeldBytesAccount {
    return new Account(address, cutOff, (account, change) => this.#add(account, change));
  }

  #add(account: Account, change: number): void {
    this.#total += change;
    let accounts = this.#addresses.get(account.address);
    if (!accounts) {
      accounts = { bytes: 0, all: new Set() };
      this.#addresses.set(account.address, accounts);
    }
    accounts.bytes += change;
    if (account.bytes > 0) accounts.all.add(account);
    else {
      accounts.all.delete(account);
      if (accounts.all.size === 0) this.#addresses.delete(account.address);
    }
    while (change > 0 && this.#total > this.#bytesMax) {
      const most = mostBytes(mostBytes(this.#addresses.values())?.all ?? []);
      if (!most) return;
      this.cutOff++;
      most.close();
      most.cutOff();
    }
  }
}

interface AddressAccounts {
  bytes: number;
  readonly all: Set<Account>;
}

class Account implements HeldBytesAccount {
  address: string;
  bytes = 0;
  readonly cutOff: () => void;
  readonly #onChange: (account: Account, change: number) => void;
  #closed = false;

  constructor(address: string, cutOff: () => void, onChange: (account: Account, change: number) => void) {
    this.address = address;
    this.cutOff = cutOff;
    this.#onChange = onChange;
  }

  set(bytes: number): void {
    const change = bytes - this.bytes;
    if (change === 0 || this.#closed) return;
    this.bytes = bytes;
    this.#onChange(this, change);
  }

  setAddress(address: string): void {
    if (address === this.address) return;
    const { bytes } = this;
    this.set(0);
    this.address = address;
    this.set(bytes);
  }

  close(): void {
    this.set(0);
    this.#closed = true;
  }
}

function mostBytes<Holder extends { readonly bytes: number }>(holders: Iterable<Holder>): Holder | undefined {
  let most: Holder | undefined;
  for (const holder of holders) if (!most || holder.bytes > most.bytes) most = holder;
  return most;
}
