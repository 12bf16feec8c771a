import { LIMITS } from '../../limits.ts';
import type { HeldLease, Leases } from '../../ports/lease.ts';

export interface LeaseHolderOptions {
  readonly name: string;
  /** Names this process to whoever asks who holds the lease. */
  readonly holder: string;
  readonly durationMs?: number;
}

/**
 * Takes a lease and keeps it. A worker calls `hold` before each piece of work, and does it under the lease's fencing number:
 * work that takes longer than the lease lasts is refused by the store once another process has the lease.
 */
export class LeaseHolder {
  readonly #leases: Leases;
  readonly #name: string;
  readonly #holder: string;
  readonly #durationMs: number;
  #lease: HeldLease | undefined;
  /** When it was taken or renewed last (performance.now, ms). */
  #since = 0;

  constructor(leases: Leases, { name, holder, durationMs = LIMITS.leaseMs }: LeaseHolderOptions) {
    this.#leases = leases;
    this.#name = name;
    this.#holder = holder;
    this.#durationMs = durationMs;
  }

  /** Whether this process held the lease when it asked last. */
  get isHeld(): boolean {
    return this.#lease !== undefined;
  }

  /**
   * Takes the lease, or renews it once a third of its time is over.
   * @returns undefined while another process holds it
   * @throws StoreUnavailable when the database cannot answer
   */
  async hold(): Promise<HeldLease | undefined> {
    // Before the request: the lease ends that much after it at the earliest.
    const now = performance.now();
    if (this.#lease) {
      if (now - this.#since < this.#durationMs / 3) return this.#lease;
      if (await this.#leases.renew(this.#lease, this.#durationMs)) {
        this.#since = now;
        return this.#lease;
      }
      this.#lease = undefined;
    }
    const request = { name: this.#name, holder: this.#holder, durationMs: this.#durationMs };
    this.#lease = (await this.#leases.take(request)).lease;
    this.#since = now;
    return this.#lease;
  }

  /** Forgets a lease that the store said is another's. */
  lost(): void {
    this.#lease = undefined;
  }

  /** Ends the lease, so that another process need not wait. */
  async release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease) await this.#leases.release(lease);
  }
}
