import { LIMITS } from '../../limits.ts';
import type { ServiceKey, ServiceKeyUse, Store } from '../../ports/store.ts';

/** Beyond this many keys that wait to be recorded, uses are forgotten: who has so many keys asks again. */
const WAITING_MAX = 1_024;

/** Whether the last use that the store knows is so recent that another needs no record. */
export function isRecent({ lastUsedAt }: ServiceKey, at: number): boolean {
  return lastUsedAt !== undefined && at - lastUsedAt < LIMITS.serviceKeyUseGrainMs;
}

/**
 * Gathers which keys of services were used, to record them behind. What a process that dies had gathered is lost, and
 * `lastUsedAt` stays that much older.
 */
export class ServiceKeyUses {
  readonly #store: Pick<Store, 'recordServiceKeyUses'>;
  #waiting = new Map<string, ServiceKeyUse>();

  constructor(store: Pick<Store, 'recordServiceKeyUses'>) {
    this.#store = store;
  }

  note(use: ServiceKeyUse): void {
    if (this.#waiting.has(use.hash) || this.#waiting.size < WAITING_MAX) this.#waiting.set(use.hash, use);
  }

  /** Records what has been gathered. What the store does not take waits for the next time. */
  async flush(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const uses = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#store.recordServiceKeyUses([...uses.values()]);
    } catch (error) {
      for (const [hash, use] of uses) if (!this.#waiting.has(hash)) this.#waiting.set(hash, use);
      throw error;
    }
  }
}
