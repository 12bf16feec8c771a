import { setTimeout } from 'node:timers/promises';

/**
 * Waits until a multiple of a fixed time since `startedAt` (`performance.now()`): writing an entry about a user who
 * exists takes longer than writing none about one who does not, and must not show.
 */
export async function padResponseTime(startedAt: number, gridMs: number): Promise<void> {
  const elapsed = performance.now() - startedAt;
  await setTimeout(Math.ceil(elapsed / gridMs) * gridMs - elapsed);
}
