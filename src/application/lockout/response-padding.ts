import { setTimeout } from 'node:timers/promises';

/** What the padding measures and waits by: in production `performance.now` and a timer. */
export interface Stopwatch {
  now(): number;
  wait(ms: number): Promise<unknown>;
}

/**
 * Answers refusals at fixed times after their request. Otherwise the duration of a refusal would tell whether the user exists
 * or is locked: one without an entry, or without a hash, takes less.
 */
export class ResponsePadding {
  readonly #stopwatch: Stopwatch;

  constructor(stopwatch: Stopwatch = { now: () => performance.now(), wait: (ms) => setTimeout(ms) }) {
    this.#stopwatch = stopwatch;
  }

  now(): number {
    return this.#stopwatch.now();
  }

  /** Waits until a multiple of `intervalMs` has passed since `startedAt` (ms of `now`). */
  async pad(startedAt: number, intervalMs: number): Promise<void> {
    const elapsed = this.#stopwatch.now() - startedAt;
    await this.#stopwatch.wait(Math.max(1, Math.ceil(elapsed / intervalMs)) * intervalMs - elapsed);
  }
}
