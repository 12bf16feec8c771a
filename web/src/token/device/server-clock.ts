import { type ClockOffset, narrowed, offsetMs, offsetOf } from '../server/clock-offset.ts';
import type { DeviceStorage } from './storage.ts';

export interface ServerClockOptions {
  readonly storage: DeviceStorage;
  readonly now: () => number;
  readonly origin?: string;
}

/** Estimates the server's time: the device's clock, corrected by the `Date` of the server's answers. */
export class ServerClock {
  readonly #options: ServerClockOptions;
  /** Undefined until the server has answered once, on any day. */
  offset: ClockOffset | undefined;

  constructor(options: ServerClockOptions) {
    this.#options = options;
  }

  async restore(): Promise<void> {
    this.offset = await this.#options.storage.read('offset');
  }

  /** Returns the estimated server time. Unit: ms since 1970; never before it, where no code can be computed */
  now(): number {
    return Math.max(0, this.#options.now() + offsetMs(this.offset));
  }

  /** Asks the server for its time. Keeps the previous estimate if no answer comes. */
  async measure(): Promise<void> {
    const { storage, now, origin = '' } = this.#options;
    const sentAtMs = now();
    try {
      const response = await fetch(`${origin}/healthz`, { cache: 'no-store', redirect: 'error' });
      await response.text();
      const seen = offsetOf(response.headers.get('date'), sentAtMs, now());
      if (!seen) return;
      this.offset = narrowed(this.offset, seen);
      await storage.write('offset', this.offset);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}
