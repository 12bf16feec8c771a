import { setTimeout } from 'node:timers/promises';

/**
 * Waits until a multiple of `intervalMs` has passed since `startedAt` (ms of `performance.now()`). Otherwise the duration of
 * a refusal would tell whether the user exists, because only an existing one gets an entry.
 */
export async function padResponseTime(startedAt: number, intervalMs: number): Promise<void> {
  const elapsed = performance.now() - startedAt;
  await setTimeout(Math.ceil(elapsed / intervalMs) * intervalMs - elapsed);
}
