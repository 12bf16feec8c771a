import { isRefusal } from '../../domain/errors.ts';
import type { Target } from '../target.ts';

const INTERVAL_MS = 250;

/** Samples the server's memory through its operator's socket. */
export class MemoryWatch {
  readonly #target: Target;
  readonly #firstBytes: number;
  #peakBytes: number;
  readonly #timer: NodeJS.Timeout;

  private constructor(target: Target, firstBytes: number) {
    this.#target = target;
    this.#firstBytes = this.#peakBytes = firstBytes;
    this.#timer = setInterval(() => {
      this.#look().catch(() => clearInterval(this.#timer));
    }, INTERVAL_MS);
  }

  /** @throws StoreUnavailable */
  static async start(target: Target): Promise<MemoryWatch> {
    return new MemoryWatch(target, await memoryBytesOf(target));
  }

  /** @throws StoreUnavailable when the server has gone */
  async stop(): Promise<{ readonly growthBytes: number; readonly peakBytes: number }> {
    clearInterval(this.#timer);
    await this.#look();
    return { growthBytes: this.#peakBytes - this.#firstBytes, peakBytes: this.#peakBytes };
  }

  async #look(): Promise<void> {
    this.#peakBytes = Math.max(this.#peakBytes, await memoryBytesOf(this.#target));
  }
}

async function memoryBytesOf(target: Target): Promise<number> {
  const status = await target.operate('status', {});
  return isRefusal(status) ? 0 : status.memory_bytes;
}
