import { setTimeout as delay } from 'node:timers/promises';

/** Only a test that fails waits so long: a busy machine must not fail one. */
const WAIT_TIME_MAX_MS = 60_000;
const LOOK_EVERY_MS = 5;

export interface WaitOptions {
  /** What is waited for, where the condition's own text does not say it. */
  readonly what?: string;
  readonly timeMs?: number;
  readonly everyMs?: number;
  /** Closes the error: what a process has said so far. */
  readonly said?: () => unknown;
}

/**
 * Waits until the condition gives something other than `false`, `undefined` or `null`; what it throws ends the wait.
 * @returns what the condition gave
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  options: WaitOptions = {},
): Promise<Exclude<Value, false | undefined | null>> {
  const deadline = deadlineOf(options);
  for (;;) {
    const found = await condition();
    if (found !== false && found !== undefined && found !== null) return found as never;
    if (performance.now() > deadline) throw tooLate(condition, options);
    await delay(options.everyMs ?? LOOK_EVERY_MS);
  }
}

/** Repeats the attempt until it does not throw. @returns what it gave @throws its last error when the time is over */
export async function eventually<Value>(
  attempt: () => Value | Promise<Value>,
  options: WaitOptions = {},
): Promise<Value> {
  const deadline = deadlineOf(options);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw tooLate(attempt, options, error);
      await delay(options.everyMs ?? LOOK_EVERY_MS);
    }
  }
}

function deadlineOf({ timeMs = WAIT_TIME_MAX_MS }: WaitOptions): number {
  return performance.now() + timeMs;
}

function tooLate(
  awaited: () => unknown,
  { what = String(awaited), timeMs = WAIT_TIME_MAX_MS, said }: WaitOptions,
  cause?: unknown,
): Error {
  return new Error(`not in ${timeMs} ms: ${what}${said ? `\n${said()}` : ''}`, { cause });
}
