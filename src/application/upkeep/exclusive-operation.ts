import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Context } from '../context.ts';

const running = new WeakMap<Context, string>();

/**
 * Runs it unless another of its kind runs: a backup holds the database and the keys as of one moment, and a rotation
 * in between would leave them apart.
 */
export async function runExclusively<Result>(
  context: Context,
  name: string,
  run: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const other = running.get(context);
  if (other !== undefined) return refuse('busy', { detail: `${other} is running`, retryAfterMs: 1_000 });
  running.set(context, name);
  try {
    return await run();
  } finally {
    running.delete(context);
  }
}
