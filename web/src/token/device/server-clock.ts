import { type ClockOffset, narrowed, offsetMs, offsetOf } from '../server/clock-offset.ts';
import type { DeviceStorage } from './storage.ts';

export interface ServerClockOptions {
  readonly storage: DeviceStorage;
  readonly now: () => number;
  readonly origin?: string;
}

/** The server's time as this device knows it: its own, corrected by what the server's answers said. */
export class ServerClock {
  readonly #options: ServerClockOptions;
  /** Undefined until the server has answered once, on this or an earlier day. */
  offset: ClockOffset | undefined;

  constructor(options: ServerClockOptions) {
    this.#options = options;
  }

  async restore(): Promise<void> {
    this.offset = await this.#options.storage.read('offset');
  }

  /** ms since 1970 */
  now(): number {
    return this.#options.now() + offsetMs(this.offset);
  }

  /** Asks the server. Without an answer what was known stands. */
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
